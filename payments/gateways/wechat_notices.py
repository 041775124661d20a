"""Callbacks of a WeChat Pay merchant, checked and put into our words. 微信支付通知

Every field we rely on is required; whatever does not hold is refused, and all refusals look alike.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from payments.gateways import (
    Event,
    Notice,
    NoticeRejected,
    NotPaid,
    PayState,
    Provider,
    Receipt,
    RefundReport,
    Transfer,
    TransferState,
    Unfamiliar,
)
from payments.gateways.wechat_api import WechatPayApi, WechatPayKeys, decrypt_resource

T = TypeVar("T")
Text = Annotated[str, Meta(min_length=1, max_length=128)]
Moment = Annotated[datetime, Meta(tz=True)]


class _Resource(Struct):
    algorithm: Literal["AEAD_AES_256_GCM"]
    original_type: Text
    ciphertext: str
    nonce: Annotated[str, Meta(min_length=12, max_length=12)]
    associated_data: str = ""


class _Envelope(Struct):
    id: Text
    create_time: Moment
    event_type: Text
    resource_type: Literal["encrypt-resource"]
    resource: _Resource


class _Payer(Struct):
    openid: Text


class _Amount(Struct):
    """`total` is the price; a coupon may leave the payer less to pay."""

    total: int
    payer_total: int
    currency: Text
    payer_currency: Text


class _Transaction(Struct):
    mchid: Text
    appid: Text
    out_trade_no: Text
    transaction_id: Text
    trade_type: Text
    trade_state: Text
    success_time: Moment
    payer: _Payer
    amount: _Amount


class _RefundAmount(Struct):
    refund: int
    total: int


class _Refund(Struct):
    mchid: Text
    transaction_id: Text
    out_trade_no: Text
    refund_id: Text
    out_refund_no: Text
    refund_status: Text
    amount: _RefundAmount


class _TransferBill(Struct):
    mch_id: Text
    out_bill_no: Text
    transfer_bill_no: Text
    state: Literal["SUCCESS", "FAIL", "CANCELLED"]
    transfer_amount: int
    openid: Text
    fail_reason: str = ""


def read_notice(
    api: WechatPayApi, headers: Mapping[str, str], body: bytes, *, at: datetime
) -> Notice:
    """The callback in our words, or NoticeRejected."""
    api.check_origin(headers, body, at=at)
    envelope = _decode(body, _Envelope)
    return Notice(
        provider=Provider.WECHAT,
        merchant=api.keys.mchid,
        event_id=envelope.id,
        event_type=envelope.event_type,
        event=_event(envelope.event_type, _open(envelope.resource, api.keys), api.keys),
    )


def _open(resource: _Resource, keys: WechatPayKeys) -> bytes:
    try:
        return decrypt_resource(
            keys.apiv3_key,
            nonce=resource.nonce,
            associated_data=resource.associated_data,
            ciphertext=resource.ciphertext,
        )
    except ValueError as error:
        raise NoticeRejected(reason="ciphertext") from error


def _event(event_type: str, plain: bytes, keys: WechatPayKeys) -> Event:
    if event_type.startswith("TRANSACTION."):
        return _transaction(_decode(plain, _Transaction), keys)
    if event_type.startswith("REFUND."):
        return _refund(_decode(plain, _Refund), keys)
    if event_type == "MCHTRANSFER.BILL.FINISHED":
        return _transfer(_decode(plain, _TransferBill), keys)
    return Unfamiliar(provider=Provider.WECHAT, merchant=keys.mchid)


def _transaction(paid: _Transaction, keys: WechatPayKeys) -> Receipt | NotPaid:
    _check_ours(paid.mchid == keys.mchid and keys.serves(paid.appid))
    if paid.trade_state != "SUCCESS":
        closed = paid.trade_state in {"CLOSED", "REVOKED", "PAYERROR"}
        return NotPaid(
            provider=Provider.WECHAT,
            merchant=keys.mchid,
            number=paid.out_trade_no,
            state=PayState.CLOSED if closed else PayState.OPEN,
        )
    return Receipt(
        provider=Provider.WECHAT,
        merchant=keys.mchid,
        number=paid.out_trade_no,
        trade_no=paid.transaction_id,
        amount_fen=paid.amount.total,
        currency=paid.amount.currency,
        paid_at=paid.success_time,
    )


def _refund(refund: _Refund, keys: WechatPayKeys) -> RefundReport:
    _check_ours(refund.mchid == keys.mchid)
    return RefundReport(
        provider=Provider.WECHAT,
        merchant=keys.mchid,
        number=refund.out_trade_no,
        refund_no=refund.out_refund_no,
        state=refund.refund_status,
        amount_fen=refund.amount.refund,
    )


def _transfer(bill: _TransferBill, keys: WechatPayKeys) -> Transfer:
    _check_ours(bill.mch_id == keys.mchid)
    paid = bill.state == "SUCCESS"
    return Transfer(
        number=bill.out_bill_no,
        state=TransferState.PAID if paid else TransferState.FAILED,
        amount_fen=bill.transfer_amount,
        slip_no=bill.transfer_bill_no,
        reason="" if paid else bill.fail_reason or bill.state,
        merchant=keys.mchid,
    )


def _check_ours(ours: bool) -> None:
    if not ours:
        raise NoticeRejected(reason="another merchant's notice")


def _decode(data: bytes, type: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=type)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise NoticeRejected(reason="body") from error
