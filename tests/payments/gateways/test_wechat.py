import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from payments.gateways import (
    GatewayFailed,
    GatewayRefused,
    NotPaid,
    Payable,
    PayState,
    Receipt,
    TransferOrder,
    TransferState,
)
from payments.gateways.wechat import WechatGateway
from payments.gateways.wechat_transfer import WechatTransfers
from tests.conftest import AT
from tests.payments.gateways import wechat
from tests.payments.gateways.wechat import KEYS, Answer, answering

NOTIFY_URL = "https://zb.test/callbacks/wechat-pay/1900019901"
PAYABLE = Payable(
    number="P20261122ABCDEFGHJKLM",
    title="不动产登记费（住宅）",
    amount_fen=8000,
    appid=KEYS.appid,
    subject="openid-1",
    expires_at=AT + timedelta(days=1),
)
PAID = {
    "mchid": KEYS.mchid,
    "appid": KEYS.appid,
    "out_trade_no": PAYABLE.number,
    "trade_state": "SUCCESS",
    "transaction_id": "4200001234",
    "success_time": "2026-11-22T10:00:00+08:00",
    "amount": {"total": 8000, "currency": "CNY"},
}
BILLS = "/prefix/v3/fund-app/mch-transfer/transfer-bills"
ORDER = TransferOrder(
    number="D20261122ABCDEFGHJKLM",
    appid=KEYS.appid,
    subject="openid-1",
    name="王桂兰",
    amount_fen=250000,
    purpose="高龄津贴",
)
BILL = {
    "out_bill_no": ORDER.number,
    "transfer_bill_no": "1330000071100999991182020050700019480001",
    "create_time": "2026-11-22T10:00:00+08:00",
    "state": "WAIT_USER_CONFIRM",
    "package_info": "package",
}


def gateway(answer: Answer) -> WechatGateway:
    return WechatGateway(wechat.api(answer), notify_url=NOTIFY_URL)


def transfers(answer: Answer) -> WechatTransfers:
    return WechatTransfers(wechat.api(answer), notify_url=NOTIFY_URL)


def noting(seen: list[httpx.Request], content: Any) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        wechat.authorization(request)
        seen.append(request)
        return answering(content)(request)

    return answer


class TestPrepare:
    async def test_sends_the_order_and_returns_a_signed_sheet(self) -> None:
        seen: list[httpx.Request] = []

        prepared = await gateway(noting(seen, {"prepay_id": "wx2014"})).prepare(PAYABLE)

        assert json.loads(seen[0].content) == {
            "appid": KEYS.appid,
            "mchid": KEYS.mchid,
            "description": "不动产登记费（住宅）",
            "out_trade_no": PAYABLE.number,
            "notify_url": NOTIFY_URL,
            "time_expire": "2026-11-23T10:00:00+08:00",
            "amount": {"total": 8000, "currency": "CNY"},
            "payer": {"openid": "openid-1"},
        }
        assert prepared.parameters["package"] == "prepay_id=wx2014"
        assert prepared.parameters["signType"] == "RSA"
        assert AT < prepared.until < AT + timedelta(hours=2)

    async def test_an_openid_of_another_app_is_refused_unsent(self) -> None:
        with pytest.raises(GatewayRefused):
            await gateway(answering({})).prepare(msgspec.structs.replace(PAYABLE, appid="wx9"))


