"""alipay.trade.refund, its query, and what ends a trade: close and cancel. 退款, 关闭, 撤销"""

from datetime import timedelta
from typing import Any

from msgspec import Struct

from sandbox.alipay.calls import Call, FieldInvalid, amount_of, yuan_of
from sandbox.alipay.notices import announce_trade
from sandbox.alipay.trades import Trade, masked, named_trade
from sandbox.clock import beijing, moment, stamp
from sandbox.refusals import AlipayRefusal
from sandbox.world import AlipayApp, World

CANCELLABLE_FOR = timedelta(hours=24)


class Refund(Struct):
    """One row of alipay_refunds."""

    trade_no: str
    out_request_no: str
    amount_fen: int
    reason: str
    refunded_at: str


def refund(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """Give money back once for an out_request_no. refund_fee is all that went back of the trade."""
    with world.book.together():
        trade = named_trade(world, app, call)
        amount_fen = amount_of(call.content, "refund_amount")
        number = _request_no(call, trade, amount_fen)
        known = _find(world, trade, number)
        if known is not None and known.amount_fen != amount_fen:
            raise _no("ACQ.DISCORDANT_REPEAT_REQUEST", "重复退款请求，金额与首次不一致")
        made = known or _give_back(
            world, trade, number, amount_fen, call.text("refund_reason", ".{0,256}", required=False)
        )
        trade = named_trade(world, app, call)
    person = world.city.people[trade.person]
    answer = {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "buyer_logon_id": masked(person),
        "buyer_open_id": trade.buyer_open_id,
        "fund_change": "N" if known else "Y",
        "refund_fee": yuan_of(trade.refunded_fen),
        "send_back_fee": yuan_of(made.amount_fen),
        "gmt_refund_pay": beijing(made.refunded_at),
    }
    return answer | _details(call, made)


def query_refund(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """REFUND_SUCCESS stands there for a refund that was made; otherwise nothing does."""
    trade = named_trade(world, app, call)
    made = _find(world, trade, call.text("out_request_no"))
    if made is None:
        return {}
    answer = {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "out_request_no": made.out_request_no,
        "total_amount": yuan_of(trade.amount_fen),
        "refund_amount": yuan_of(made.amount_fen),
        "refund_status": "REFUND_SUCCESS",
    }
    if made.reason:
        answer["refund_reason"] = made.reason
    if "gmt_refund_pay" in call.content.get("query_options", ()):
        answer["gmt_refund_pay"] = beijing(made.refunded_at)
    return answer | _details(call, made)


def close(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """Only what waits to be paid can be closed. Nobody is notified of what they did themselves."""
    with world.book.together():
        trade = named_trade(world, app, call)
        if trade.state != "WAIT_BUYER_PAY":
            raise _no("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        _close(world, trade)
    return {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no}


def cancel(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """Close what is unpaid, give back what is paid. What is closed already stays as it is."""
    with world.book.together():
        trade = named_trade(world, app, call)
        if world.clock.now() - moment(trade.created_at) > CANCELLABLE_FOR:
            raise _no("ACQ.TRADE_CANCEL_TIME_OUT", "超过撤销时间范围")
        answer = {
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "retry_flag": "N",
        }
        if trade.state == "WAIT_BUYER_PAY":
            _close(world, trade)
            return answer | {"action": "close"}
        if trade.state == "TRADE_SUCCESS":
            rest = trade.amount_fen - trade.refunded_fen
            made = _give_back(world, trade, trade.out_trade_no, rest, "撤销")
            return answer | {"action": "refund", "gmt_refund_pay": beijing(made.refunded_at)}
        return answer


def _request_no(call: Call, trade: Trade, amount_fen: int) -> str:
    number = call.text("out_request_no", r".{1,64}", required=False)
    if not number and amount_fen != trade.amount_fen:
        raise FieldInvalid("out_request_no: 部分退款必传")
    return number or trade.out_trade_no


def _find(world: World, trade: Trade, out_request_no: str) -> Refund | None:
    query = "SELECT * FROM alipay_refunds WHERE trade_no = ? AND out_request_no = ?"
    return world.book.find(Refund, query, trade.trade_no, out_request_no)


def _give_back(world: World, trade: Trade, number: str, amount_fen: int, reason: str) -> Refund:
    _check_refundable(trade, amount_fen)
    if not world.book.move_merchant(trade.seller_id, -amount_fen):
        raise _no("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")
    world.book.put(trade.person, "alipay", amount_fen)
    made = Refund(trade.trade_no, number, amount_fen, reason, stamp(world.clock.now()))
    world.book.write(
        "INSERT INTO alipay_refunds (trade_no, out_request_no, amount_fen, reason, refunded_at)"
        " VALUES (?, ?, ?, ?, ?)",
        made.trade_no,
        made.out_request_no,
        made.amount_fen,
        made.reason,
        made.refunded_at,
    )
    is_all = trade.refunded_fen + amount_fen == trade.amount_fen
    world.book.write(
        "UPDATE alipay_trades SET refunded_fen = refunded_fen + ?, state = ?, closed_at = ?"
        " WHERE trade_no = ?",
        amount_fen,
        "TRADE_CLOSED" if is_all else trade.state,
        made.refunded_at if is_all else None,
        trade.trade_no,
    )
    announce_trade(world, trade.trade_no, out_request_no=number)
    return made


def _check_refundable(trade: Trade, amount_fen: int) -> None:
    if trade.state == "TRADE_FINISHED":
        raise _no("ACQ.TRADE_HAS_FINISHED", "交易已完结，不可退款")
    if trade.paid_at is None:
        raise _no("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    if trade.refunded_fen + amount_fen > trade.amount_fen:
        raise _no("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")


def _close(world: World, trade: Trade) -> None:
    world.book.write(
        "UPDATE alipay_trades SET state = 'TRADE_CLOSED', closed_at = ? WHERE trade_no = ?",
        stamp(world.clock.now()),
        trade.trade_no,
    )


def _details(call: Call, made: Refund) -> dict[str, Any]:
    if "refund_detail_item_list" not in call.content.get("query_options", ()):
        return {}
    item = {"amount": yuan_of(made.amount_fen), "fund_channel": "ALIPAYACCOUNT"}
    return {"refund_detail_item_list": [item]}


def _no(sub_code: str, sub_msg: str) -> AlipayRefusal:
    return AlipayRefusal("40004", sub_code, sub_msg)
