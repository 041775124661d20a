"""Money that goes back: once for a request number, never more than came."""

from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from sandbox.city import Person
from sandbox.world import World
from tests.sandbox.conftest import later
from tests.sandbox.peers import AlipayClient
from tests.sandbox.test_alipay import TRADE, create, pay
from tests.sandbox.test_courier import courier, listening

REFUND = "alipay.trade.refund"
REFUND_QUERY = "alipay.trade.fastpay.refund.query"
NUMBER = {"out_trade_no": TRADE["out_trade_no"]}


@pytest.fixture
async def paid(alipay: AlipayClient, world: World, wang: Person) -> AlipayClient:
    """The application, once 80 yuan were paid."""
    made = await create(alipay, world, wang)
    assert await pay(alipay, wang, made["trade_no"]) == "9000"
    return alipay


class TestRefund:
    async def test_parts_go_back_and_the_total_is_told(self, paid: AlipayClient) -> None:
        first = await refund(paid, "R1", "30.00")
        second = await refund(paid, "R2", "50.00", query_options=["refund_detail_item_list"])

        told = await paid.call("alipay.trade.query", NUMBER)
        assert (first["fund_change"], first["refund_fee"]) == ("Y", "30.00")
        assert (second["refund_fee"], second["send_back_fee"]) == ("80.00", "50.00")
        assert second["refund_detail_item_list"][0]["amount"] == "50.00"
        assert (told["trade_status"], "send_pay_date" in told) == ("TRADE_CLOSED", True)
        assert await balances(paid) == (50000, 10_000_000_00)

    async def test_the_same_request_changes_no_funds_and_another_amount_is_refused(
        self, paid: AlipayClient
    ) -> None:
        await refund(paid, "R1", "30.00")

        again, other = await refund(paid, "R1", "30.00"), await refund(paid, "R1", "30.01")

        assert (again["code"], again["fund_change"], again["refund_fee"]) == ("10000", "N", "30.00")
        assert other["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"
        assert await balances(paid) == (45000, 10_000_000_00 + 5000)

    async def test_no_more_goes_back_than_came(self, paid: AlipayClient) -> None:
        """B16."""
        await refund(paid, "R1", "79.99")

        over = await refund(paid, "R2", "0.02")
        part_without_number = await paid.call(REFUND, NUMBER | {"refund_amount": "0.01"})

        assert over["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
        assert part_without_number["sub_code"] == "ACQ.INVALID_PARAMETER"
        assert len(await book(paid, "alipay_refunds")) == 1

    @pytest.mark.parametrize("amount", ["0.00", "-1.00", "1.005", "1e3", "NaN", 1])
    async def test_an_amount_that_is_none_is_refused(
        self, paid: AlipayClient, amount: object
    ) -> None:
        assert (await refund(paid, "R1", amount))["sub_code"] == "ACQ.INVALID_PARAMETER"

    async def test_what_was_not_paid_does_not_go_back(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        await create(alipay, world, wang)

        assert (await refund(alipay, "R1", "80.00"))["sub_code"] == "ACQ.TRADE_STATUS_ERROR"

    async def test_a_seller_without_money_gives_nothing_back(
        self, paid: AlipayClient, world: World
    ) -> None:
        world.book.write("UPDATE merchants SET balance_fen = 1")

        assert (await refund(paid, "R1", "80.00"))["sub_code"] == "ACQ.SELLER_BALANCE_NOT_ENOUGH"

    async def test_after_a_year_the_trade_is_finished(
        self, paid: AlipayClient, world: World
    ) -> None:
        later(world, days=366)

        assert (await refund(paid, "R1", "80.00"))["sub_code"] == "ACQ.TRADE_HAS_FINISHED"
        told = await paid.call("alipay.trade.query", NUMBER)
        assert told["trade_status"] == "TRADE_FINISHED"

    async def test_a_query_tells_of_a_refund_that_was_made_only(self, paid: AlipayClient) -> None:
        before = await paid.call(REFUND_QUERY, NUMBER | {"out_request_no": "R1"})
        await refund(paid, "R1", "30.00", refund_reason="多缴")
        after = await paid.call(
            REFUND_QUERY,
            NUMBER | {"out_request_no": "R1", "query_options": ["gmt_refund_pay"]},
        )

        assert before == {"code": "10000", "msg": "Success"}
        assert (after["refund_status"], after["refund_amount"]) == ("REFUND_SUCCESS", "30.00")
        assert (after["refund_reason"], "gmt_refund_pay" in after) == ("多缴", True)


class TestCancel:
    async def test_what_is_unpaid_is_closed(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        made = await create(alipay, world, wang)

        cancelled = [await alipay.call("alipay.trade.cancel", NUMBER) for _ in range(2)]

        assert (cancelled[0]["action"], cancelled[0]["retry_flag"]) == ("close", "N")
        assert "action" not in cancelled[1]
        assert await pay(alipay, wang, made["trade_no"]) == "4000"

    async def test_what_is_paid_goes_back(self, paid: AlipayClient) -> None:
        assert (await paid.call("alipay.trade.cancel", NUMBER))["action"] == "refund"
        assert await balances(paid) == (50000, 10_000_000_00)

    async def test_a_day_later_it_is_too_late(self, paid: AlipayClient, world: World) -> None:
        later(world, hours=25)

        refused = await paid.call("alipay.trade.cancel", NUMBER)
        assert refused["sub_code"] == "ACQ.TRADE_CANCEL_TIME_OUT"

    async def test_what_is_paid_cannot_be_closed(self, paid: AlipayClient) -> None:
        refused = await paid.call("alipay.trade.close", NUMBER)
        assert refused["sub_code"] == "ACQ.TRADE_STATUS_ERROR"


class TestNotifications:
    async def test_a_part_is_success_with_a_refund_and_the_rest_is_closed(
        self, paid: AlipayClient, world: World
    ) -> None:
        """B20: the end of a refunded trade looks like that of an unpaid one, but for its fields."""
        await refund(paid, "R1", "30.00")
        await refund(paid, "R2", "50.00")

        payment, part, rest = await heard(world)

        assert "refund_fee" not in payment
        assert (part["trade_status"], part["refund_fee"]) == ("TRADE_SUCCESS", "30.00")
        assert (part["out_biz_no"], "gmt_close" in part) == ("R1", False)
        assert (rest["trade_status"], rest["refund_fee"]) == ("TRADE_CLOSED", "80.00")
        assert (rest["out_biz_no"], "gmt_close" in rest, "gmt_refund" in rest) == ("R2", True, True)
        assert len({one["notify_id"] for one in (payment, part, rest)}) == 3

    async def test_what_nobody_paid_in_time_is_closed_without_a_refund(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        await create(alipay, world, wang, timeout_express="5m")
        later(world, minutes=6)
        await alipay.call("alipay.trade.query", NUMBER)

        [closed] = await heard(world)

        assert (closed["trade_status"], "gmt_close" in closed) == ("TRADE_CLOSED", True)
        assert not {"refund_fee", "gmt_refund", "gmt_payment"} & closed.keys()

    async def test_in_certificate_mode_it_names_the_certificate(
        self, certified: AlipayClient, world: World, wang: Person
    ) -> None:
        changed = {
            "op_app_id": certified.app_id,
            "buyer_open_id": world.identities.open_id(wang, certified.app_id),
        }
        made = await create(certified, world, wang, **changed)
        assert await pay(certified, wang, made["trade_no"]) == "9000"

        [form] = await heard(world)

        assert form["alipay_cert_sn"] == certified.alipay_cert_sn
        signature, _ = form.pop("sign"), form.pop("sign_type")
        joined = "&".join(f"{name}={form[name]}" for name in sorted(form))
        assert certified.verifies(joined, signature)


async def refund(alipay: AlipayClient, number: str, amount: object, **more: Any) -> dict[str, Any]:
    content = NUMBER | {"out_request_no": number, "refund_amount": amount} | more
    return await alipay.call(REFUND, content)


async def balances(alipay: AlipayClient) -> tuple[int, int]:
    """What the buyer has, and the seller."""
    wallet = (await alipay.http.get("/phone/wang-guilan/wallet")).json()
    seller = [
        row["balance_fen"]
        for row in await book(alipay, "merchants")
        if row["merchant"] == alipay.app["seller_id"]
    ]
    return wallet["alipay_balance_fen"], seller[0]


async def book(alipay: AlipayClient, page: str) -> list[dict[str, Any]]:
    return list((await alipay.http.get(f"/book/{page}")).json())


async def heard(world: World) -> list[dict[str, str]]:
    """The forms that our server is sent, in their order."""
    requests: list[httpx.Request] = []
    await courier(world, listening(requests, httpx.Response(200, text="success"))).deliver_due()
    forms = [dict(parse_qsl(request.content.decode())) for request in requests]
    return sorted(forms, key=lambda form: (form.get("gmt_close", ""), form.get("refund_fee", "")))