class TestQuery:
    async def test_a_paid_order_is_a_receipt(self) -> None:
        seen: list[httpx.Request] = []

        found = await gateway(noting(seen, PAID)).query(PAYABLE.number)

        assert isinstance(found, Receipt)
        assert (found.trade_no, found.amount_fen, found.refunded) == ("4200001234", 8000, False)
        assert seen[0].url.query == b"mchid=1900019901"

    @pytest.mark.parametrize(
        ("trade_state", "state"),
        [
            ("NOTPAY", PayState.OPEN),
            ("USERPAYING", PayState.OPEN),
            ("CLOSED", PayState.CLOSED),
            ("REVOKED", PayState.CLOSED),
        ],
    )
    async def test_an_unpaid_order_says_whether_it_may_still_be(
        self, trade_state: str, state: PayState
    ) -> None:
        unpaid = {name: PAID[name] for name in ("mchid", "appid", "out_trade_no")}

        found = await gateway(answering(unpaid | {"trade_state": trade_state})).query(
            PAYABLE.number
        )

        assert isinstance(found, NotPaid)
        assert found.state is state

    async def test_an_order_with_a_refund_was_paid(self) -> None:
        found = await gateway(answering(PAID | {"trade_state": "REFUND"})).query(PAYABLE.number)

        assert isinstance(found, Receipt)
        assert found.refunded

    async def test_an_order_they_never_heard_of_is_absent(self) -> None:
        found = await gateway(answering({"code": "ORDER_NOT_EXIST"}, 404)).query(PAYABLE.number)

        assert isinstance(found, NotPaid)
        assert found.state is PayState.ABSENT

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(PAID | {"out_trade_no": "P9"}, id="another order"),
            pytest.param(PAID | {"mchid": "1900000999"}, id="another merchant"),
            pytest.param(PAID | {"appid": "wx9"}, id="another appid"),
            pytest.param(PAID | {"transaction_id": ""}, id="paid without number"),
        ],
    )
    async def test_an_answer_to_another_question_proves_nothing(
        self, content: dict[str, Any]
    ) -> None:
        with pytest.raises(GatewayFailed):
            await gateway(answering(content)).query(PAYABLE.number)


class TestTransfer:
    async def test_offers_the_money_under_the_scene_of_subsidies(self) -> None:
        seen: list[httpx.Request] = []

        found = await transfers(noting(seen, BILL)).transfer(ORDER)

        sent = json.loads(seen[0].content)
        assert (found.state, found.package) == (TransferState.WAITING_USER, "package")
        assert found.confirm_by == datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
        assert sent["transfer_scene_id"] == "1002"
        assert sent["transfer_scene_report_infos"] == [
            {"info_type": "补贴类型", "info_content": "高龄津贴"}
        ]
        assert "王桂兰" not in seen[0].content.decode()
        assert len(sent["user_name"]) > 300

    async def test_a_query_tells_the_state_and_the_amount(self) -> None:
        seen: list[httpx.Request] = []
        bill = BILL | {"mch_id": KEYS.mchid, "transfer_amount": 250000, "state": "SUCCESS"}

        found = await transfers(noting(seen, bill)).query(ORDER.number)

        assert found is not None
        assert (found.state, found.amount_fen) == (TransferState.PAID, 250000)
        assert found.confirm_by is None
        assert seen[0].url.path == f"{BILLS}/out-bill-no/{ORDER.number}"

    async def test_an_offer_that_says_nothing_of_its_time_is_still_an_offer(self) -> None:
        bill = {name: value for name, value in BILL.items() if name != "create_time"}

        found = await transfers(answering(bill)).transfer(ORDER)

        assert (found.state, found.confirm_by) == (TransferState.WAITING_USER, None)

    async def test_a_bill_they_never_heard_of_is_none(self) -> None:
        assert await transfers(answering({"code": "NOT_FOUND"}, 404)).query("D1") is None

    async def test_another_bills_answer_proves_nothing(self) -> None:
        with pytest.raises(GatewayFailed):
            await transfers(answering(BILL | {"out_bill_no": "D9"})).transfer(ORDER)

    async def test_a_mini_program_that_is_not_the_merchants_is_not_asked_for(self) -> None:
        seen: list[httpx.Request] = []
        order = msgspec.structs.replace(ORDER, appid="wx-of-somebody-else")

        with pytest.raises(GatewayRefused):
            await transfers(noting(seen, BILL)).transfer(order)

        assert seen == []
