"""Alipay for mini-programs (JSAPI): what one application collects. 支付宝"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeVar

from msgspec import Meta, Struct

from core.clock import CHINA, now
from core.money import fen_from_yuan, yuan
from core.wire.alipay_gateway import AlipayGateway as AlipayLine
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
from payments.gateways.alipay_api import ask
from payments.gateways.alipay_notices import from_alipay_time, read_notice
from payments.gateways.alipay_transfer import identity_type

_NOT_IN_SUBJECT = str.maketrans("/=&", "／＝＆")

T = TypeVar("T")
Text = Annotated[str, Meta(min_length=1, max_length=128)]


class _Created(Struct):
    trade_no: Text
    out_trade_no: Text


class _Queried(Struct):
    trade_no: Text
    out_trade_no: Text
    trade_status: Text
    total_amount: Text
    send_pay_date: str = ""


class AlipayGateway:
    """Collects for one application through Alipay."""

    provider: ClassVar = Provider.ALIPAY
    contract: ClassVar = Contract.DEDUPE
    acknowledgement: ClassVar = Acknowledgement("text/plain", b"success")

    def __init__(
        self,
        line: AlipayLine,
        *,
        seller_id: str,
        notify_url: str,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._keys = line.keys
        self._line = line
        self._seller_id = seller_id
        self._notify_url = notify_url
        self._clock = clock

    @property
    def merchant(self) -> str:
        return self._keys.app_id

    async def prepare(self, payable: Payable) -> Prepared:
        content = {
            "out_trade_no": payable.number,
            "total_amount": yuan(payable.amount_fen),
            "subject": payable.title.translate(_NOT_IN_SUBJECT),
            "product_code": "JSAPI_PAY",
            "op_app_id": payable.appid,
            "time_expire": f"{payable.expires_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
            **_buyer(payable.subject, own=payable.appid == self._keys.app_id),
        }
        made = await self._call(
            "alipay.trade.create", content, _Created, notify_url=self._notify_url
        )
        if made.out_trade_no != payable.number:
            raise GatewayFailed(provider=self.provider, reason="another order's answer")
        return Prepared({"tradeNO": made.trade_no}, payable.expires_at)

    async def query(self, number: str) -> Receipt | NotPaid:
        try:
            found = await self._call("alipay.trade.query", {"out_trade_no": number}, _Queried)
        except GatewayRefused as refused:
            if refused.context["reason"] != "ACQ.TRADE_NOT_EXIST":
                raise
            return self._not_paid(number, PayState.ABSENT)
        if found.out_trade_no != number:
            raise GatewayFailed(provider=self.provider, reason="another order's answer")
        if found.trade_status == "WAIT_BUYER_PAY":
            return self._not_paid(number, PayState.OPEN)
        if found.trade_status == "TRADE_CLOSED" and not found.send_pay_date:
            return self._not_paid(number, PayState.CLOSED)
        return self._receipt(found)

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> Notice:
        return read_notice(self._keys, self._seller_id, body)

    async def _call(self, method: str, content: dict[str, Any], reply: type[T], **params: str) -> T:
        return await ask(self._line, method, content, reply, at=self._clock(), **params)

    def _receipt(self, found: _Queried) -> Receipt:
        try:
            return Receipt(
                provider=self.provider,
                merchant=self.merchant,
                number=found.out_trade_no,
                trade_no=found.trade_no,
                amount_fen=fen_from_yuan(found.total_amount),
                currency="CNY",
                paid_at=from_alipay_time(found.send_pay_date),
                refunded=found.trade_status == "TRADE_CLOSED",
            )
        except ValueError as error:
            raise GatewayFailed(
                provider=self.provider, reason="paid without particulars"
            ) from error

    def _not_paid(self, number: str, state: PayState) -> NotPaid:
        return NotPaid(provider=self.provider, merchant=self.merchant, number=number, state=state)


def _buyer(subject: str, *, own: bool = True) -> dict[str, str]:
    """An open_id is one app's; of another app than the one that collects, it goes by that name."""
    if identity_type(subject) == "ALIPAY_USER_ID":
        return {"buyer_id": subject}
    return {"buyer_open_id" if own else "op_buyer_open_id": subject}
