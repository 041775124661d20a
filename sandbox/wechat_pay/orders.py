"""Orders: prepay, query, close, and being paid. 下单, 查询, 关单"""

import secrets
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from sandbox.clock import CHINA, rfc3339, stamp
from sandbox.crypto import random_digits
from sandbox.refusals import PayRefusal
from sandbox.wechat_pay.fields import PrepayRequest, check_notify_url
from sandbox.wechat_pay.notices import Event, announce
from sandbox.world import Merchant, World

PREPAY_LIVES = timedelta(hours=2)
ORDER_LIVES, ORDER_LIVES_AT_LEAST = timedelta(days=7), timedelta(minutes=1)
ORDER_LIVES_AT_MOST = timedelta(days=90)  # an older page's word, the only one there is
DESCRIBED = {"SUCCESS": "支付成功", "NOTPAY": "订单未支付", "CLOSED": "订单已关闭"}


class Order(Struct):
    """One row of wechat_pay_orders."""

    mchid: str
    out_trade_no: str
    appid: str
    openid: str
    person: str
    amount_fen: int
    attach: str
    notify_url: str
    request: str
    state: str
    expires_at: str
    transaction_id: str | None = None
    paid_at: str | None = None


def prepay(world: World, merchant: Merchant, asked: PrepayRequest) -> str:
    """A prepay_id for this order: the live one again when asked again with the same."""
    _check_request(world, asked)
    at = world.clock.now()
    with world.book.together():
        known = find_order(world, merchant.mchid, asked.out_trade_no)
        if known is None:
            _create(world, asked, at)
            return _new_prepay(world, merchant.mchid, asked.out_trade_no, at)
        _check_reentry(known, asked)
        live = world.book.row(
            "SELECT prepay_id FROM prepays WHERE mchid = ? AND out_trade_no = ? AND expires_at > ?",
            merchant.mchid,
            asked.out_trade_no,
            stamp(at),
        )
        if live is not None:
            return str(live["prepay_id"])
        return _new_prepay(world, merchant.mchid, asked.out_trade_no, at)


def find_order(world: World, mchid: str, out_trade_no: str) -> Order | None:
    """The order as it stands now: one past its end is found closed."""
    world.book.write(
        "UPDATE wechat_pay_orders SET state = 'CLOSED', closed_at = expires_at"
        " WHERE mchid = ? AND out_trade_no = ? AND state = 'NOTPAY' AND expires_at <= ?",
        mchid,
        out_trade_no,
        stamp(world.clock.now()),
    )
    return world.book.find(
        Order,
        "SELECT * FROM wechat_pay_orders WHERE mchid = ? AND out_trade_no = ?",
        mchid,
        out_trade_no,
    )


def find_order_by_id(world: World, mchid: str, transaction_id: str) -> Order | None:
    query = "SELECT * FROM wechat_pay_orders WHERE mchid = ? AND transaction_id = ?"
    return world.book.find(Order, query, mchid, transaction_id)


def describe(order: Order | None) -> dict[str, Any]:
    """What a query answers; amounts and times only when there was a payment."""
    if order is None:
        raise PayRefusal(404, "ORDER_NOT_EXIST", "订单不存在")
    known = {
        "appid": order.appid,
        "mchid": order.mchid,
        "out_trade_no": order.out_trade_no,
        "trade_state": order.state,
        "trade_state_desc": DESCRIBED[order.state],
        "attach": order.attach,
        "payer": {"openid": order.openid},
    }
    return known | _payment(order) if order.state == "SUCCESS" else known


def close(world: World, merchant: Merchant, out_trade_no: str) -> None:
    """Close what is not paid; closing again is the same."""
    with world.book.together():
        order = find_order(world, merchant.mchid, out_trade_no)
        if order is None:
            raise PayRefusal(404, "ORDER_NOT_EXIST", "订单不存在")
        if order.state == "SUCCESS":
            raise PayRefusal(400, "ORDER_PAID", "该订单已支付")
        world.book.write(
            "UPDATE wechat_pay_orders SET state = 'CLOSED', closed_at = ?"
            " WHERE mchid = ? AND out_trade_no = ? AND state = 'NOTPAY'",
            stamp(world.clock.now()),
            merchant.mchid,
            out_trade_no,
        )


