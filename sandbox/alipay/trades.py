"""alipay.trade.create and query, and the trades of the book. 交易"""

import json
import re
from datetime import timedelta
from typing import Any

from msgspec import Struct

from sandbox.alipay.calls import Call, yuan_of
from sandbox.alipay.contents import TradeContent, read_trade
from sandbox.alipay.notices import announce_trade
from sandbox.city import Person
from sandbox.clock import beijing, stamp
from sandbox.crypto import random_digits
from sandbox.refusals import AlipayRefusal
from sandbox.world import AlipayApp, World

REFUNDABLE_FOR = timedelta(days=365)
REENTRY = {
    "TRADE_SUCCESS": ("ACQ.TRADE_HAS_SUCCESS", "交易已被支付"),
    "TRADE_FINISHED": ("ACQ.TRADE_HAS_FINISHED", "交易已经完结"),
    "TRADE_CLOSED": ("ACQ.TRADE_HAS_CLOSE", "交易已经关闭"),
}


class Trade(Struct):
    """One row of alipay_trades."""

    seller_id: str
    out_trade_no: str
    trade_no: str
    app_id: str
    person: str
    buyer_open_id: str
    amount_fen: int
    subject: str
    body: str
    passback_params: str
    notify_url: str
    request: str
    state: str
    refunded_fen: int
    created_at: str
    expires_at: str
    paid_at: str | None = None
    closed_at: str | None = None


def create(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """The trade of this number; asked again with the same, the same trade."""
    asked = read_trade(world, app, call.content)
    notify_url = call.params.get("notify_url", "")
    request = json.dumps([call.content, notify_url], ensure_ascii=False, sort_keys=True)
    with world.book.together():
        known = find_trade(world, app.seller_id, out_trade_no=asked.out_trade_no)
        if known is None:
            trade_no = _create(world, app, asked, notify_url, request)
        else:
            _check_reentry(known, request)
            trade_no = known.trade_no
    return {"out_trade_no": asked.out_trade_no, "trade_no": trade_no}


def query(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    trade = named_trade(world, app, call)
    amount = yuan_of(trade.amount_fen)
    known: dict[str, Any] = {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "buyer_logon_id": masked(world.city.people[trade.person]),
        "buyer_open_id": trade.buyer_open_id,
        "trade_status": trade.state,
        "total_amount": amount,
    }
    if trade.paid_at is None:
        return known
    if "fund_bill_list" in call.content.get("query_options", ()):
        known["fund_bill_list"] = [{"amount": amount, "fund_channel": "ALIPAYACCOUNT"}]
    return known | {
        "receipt_amount": amount,
        "buyer_pay_amount": amount,
        "invoice_amount": amount,
        "point_amount": "0.00",
        "send_pay_date": beijing(trade.paid_at),
    }


def named_trade(world: World, app: AlipayApp, call: Call) -> Trade:
    """The trade that out_trade_no or trade_no name, as it stands now."""
    numbers = {name: str(call.content.get(name, "")) for name in ("out_trade_no", "trade_no")}
    if not any(numbers.values()):
        raise AlipayRefusal("40004", "ACQ.INVALID_PARAMETER", "参数无效: 缺少交易号")
    trade = find_trade(world, app.seller_id, **numbers)
    if trade is None:
        raise AlipayRefusal("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在")
    return trade


def find_trade(
    world: World, seller_id: str | None, *, out_trade_no: str = "", trade_no: str = ""
) -> Trade | None:
    """The trade as it stands now: one past its end is found closed."""
    let_time_pass(world)
    return world.book.find(
        Trade,
        "SELECT * FROM alipay_trades WHERE coalesce(?, seller_id) = seller_id"
        " AND (? = '' OR trade_no = ?) AND (? = '' OR out_trade_no = ?)",
        seller_id,
        trade_no,
        trade_no,
        out_trade_no,
        out_trade_no,
    )


def let_time_pass(world: World) -> None:
    """Close what nobody paid in time; finish what can no longer be refunded."""
    now = world.clock.now()
    unpaid = "SELECT * FROM alipay_trades WHERE state = 'WAIT_BUYER_PAY' AND expires_at <= ?"
    for trade in world.book.find_all(Trade, unpaid, stamp(now)):
        move_trade(world, trade, to="TRADE_CLOSED", at=trade.expires_at)
    old = "SELECT * FROM alipay_trades WHERE state = 'TRADE_SUCCESS' AND paid_at <= ?"
    for trade in world.book.find_all(Trade, old, stamp(now - REFUNDABLE_FOR)):
        move_trade(world, trade, to="TRADE_FINISHED", at=stamp(now))


def move_trade(world: World, trade: Trade, *, to: str, at: str) -> None:
    """Change an unpaid trade's state, or end a paid one, and tell whoever made it."""
    with world.book.together():
        world.book.write(
            "UPDATE alipay_trades SET state = ?, closed_at = ? WHERE trade_no = ?",
            to,
            at,
            trade.trade_no,
        )
        announce_trade(world, trade.trade_no)


def masked(person: Person) -> str:
    return re.sub(r"^(\d{3})\d{4,6}(\d{2})", r"\1******\2", person.phone)


def _check_reentry(known: Trade, request: str) -> None:
    if known.state in REENTRY:
        raise AlipayRefusal("40004", *REENTRY[known.state])
    if known.request != request:
        raise AlipayRefusal("40004", "ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")


def _create(
    world: World, app: AlipayApp, asked: TradeContent, notify_url: str, request: str
) -> str:
    at = world.clock.now()
    trade_no = f"{at + timedelta(hours=8):%Y%m%d}22001{random_digits(15)}"
    world.book.write(
        "INSERT INTO alipay_trades (seller_id, out_trade_no, trade_no, app_id, person,"
        " buyer_open_id, amount_fen, subject, body, passback_params, notify_url, request, state,"
        " created_at, expires_at) VALUES (:seller_id, :out_trade_no, :trade_no, :app_id, :person,"
        " :buyer_open_id, :amount_fen, :subject, :body, :passback_params, :notify_url, :request,"
        " 'WAIT_BUYER_PAY', :created_at, :expires_at)",
        seller_id=app.seller_id,
        out_trade_no=asked.out_trade_no,
        trade_no=trade_no,
        app_id=app.app_id,
        person=asked.buyer.key,
        buyer_open_id=world.identities.open_id(asked.buyer, asked.op_app_id),
        amount_fen=asked.amount_fen,
        subject=asked.subject,
        body=asked.body,
        passback_params=asked.passback_params,
        notify_url=notify_url,
        request=request,
        created_at=stamp(at),
        expires_at=stamp(asked.expires_at),
    )
    return trade_no
