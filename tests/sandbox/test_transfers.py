import json
from typing import Any

import pytest

from sandbox.city import Person
from sandbox.wechat_pay.bills import close_overdue, finish_cancelling
from sandbox.world import World
from tests.sandbox.conftest import APPID, MCHID, later
from tests.sandbox.peers import Merchant

BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
NUMBER = "T20261122ABC"


class TestTransfer:
    async def test_the_payee_confirms_and_has_the_money(
        self, merchant: Merchant, world: World, li: Person
    ) -> None:
        bill = await transfer(merchant, world, li)

        answers = [await confirm(merchant, li, bill["package_info"]) for _ in range(2)]

        assert answers == ["requestMerchantTransfer:ok"] * 2
        told = (await merchant.call("GET", f"{BILLS}/out-bill-no/{NUMBER}")).json()
        assert (told["state"], told["transfer_amount"]) == ("SUCCESS", 10000)
        assert "package_info" not in told
        assert world.book.rows("SELECT balance_fen FROM wallets WHERE person = 'li-qiang'") == [
            {"balance_fen": 0},
            {"balance_fen": 10500},
        ]

    async def test_the_notice_holds_the_documented_fields(
        self, merchant: Merchant, world: World, li: Person
    ) -> None:
        bill = await transfer(merchant, world, li)
        await confirm(merchant, li, bill["package_info"])

        row = world.book.rows("SELECT * FROM callbacks")[0]
        notice = merchant.opened(json.loads(row["body"]))

        assert row["event_type"] == "MCHTRANSFER.BILL.FINISHED"
        assert notice.keys() == {
            *("out_bill_no", "transfer_bill_no", "state", "mch_id", "transfer_amount"),
            *("openid", "create_time", "update_time"),
        }
        assert notice["state"] == "SUCCESS"

    async def test_asked_again_it_is_the_same_bill(
        self, merchant: Merchant, world: World, li: Person
    ) -> None:
        first, again = await transfer(merchant, world, li), await transfer(merchant, world, li)

        other = await transfer(merchant, world, li, transfer_amount=10001)

        assert first == again
        assert other["code"] == "ALREADY_EXISTS"

    async def test_a_wrong_name_fails_and_the_money_stays(
        self, merchant: Merchant, world: World, li: Person
    ) -> None:
        """E13: account mismatch."""
        bill = await transfer(merchant, world, li, user_name=merchant.sealed("李弱"))

        assert (bill["state"], bill["fail_reason"]) == ("FAIL", "NAME_NOT_CORRECT")
        assert "package_info" not in bill
        balance = "SELECT balance_fen FROM merchants WHERE merchant = ?"
        assert world.book.row(balance, MCHID) == world.book.row(balance, "1900000002")

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"user_name": "李强"}, "PARAM_ERROR"),
            ({"user_name": "", "transfer_amount": 200000}, "PARAM_ERROR"),
            ({"transfer_scene_id": "1000"}, "INVALID_REQUEST"),
            ({"transfer_scene_report_infos": []}, "PARAM_ERROR"),
            (
                {"transfer_scene_report_infos": [{"info_type": "活动", "info_content": "a"}]},
                "PARAM_ERROR",
            ),
            ({"transfer_remark": "字" * 33}, "PARAM_ERROR"),
            ({"user_recv_perception": "红包"}, "INVALID_REQUEST"),
            ({"user_recv_style": {"type": "ENVELOPE"}}, "PARAM_ERROR"),
            ({"openid": "nobody"}, "PARAM_ERROR"),
            ({"appid": "wxother"}, "INVALID_REQUEST"),
            ({"out_bill_no": "T-1"}, "PARAM_ERROR"),
            ({"notify_url": "http://city.test/callbacks"}, "PARAM_ERROR"),
            ({"transfer_amount": 10**11}, "NOT_ENOUGH"),
        ],
    )
    async def test_a_wrong_field_is_refused(
        self, merchant: Merchant, world: World, li: Person, changed: dict[str, Any], code: str
    ) -> None:
        assert (await transfer(merchant, world, li, **changed))["code"] == code
        assert world.book.rows("SELECT * FROM wechat_pay_transfers") == []

    async def test_somebody_else_cannot_confirm_it(
        self, merchant: Merchant, world: World, li: Person, wang: Person
    ) -> None:
        bill = await transfer(merchant, world, li)

        assert "fail" in await confirm(merchant, wang, bill["package_info"])

    async def test_after_a_day_it_fails_by_itself(
        self, merchant: Merchant, world: World, li: Person
    ) -> None:
        bill = await transfer(merchant, world, li)
        later(world, hours=24, seconds=1)

        assert "fail" in await confirm(merchant, li, bill["package_info"])
        close_overdue(world)
        row = world.book.rows("SELECT state, fail_reason FROM wechat_pay_transfers")[0]
        assert row == {"state": "FAIL", "fail_reason": "OVERDUE_CLOSE"}
        assert len(world.book.rows("SELECT * FROM callbacks")) == 1

    async def test_it_can_be_cancelled_before_it_is_confirmed(
        self, merchant: Merchant, world: World, li: Person
    ) -> None:
        bill = await transfer(merchant, world, li)
        cancelled = await merchant.call("POST", f"{BILLS}/out-bill-no/{NUMBER}/cancel")
        finish_cancelling(world)

        path = f"{BILLS}/transfer-bill-no/{bill['transfer_bill_no']}"
        assert cancelled.json()["state"] == "CANCELING"
        assert (await merchant.call("GET", path)).json()["state"] == "CANCELLED"
        assert "fail" in await confirm(merchant, li, bill["package_info"])

    async def test_an_unknown_one_is_not_found(self, merchant: Merchant) -> None:
        reply = await merchant.call("GET", f"{BILLS}/out-bill-no/NONE")

        assert (reply.status_code, reply.json()["code"]) == (404, "NOT_FOUND")


