"""alipay.trade.create, query and close, and being paid. 交易"""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec import Struct

from sandbox.alipay.contents import TradeContent, read_trade
from sandbox.alipay.notices import announce_payment
from sandbox.city import Person
from sandbox.clock import beijing, stamp
from sandbox.crypto import random_digits
from sandbox.refusals import AlipayRefusal
from sandbox.world import AlipayApp, World


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
    created_at: str
    expires_at: str
    paid_at: str | None = None
    closed_at: str | None = None


def create(
    world: World, app: AlipayApp, params: Mapping[str, str], content: dict[str, Any]
) -> dict[str, Any]:
    """The trade of this number; asked again with the same, the same trade."""
    asked = read_trade(world, app, content)
    notify_url = params.get("notify_url", "")
    request = json.dumps([content, notify_url], ensure_ascii=False, sort_keys=True)
    with world.book.together():
        known = find_trade(world, app.seller_id, out_trade_no=asked.out_trade_no)
        if known is None:
            trade_no = _create(world, app, asked, notify_url, request)
        else:
            _check_reentry(known, request)
            trade_no = known.trade_no
    return {"out_trade_no": asked.out_trade_no, "trade_no": trade_no}


def query(
    world: World, app: AlipayApp, _: Mapping[str, str], content: dict[str, Any]
) -> dict[str, Any]:
    trade = _named(world, app, content)
    amount = f"{trade.amount_fen // 100}.{trade.amount_fen % 100:02d}"
    known = {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "buyer_logon_id": _masked(world.city.people[trade.person]),
        "buyer_open_id": trade.buyer_open_id,
        "trade_status": trade.state,
        "total_amount": amount,
    }
    if trade.paid_at is None:
        return known
    return known | {
        "receipt_amount": amount,
        "buyer_pay_amount": amount,
        "invoice_amount": amount,
        "point_amount": "0.00",
        "send_pay_date": beijing(trade.paid_at),
    }


def close(
    world: World, app: AlipayApp, _: Mapping[str, str], content: dict[str, Any]
) -> dict[str, Any]:
    """Only what waits to be paid can be closed."""
    with world.book.together():
        trade = _named(world, app, content)
        if trade.state != "WAIT_BUYER_PAY":
            raise AlipayRefusal("40004", "ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        world.book.write(
            "UPDATE alipay_trades SET state = 'TRADE_CLOSED', closed_at = ? WHERE trade_no = ?",
            stamp(world.clock.now()),
            trade.trade_no,
        )
    return {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no}


def find_trade(
    world: World, seller_id: str | None, *, out_trade_no: str = "", trade_no: str = ""
) -> Trade | None:
    """The trade as it stands now: one past its end is found closed."""
    world.book.write(
        "UPDATE alipay_trades SET state = 'TRADE_CLOSED', closed_at = expires_at"
        " WHERE (out_trade_no = ? OR trade_no = ?) AND state = 'WAIT_BUYER_PAY'"
        " AND expires_at <= ?",
        out_trade_no,
        trade_no,
        stamp(world.clock.now()),
    )
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


def pay(world: World, person: Person, trade_no: str) -> str:
    """What my.tradePay does; its resultCode. 9000 is paid, 4000 is not."""
    with world.book.together():
        trade = find_trade(world, None, trade_no=trade_no) if trade_no else None
        if trade is None or trade.person != person.key or trade.state != "WAIT_BUYER_PAY":
            return "4000"
        if not world.book.take(person.key, "alipay", trade.amount_fen):
            return "4000"
        world.book.write(
            "UPDATE alipay_trades SET state = 'TRADE_SUCCESS', paid_at = ? WHERE trade_no = ?",
            stamp(world.clock.now()),
            trade_no,
        )
        world.book.move_merchant(trade.seller_id, trade.amount_fen)
        announce_payment(world, trade_no)
        return "9000"


def _named(world: World, app: AlipayApp, content: dict[str, Any]) -> Trade:
    out_trade_no, trade_no = str(content.get("out_trade_no", "")), str(content.get("trade_no", ""))
    if not out_trade_no and not trade_no:
        raise AlipayRefusal("40004", "ACQ.INVALID_PARAMETER", "参数无效: 缺少交易号")
    trade = find_trade(world, app.seller_id, out_trade_no=out_trade_no, trade_no=trade_no)
    if trade is None:
        raise AlipayRefusal("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在")
    return trade


def _check_reentry(known: Trade, request: str) -> None:
    if known.state == "TRADE_SUCCESS":
        raise AlipayRefusal("40004", "ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
    if known.state == "TRADE_CLOSED":
        raise AlipayRefusal("40004", "ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
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


def _masked(person: Person) -> str:
    return re.sub(r"^(\d{3})\d{4,6}(\d{2})", r"\1******\2", person.phone)
