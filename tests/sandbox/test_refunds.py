"""Refunds: partial, once per number, never more than was paid; how they end and are announced."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine

from sandbox.city import Person
from sandbox.world import World
from tests.sandbox.conftest import MCHID
from tests.sandbox.peers import Merchant
from tests.sandbox.test_courier import courier, listening
from tests.sandbox.test_wechat_pay import BY_NUMBER, NUMBER, pay, prepaid

REFUNDS = "/v3/refund/domestic/refunds"
PAID_FEN = 8000


@pytest.fixture
async def paid(merchant: Merchant, world: World, wang: Person) -> None:
    """An order of 80.00 yuan that is paid, and minutes that take no time."""
    await pay(merchant, wang, await prepaid(merchant, world, wang))
    world.time_scale = 10_000


@pytest.mark.usefixtures("paid")
class TestAsking:
    async def test_parts_go_back_until_nothing_is_left(
        self, merchant: Merchant, world: World
    ) -> None:
        answers = [await ask(merchant, f"R{part}", fen) for part, fen in enumerate((3000, 5000, 1))]

        assert [reply.status_code for reply in answers] == [200, 200, 400]
        assert answers[2].json()["code"] == "INVALID_REQUEST"
        assert answers[0].json()["status"] == "PROCESSING"
        assert answers[0].json()["amount"]["payer_refund"] == 3000
        await ended(merchant, "R0", "R1")
        assert balances(world) == (100000, 10_000_000_00)

    async def test_a_number_is_refunded_once_and_means_one_thing(
        self, merchant: Merchant, world: World
    ) -> None:
        first = (await ask(merchant, "R-1|*@", 3000)).json()
        again = (await ask(merchant, "R-1|*@", 3000)).json()
        other = await ask(merchant, "R-1|*@", 3001)

        assert first["refund_id"] == again["refund_id"]
        assert (other.status_code, other.json()["code"]) == (400, "INVALID_REQUEST")
        found = await merchant.call("GET", f"{REFUNDS}/R-1%7C%2A%40")
        assert found.json()["refund_id"] == first["refund_id"]
        assert len(refunds(world)) == 1

    async def test_twenty_at_once_give_back_no_more_than_was_paid(
        self, merchant: Merchant, world: World
    ) -> None:
        """B16, from the other side."""
        world.time_scale = 1e9
        answers = await asyncio.gather(*(ask(merchant, f"R{n}", 1000) for n in range(20)))

        assert sorted(reply.status_code for reply in answers) == [200] * 8 + [400] * 12
        assert sum(row["amount_fen"] for row in refunds(world)) == PAID_FEN

    async def test_two_of_one_order_are_a_minute_apart(
        self, merchant: Merchant, world: World
    ) -> None:
        world.time_scale = 1
        await ask(merchant, "R1", 1)
        soon = await ask(merchant, "R2", 1)
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61)):
            patient = await ask(merchant, "R2", 1)

        assert (soon.status_code, soon.json()["code"]) == (429, "FREQUENCY_LIMITED")
        assert patient.status_code == 200

    async def test_fifty_are_enough(self, merchant: Merchant, world: World) -> None:
        world.time_scale = 1e9

        answers = [await ask(merchant, f"R{n}", 1) for n in range(51)]

        assert [reply.status_code for reply in answers] == [200] * 50 + [400]

    async def test_not_enough_leaves_nothing_behind(self, merchant: Merchant, world: World) -> None:
        asked = {"mchid": MCHID, "amount_fen": 10_000_000_00 + 1}
        await merchant.http.post("/control/wechat-pay/withdrawals", json=asked)
        poor = await ask(merchant, "R1", PAID_FEN)
        smaller = await ask(merchant, "R1", PAID_FEN - 1)

        assert (poor.status_code, poor.json()["code"]) == (403, "NOT_ENOUGH")
        assert smaller.status_code == 200

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"out_trade_no": "F20261122NONE"}, "RESOURCE_NOT_EXISTS"),
            ({"out_trade_no": ""}, "PARAM_ERROR"),
            ({"transaction_id": "4200000000"}, "RESOURCE_NOT_EXISTS"),
            ({"out_refund_no": "R 1"}, "PARAM_ERROR"),
            ({"amount": {"refund": 0, "total": 8000, "currency": "CNY"}}, "PARAM_ERROR"),
            ({"amount": {"refund": -1, "total": 8000, "currency": "CNY"}}, "PARAM_ERROR"),
            ({"amount": {"refund": 1, "total": 7999, "currency": "CNY"}}, "INVALID_REQUEST"),
            ({"amount": {"refund": 1, "total": 8000, "currency": "USD"}}, "PARAM_ERROR"),
            ({"amount": {"refund": 1, "total": 8000}}, "PARAM_ERROR"),
            ({"reason": "字" * 81}, "PARAM_ERROR"),
            ({"notify_url": "https://city.test/refunds?a=1"}, "PARAM_ERROR"),
            ({"invented": "field"}, "PARAM_ERROR"),
        ],
    )
    async def test_a_wrong_field_is_refused(
        self, merchant: Merchant, world: World, changed: dict[str, Any], code: str
    ) -> None:
        reply = await ask(merchant, "R1", 1000, **changed)

        assert reply.json()["code"] == code
        assert refunds(world) == []

    async def test_after_a_year_it_is_too_late(self, merchant: Merchant) -> None:
        with time_machine.travel(datetime.now(UTC) + timedelta(days=366)):
            reply = await ask(merchant, "R1", 1000)

        assert reply.json()["code"] == "INVALID_REQUEST"

    async def test_the_order_says_that_it_is_being_refunded(self, merchant: Merchant) -> None:
        await ask(merchant, "R1", 1)

        order = (await merchant.call("GET", f"{BY_NUMBER}/{NUMBER}?mchid={MCHID}")).json()

        assert (order["trade_state"], order["amount"]["total"]) == ("REFUND", PAID_FEN)


class TestUnpaid:
    async def test_what_was_never_paid_does_not_go_back(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        await prepaid(merchant, world, wang)

        assert (await ask(merchant, "R1", 1000)).json()["code"] == "INVALID_REQUEST"


@pytest.mark.usefixtures("paid")
class TestEnding:
    async def test_it_is_a_while_in_progress_and_then_announced(
        self, merchant: Merchant, world: World
    ) -> None:
        world.time_scale = 1
        heard: list[httpx.Request] = []
        post = courier(world, listening(heard, httpx.Response(204)))
        await ask(merchant, "R1", 3000)
        await post.deliver_due()
        before = (await merchant.call("GET", f"{REFUNDS}/R1")).json()
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5, seconds=1)):
            after = (await merchant.call("GET", f"{REFUNDS}/R1")).json()
            await post.deliver_due()

        assert (before["status"], after["status"]) == ("PROCESSING", "SUCCESS")
        assert "success_time" not in before
        notice = json.loads(heard[-1].content)
        told = merchant.opened(notice)
        assert notice["event_type"] == "REFUND.SUCCESS"
        assert notice["resource"]["original_type"] == "refund"
        assert (told["refund_status"], told["out_refund_no"]) == ("SUCCESS", "R1")
        assert told["success_time"] == after["success_time"]
        assert told["amount"] == {
            "total": 8000,
            "refund": 3000,
            "payer_total": 8000,
            "payer_refund": 3000,
        }

    @pytest.mark.parametrize(
        ("ending", "wallet", "merchant_more"),
        [("SUCCESS", 95000, 5000), ("ABNORMAL", 92000, 5000), ("CLOSED", 92000, 8000)],
    )
    async def test_the_money_is_where_the_ending_says(
        self, merchant: Merchant, world: World, ending: str, wallet: int, merchant_more: int
    ) -> None:
        wish = {"number": "R1", "ending": ending}
        await merchant.http.post("/control/wechat-pay/refund-endings", json=wish)
        await ask(merchant, "R1", 3000)

        assert await ended(merchant, "R1") == [ending]
        assert balances(world) == (wallet, 10_000_000_00 + merchant_more)
        types = [row["event_type"] for row in world.book.rows("SELECT * FROM callbacks")]
        assert types == ["TRANSACTION.SUCCESS", f"REFUND.{ending}"]

    async def test_one_may_stay_unsettled_until_another_end_is_asked_for(
        self, merchant: Merchant, world: World
    ) -> None:
        """B17: accepted, but slow. Until it has ended nobody is told and the payer has nothing."""
        wish = {"number": "R1", "ending": "PROCESSING"}
        await merchant.http.post("/control/wechat-pay/refund-endings", json=wish)
        await ask(merchant, "R1", 3000)

        unsettled = await ended(merchant, "R1"), balances(world)
        told = [row["event_type"] for row in world.book.rows("SELECT * FROM callbacks")]
        wish["ending"] = "SUCCESS"
        await merchant.http.post("/control/wechat-pay/refund-endings", json=wish)

        assert unsettled == (["PROCESSING"], (92000, 10_000_000_00 + 5000))
        assert told == ["TRANSACTION.SUCCESS"]
        assert await ended(merchant, "R1") == ["SUCCESS"]

    async def test_a_closed_one_frees_its_part_for_another_number(self, merchant: Merchant) -> None:
        wish = {"number": "R1", "ending": "CLOSED"}
        await merchant.http.post("/control/wechat-pay/refund-endings", json=wish)
        await ask(merchant, "R1", PAID_FEN)
        await ended(merchant, "R1")

        assert (await ask(merchant, "R2", PAID_FEN)).status_code == 200

    @pytest.mark.parametrize(
        ("to", "name", "ending"),
        [
            ("MERCHANT_BANK_CARD", "", "SUCCESS"),
            ("USER_BANK_CARD", "王桂兰", "SUCCESS"),
            ("USER_BANK_CARD", "李强", "ABNORMAL"),
        ],
    )
    async def test_an_abnormal_one_is_sent_to_a_card(
        self, merchant: Merchant, world: World, to: str, name: str, ending: str
    ) -> None:
        refund_id = await abnormal(merchant)
        card = {"bank_type": "ICBC_DEBIT", "bank_account": merchant.sealed("6222000000001234")}
        given = card | {"real_name": merchant.sealed(name)} if name else {}

        path = f"{REFUNDS}/{refund_id}/apply-abnormal-refund"
        reply = await merchant.call("POST", path, {"out_refund_no": "R1", "type": to} | given)

        assert reply.json()["status"] == "PROCESSING"
        assert await ended(merchant, "R1") == [ending]
        assert balances(world)[0] == 92000

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"type": "USER_BANK_CARD"}, "PARAM_ERROR"),
            ({"type": "USER_BANK_CARD", "bank_account": "plain"}, "PARAM_ERROR"),
            ({"out_refund_no": "R2"}, "RESOURCE_NOT_EXISTS"),
        ],
    )
    async def test_it_is_not_sent_to_a_card_that_is_not_named_as_it_must_be(
        self, merchant: Merchant, changed: dict[str, str], code: str
    ) -> None:
        refund_id = await abnormal(merchant)
        card = {"bank_type": "ICBC_DEBIT", "real_name": "plain"} if len(changed) > 1 else {}
        asked = {"out_refund_no": "R1", "type": "MERCHANT_BANK_CARD"} | card | changed

        path = f"{REFUNDS}/{refund_id}/apply-abnormal-refund"
        reply = await merchant.call("POST", path, asked)

        assert reply.json()["code"] == code


async def abnormal(merchant: Merchant) -> str:
    wish = {"number": "*", "ending": "ABNORMAL"}
    await merchant.http.post("/control/wechat-pay/refund-endings", json=wish)
    refund_id = (await ask(merchant, "R1", 3000)).json()["refund_id"]
    await ended(merchant, "R1")
    return str(refund_id)


async def ask(merchant: Merchant, number: str, fen: int, **changed: Any) -> httpx.Response:
    asked = {
        "out_trade_no": NUMBER,
        "out_refund_no": number,
        "reason": "重复缴费",
        "notify_url": "https://city.test/callbacks/wechat-pay/1900000001",
        "amount": {"refund": fen, "total": PAID_FEN, "currency": "CNY"},
    }
    reply = await merchant.call("POST", REFUNDS, asked | changed)
    await asyncio.sleep(0.01)  # the minute between two, as these worlds are scaled
    return reply


async def ended(merchant: Merchant, *numbers: str) -> list[str]:
    """How the refunds of these numbers stand after the time that they take."""
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        replies = [await merchant.call("GET", f"{REFUNDS}/{number}") for number in numbers]
    return [reply.json()["status"] for reply in replies]


def refunds(world: World) -> list[dict[str, Any]]:
    return world.book.rows("SELECT * FROM wechat_pay_refunds")


def balances(world: World) -> tuple[int, int]:
    """What the payer and the merchant have."""
    wallet = world.book.rows(
        "SELECT balance_fen FROM wallets WHERE person = 'wang-guilan' AND wallet = 'wechat'"
    )
    merchant = world.book.rows("SELECT balance_fen FROM merchants WHERE merchant = ?", MCHID)
    return wallet[0]["balance_fen"], merchant[0]["balance_fen"]
