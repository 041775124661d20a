"""WeChat Pay for mini-programs (JSAPI): what one merchant collects. 微信支付"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote

from msgspec import Meta, Struct

from core.clock import CHINA
from payments.gateways import (
    Acknowledgement,
    Contract,
    GatewayFailed,
    GatewayRefused,
    Notice,
    NotPaid,
    Payable,
    PayState,
    Prepared,
    Provider,
    Receipt,
)
from payments.gateways.wechat_api import WechatPayApi
from payments.gateways.wechat_notices import Moment, Text, read_notice

PREPAY_LASTS = timedelta(hours=2) - timedelta(minutes=5)

_PAID = {"SUCCESS", "REFUND"}
_CLOSED = {"CLOSED", "REVOKED", "PAYERROR"}


class _Prepay(Struct):
    prepay_id: Annotated[str, Meta(min_length=1, max_length=64)]


class _QueriedAmount(Struct):
    total: int
    currency: Text


class _Queried(Struct):
    mchid: Text
    appid: Text
    out_trade_no: Text
    trade_state: Text
    transaction_id: str = ""
    success_time: Moment | None = None
    amount: _QueriedAmount | None = None


class WechatGateway:
    """Collects for one merchant through WeChat Pay."""

    provider: ClassVar = Provider.WECHAT
    contract: ClassVar = Contract.DEDUPE
    acknowledgement: ClassVar = Acknowledgement("application/json", b'{"code":"SUCCESS"}')

    def __init__(self, api: WechatPayApi, *, notify_url: str) -> None:
        self._api = api
        self._keys = api.keys
        self._notify_url = notify_url

    @property
    def merchant(self) -> str:
        return self._keys.mchid

    async def prepare(self, payable: Payable) -> Prepared:
        if not self._keys.serves(payable.appid):
            raise GatewayRefused(provider=self.provider, reason="another appid")
        content = {
            "appid": payable.appid,
            "mchid": self._keys.mchid,
            "description": payable.title,
            "out_trade_no": payable.number,
            "notify_url": self._notify_url,
            "time_expire": payable.expires_at.astimezone(CHINA).isoformat(timespec="seconds"),
            "amount": {"total": payable.amount_fen, "currency": "CNY"},
            "payer": {"openid": payable.subject},
        }
        reply = await self._api.call("POST", "/v3/pay/transactions/jsapi", content, _Prepay)
        until = min(self._api.clock() + PREPAY_LASTS, payable.expires_at)
        return Prepared(self._api.pay_sheet(reply.prepay_id, appid=payable.appid), until)

    async def query(self, number: str) -> Receipt | NotPaid:
        path = (
            f"/v3/pay/transactions/out-trade-no/{quote(number, safe='')}?mchid={self._keys.mchid}"
        )
        try:
            found = await self._api.call("GET", path, None, _Queried)
        except GatewayRefused as refused:
            if refused.context["reason"] != "ORDER_NOT_EXIST":
                raise
            return self._not_paid(number, PayState.ABSENT)
        ours = self._keys.serves(found.appid)
        if not ours or (found.mchid, found.out_trade_no) != (self._keys.mchid, number):
            raise GatewayFailed(provider=self.provider, reason="another order's answer")
        if found.trade_state in _PAID:
            return self._receipt(found)
        closed = found.trade_state in _CLOSED
        return self._not_paid(number, PayState.CLOSED if closed else PayState.OPEN)

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> Notice:
        return read_notice(self._api, headers, body, at=at)

    def _receipt(self, found: _Queried) -> Receipt:
        if found.amount is None or found.success_time is None or not found.transaction_id:
            raise GatewayFailed(provider=self.provider, reason="paid without particulars")
        return Receipt(
            provider=self.provider,
            merchant=self.merchant,
            number=found.out_trade_no,
            trade_no=found.transaction_id,
            amount_fen=found.amount.total,
            currency=found.amount.currency,
            paid_at=found.success_time,
            refunded=found.trade_state == "REFUND",
        )

    def _not_paid(self, number: str, state: PayState) -> NotPaid:
        return NotPaid(provider=self.provider, merchant=self.merchant, number=number, state=state)
