"""Alipay's notifications of trades, checked and put into our words. 支付宝异步通知

There is no window of time: a genuine one may be a day old, and applying it twice does nothing.
One that names a certificate of Alipay's that is new to us is refused, and the certificate fetched
with our next call of the gateway: the notice comes again in some minutes, and until then the order
is asked about.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct

from core.clock import CHINA
from core.money import fen_from_yuan
from core.signing import BadSignature
from core.wire import alipay
from core.wire.alipay_gateway import AlipayKeys
from core.wire.alipay_trust import CertificateUnknown
from payments.gateways import (
    Event,
    Notice,
    NoticeRejected,
    NotPaid,
    PayState,
    Provider,
    Receipt,
    RefundReport,
    Unfamiliar,
)

_MAX_FIELDS = 100

Text = Annotated[str, Meta(min_length=1, max_length=128)]
Fields = dict[str, str]
T = TypeVar("T")


class _Notice(Struct):
    notify_id: Text
    notify_time: Text
    notify_type: Text
    app_id: Text
    sign_type: Literal["RSA2"]
    sign: str
    alipay_cert_sn: Annotated[str, Meta(max_length=64)] = ""


class _Trade(Struct):
    seller_id: Text
    trade_no: Text
    out_trade_no: Text
    trade_status: Literal["WAIT_BUYER_PAY", "TRADE_CLOSED", "TRADE_SUCCESS", "TRADE_FINISHED"]
    total_amount: Text
    gmt_payment: str = ""
    refund_fee: str = ""
    gmt_refund: str = ""
    out_biz_no: str = ""


def read_notice(keys: AlipayKeys, seller_id: str, body: bytes) -> Notice:
    """The notification in our words, or NoticeRejected."""
    fields = _fields(body)
    notice = _convert(fields, _Notice)
    try:
        content, sn = alipay.notice_content(fields), notice.alipay_cert_sn
        keys.verify(content, notice.sign, cert_sn=sn)
    except CertificateUnknown as unknown:
        if keys.certificates is not None and notice.app_id == keys.app_id:
            keys.certificates.want(unknown.sn)
        raise NoticeRejected(reason="certificate") from unknown
    except (BadSignature, UnicodeError) as error:
        raise NoticeRejected(reason="signature") from error
    if notice.app_id != keys.app_id:
        raise NoticeRejected(reason="another application's notice")
    return Notice(
        provider=Provider.ALIPAY,
        merchant=keys.app_id,
        event_id=notice.notify_id,
        event_type=notice.notify_type,
        event=_event(notice, fields, seller_id),
    )


def _fields(body: bytes) -> Fields:
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:
        raise NoticeRejected(reason="body") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise NoticeRejected(reason="body")
    return fields


def _event(notice: _Notice, fields: Fields, seller_id: str) -> Event:
    if notice.notify_type != "trade_status_sync":
        return Unfamiliar(provider=Provider.ALIPAY, merchant=notice.app_id)
    trade = _convert(fields, _Trade)
    if trade.seller_id != seller_id:
        raise NoticeRejected(reason="another seller's notice")
    try:
        return _trade_event(trade, notice.app_id)
    except ValueError as error:
        raise NoticeRejected(reason="amount or time") from error


def _trade_event(trade: _Trade, merchant: str) -> Event:
    if trade.refund_fee or trade.gmt_refund:
        return RefundReport(
            provider=Provider.ALIPAY,
            merchant=merchant,
            number=trade.out_trade_no,
            refund_no=trade.out_biz_no,
            state=trade.trade_status,
            amount_fen=fen_from_yuan(trade.refund_fee or "0.00"),
        )
    if trade.trade_status in ("TRADE_SUCCESS", "TRADE_FINISHED"):
        return Receipt(
            provider=Provider.ALIPAY,
            merchant=merchant,
            number=trade.out_trade_no,
            trade_no=trade.trade_no,
            amount_fen=fen_from_yuan(trade.total_amount),
            currency="CNY",
            paid_at=from_alipay_time(trade.gmt_payment),
        )
    closed = trade.trade_status == "TRADE_CLOSED"
    return NotPaid(
        provider=Provider.ALIPAY,
        merchant=merchant,
        number=trade.out_trade_no,
        state=PayState.CLOSED if closed else PayState.OPEN,
    )


def _convert(fields: Fields, type: type[T]) -> T:
    try:
        return msgspec.convert(fields, type)
    except msgspec.ValidationError as error:
        raise NoticeRejected(reason="fields") from error


def from_alipay_time(text: str) -> datetime:
    """The moment behind Alipay's text, which is Beijing time; ValueError for anything else."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