class TestCourses:
    """A bill is not always waiting for its payee at once, and not always there at once."""

    async def test_what_is_queued_is_confirmed_with_the_package_that_asking_again_brings(
        self, merchant: Merchant, world: World, li: Person
    ) -> None:
        await course(merchant, queued_seconds=60)
        first = await transfer(merchant, world, li)
        later(world, seconds=31)
        halfway = await queried(merchant)
        later(world, seconds=30)
        waiting = await queried(merchant)
        again = await transfer(merchant, world, li)

        states = [bill["state"] for bill in (first, halfway, waiting, again)]
        assert states == ["ACCEPTED", "PROCESSING", "WAIT_USER_CONFIRM", "WAIT_USER_CONFIRM"]
        assert "package_info" not in first | halfway | waiting
        assert await confirm(merchant, li, again["package_info"]) == "requestMerchantTransfer:ok"

    async def test_what_is_confirmed_may_be_on_its_way_for_a_while(
        self, merchant: Merchant, world: World, li: Person
    ) -> None:
        await course(merchant, arriving_seconds=60)
        bill = await transfer(merchant, world, li)

        answers = [await confirm(merchant, li, bill["package_info"]) for _ in range(2)]
        on_its_way = (await queried(merchant))["state"]
        late = await merchant.call("POST", f"{BILLS}/out-bill-no/{NUMBER}/cancel")
        later(world, seconds=61)

        assert answers == ["requestMerchantTransfer:ok"] * 2
        assert (on_its_way, late.json()["code"]) == ("TRANSFERING", "INVALID_REQUEST")
        assert (await queried(merchant))["state"] == "SUCCESS"
        wallet = "SELECT balance_fen FROM wallets WHERE person = ? AND wallet = 'wechat'"
        assert world.book.row(wallet, li.key) == {"balance_fen": 10500}

    async def test_it_may_fail_after_it_was_confirmed_and_the_merchant_has_its_money_again(
        self, merchant: Merchant, world: World, li: Person
    ) -> None:
        """E13: the payee's account cannot take it."""
        await course(merchant, fail_reason="PAYEE_ACCOUNT_ABNORMAL")
        bill = await transfer(merchant, world, li)

        await confirm(merchant, li, bill["package_info"])
        failed = await queried(merchant)

        assert (failed["state"], failed["fail_reason"]) == ("FAIL", "PAYEE_ACCOUNT_ABNORMAL")
        balance = "SELECT balance_fen FROM merchants WHERE merchant = ?"
        assert world.book.row(balance, MCHID) == world.book.row(balance, "1900000002")
        assert len(world.book.rows("SELECT * FROM callbacks")) == 1

    async def test_what_is_queued_can_be_cancelled(
        self, merchant: Merchant, world: World, li: Person
    ) -> None:
        await course(merchant, queued_seconds=60)
        await transfer(merchant, world, li)

        await merchant.call("POST", f"{BILLS}/out-bill-no/{NUMBER}/cancel")
        finish_cancelling(world)
        later(world, seconds=61)

        assert (await queried(merchant))["state"] == "CANCELLED"


async def course(merchant: Merchant, **asked: Any) -> None:
    url = "/control/wechat-pay/transfer-courses"
    (await merchant.http.post(url, json={"number": "*"} | asked)).raise_for_status()


async def queried(merchant: Merchant) -> dict[str, Any]:
    return dict((await merchant.call("GET", f"{BILLS}/out-bill-no/{NUMBER}")).json())


async def transfer(
    merchant: Merchant, world: World, person: Person, **changed: Any
) -> dict[str, Any]:
    asked = {
        "appid": APPID,
        "out_bill_no": NUMBER,
        "transfer_scene_id": "1002",
        "openid": world.identities.openid(person, APPID),
        "user_name": merchant.sealed(person.name),
        "transfer_amount": 10000,
        "transfer_remark": "高龄津贴",
        "notify_url": "https://city.test/callbacks/wechat-pay/1900000001",
        "user_recv_perception": "行政补贴",
        "transfer_scene_report_infos": [{"info_type": "补贴类型", "info_content": "高龄津贴"}],
    }
    return dict((await merchant.call("POST", BILLS, asked | changed)).json())


async def confirm(merchant: Merchant, person: Person, package: str) -> str:
    page = {"mchId": MCHID, "appId": APPID, "package": package}
    url = f"/phone/{person.key}/wechat/confirm-transfer"
    return str((await merchant.http.post(url, json=page)).json()["errMsg"])
