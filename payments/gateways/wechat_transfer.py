"""WeChat merchant transfers that the payee confirms on the phone, scene 1002 行政补贴. 商家转账"""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal
from urllib.parse import quote

from msgspec import Meta, Struct

from payments.gateways import (
    Contract,
    GatewayFailed,
    GatewayRefused,
    Provider,
    Transfer,
    TransferOrder,
    TransferState,
)
from payments.gateways.wechat_api import WechatPayApi

SCENE = "1002"
_BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
_TEXT_LIMIT = 32
_CONFIRMING_LASTS = timedelta(hours=24)

_STATES = {
    "ACCEPTED": TransferState.ACCEPTED,
    "PROCESSING": TransferState.ACCEPTED,
    "WAIT_USER_CONFIRM": TransferState.WAITING_USER,
    "TRANSFERING": TransferState.ACCEPTED,
    "CANCELING": TransferState.ACCEPTED,
    "SUCCESS": TransferState.PAID,
    "FAIL": TransferState.FAILED,
    "CANCELLED": TransferState.FAILED,
}

Text = Annotated[str, Meta(min_length=1, max_length=128)]
Moment = Annotated[datetime, Meta(tz=True)]
State = Literal[
    "ACCEPTED",
    "PROCESSING",
    "WAIT_USER_CONFIRM",
    "TRANSFERING",
    "CANCELING",
    "SUCCESS",
    "FAIL",
    "CANCELLED",
]


class _Bill(Struct):
    out_bill_no: Text
    transfer_bill_no: Text
    state: State
    create_time: Moment | None = None
    fail_reason: str = ""
    package_info: str = ""


class _QueriedBill(Struct):
    mch_id: Text
    out_bill_no: Text
    transfer_bill_no: Text
    state: State
    transfer_amount: int
    create_time: Moment | None = None
    fail_reason: str = ""


class WechatTransfers:
    """Pays out for one merchant. The name always goes along, so that a wrong payee is refused."""

    provider: ClassVar = Provider.WECHAT
    contract: ClassVar = Contract.QUERY

    def __init__(self, api: WechatPayApi, *, notify_url: str) -> None:
        self._api = api
        self._keys = api.keys
        self._notify_url = notify_url

    @property
    def merchant(self) -> str:
        return self._keys.mchid

    @property
    def appids(self) -> tuple[str, ...]:
        return (self._keys.appid, *self._keys.more_appids)

    async def transfer(self, order: TransferOrder) -> Transfer:
        if not self._keys.serves(order.appid):
            raise GatewayRefused(provider=self.provider, reason="another appid")
        purpose = order.purpose[:_TEXT_LIMIT]
        content = {
            "appid": order.appid,
            "out_bill_no": order.number,
            "transfer_scene_id": SCENE,
            "openid": order.subject,
            "user_name": self._api.encrypt(order.name),
            "transfer_amount": order.amount_fen,
            "transfer_remark": purpose,
            "notify_url": self._notify_url,
            "user_recv_perception": "行政补贴",
            "transfer_scene_report_infos": [{"info_type": "补贴类型", "info_content": purpose}],
        }
        bill = await self._api.call("POST", _BILLS, content, _Bill)
        return self._report(bill, order.number, order.amount_fen, package=bill.package_info)

    async def query(self, number: str) -> Transfer | None:
        path = f"{_BILLS}/out-bill-no/{quote(number, safe='')}"
        try:
            bill = await self._api.call("GET", path, None, _QueriedBill)
        except GatewayRefused as refused:
            if refused.context["reason"] != "NOT_FOUND":
                raise
            return None
        if bill.mch_id != self._keys.mchid:
            raise GatewayFailed(provider="wechat", reason="another merchant's bill")
        return self._report(bill, number, bill.transfer_amount)

    def confirmation(self, package: str, *, appid: str) -> dict[str, str]:
        return {"mchId": self._keys.mchid, "appId": appid, "package": package}

    def _report(
        self, bill: _Bill | _QueriedBill, number: str, amount_fen: int, *, package: str = ""
    ) -> Transfer:
        if bill.out_bill_no != number:
            raise GatewayFailed(provider="wechat", reason="another bill's answer")
        state = _STATES[bill.state]
        waits = state is TransferState.WAITING_USER and bill.create_time
        return Transfer(
            number=number,
            state=state,
            amount_fen=amount_fen,
            slip_no=bill.transfer_bill_no,
            reason=bill.fail_reason,
            package=package,
            merchant=self.merchant,
            confirm_by=waits + _CONFIRMING_LASTS if waits else None,
        )