def receive_payment(world: World, order: Order) -> None:
    """The payer's money has come: mark the order, pay the merchant, announce it."""
    at = world.clock.now()
    transaction_id = f"4200{at.astimezone(CHINA):%Y%m%d%H%M%S}{random_digits(10)}"
    world.book.write(
        "UPDATE wechat_pay_orders SET state = 'SUCCESS', transaction_id = ?, paid_at = ?"
        " WHERE mchid = ? AND out_trade_no = ? AND state = 'NOTPAY'",
        transaction_id,
        stamp(at),
        order.mchid,
        order.out_trade_no,
    )
    world.book.move_merchant(order.mchid, order.amount_fen)
    paid = find_order(world, order.mchid, order.out_trade_no)
    event = Event(
        type="TRANSACTION.SUCCESS",
        original_type="transaction",
        summary="支付成功",
        number=order.out_trade_no,
        url=order.notify_url,
    )
    announce(world, world.merchants[order.mchid], event, describe(paid))


def _check_request(world: World, asked: PrepayRequest) -> None:
    check_notify_url(asked.notify_url, plain_allowed=True)
    if asked.amount.currency != "CNY":
        raise PayRefusal(400, "PARAM_ERROR", "不支持的币种")
    if asked.appid not in world.city.platforms.wechat.appids():
        raise PayRefusal(400, "APPID_MCHID_NOT_MATCH", "appid和mchid不匹配")
    if world.identities.person(asked.appid, asked.payer.openid) is None:
        raise PayRefusal(403, "OPENID_MISMATCH", "appid和openid不匹配")
    if asked.time_expire is not None and asked.time_expire.tzinfo is None:
        raise PayRefusal(400, "PARAM_ERROR", "time_expire缺少时区")


def _check_reentry(known: Order, asked: PrepayRequest) -> None:
    if known.request != _canonical(asked):
        raise PayRefusal(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致")
    if known.state == "SUCCESS":
        raise PayRefusal(400, "ORDER_PAID", "该订单已支付")
    if known.state == "CLOSED":
        raise PayRefusal(400, "ORDER_CLOSED", "该订单已关闭")


def _create(world: World, asked: PrepayRequest, at: datetime) -> None:
    expires_at = asked.time_expire or at + ORDER_LIVES
    person = world.identities.person(asked.appid, asked.payer.openid)
    world.book.write(
        "INSERT INTO wechat_pay_orders (mchid, out_trade_no, appid, openid, person, amount_fen,"
        " description, attach, notify_url, request, state, created_at, expires_at)"
        " VALUES (:mchid, :out_trade_no, :appid, :openid, :person, :amount_fen,"
        " :description, :attach, :notify_url, :request, 'NOTPAY', :created_at, :expires_at)",
        mchid=asked.mchid,
        out_trade_no=asked.out_trade_no,
        appid=asked.appid,
        openid=asked.payer.openid,
        person=person.key if person else None,
        amount_fen=asked.amount.total,
        description=asked.description,
        attach=asked.attach,
        notify_url=asked.notify_url,
        request=_canonical(asked),
        created_at=stamp(at),
        expires_at=stamp(min(max(expires_at, at + ORDER_LIVES_AT_LEAST), at + ORDER_LIVES_AT_MOST)),
    )


def _new_prepay(world: World, mchid: str, out_trade_no: str, at: datetime) -> str:
    prepay_id = f"wx{at:%d%H%M%S}{secrets.token_hex(13)}"
    world.book.write(
        "INSERT INTO prepays (prepay_id, mchid, out_trade_no, expires_at) VALUES (?, ?, ?, ?)",
        prepay_id,
        mchid,
        out_trade_no,
        stamp(at + PREPAY_LIVES),
    )
    return prepay_id


def _canonical(asked: PrepayRequest) -> str:
    """What must not differ when asked again; of time_expire only the first counts."""
    compared = msgspec.structs.replace(asked, time_expire=None)
    return msgspec.json.encode(compared, order="sorted").decode()


def _payment(order: Order) -> dict[str, Any]:
    return {
        "transaction_id": order.transaction_id,
        "trade_type": "JSAPI",
        "bank_type": "OTHERS",
        "success_time": rfc3339(order.paid_at or ""),
        "amount": {
            "total": order.amount_fen,
            "payer_total": order.amount_fen,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }
