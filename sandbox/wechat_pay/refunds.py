"""Refunds: asked for, looked up, described. 退款"""

from datetime import timedelta
from typing import Any

from msgspec import Struct

from sandbox.clock import CHINA, moment, rfc3339, stamp
from sandbox.crypto import random_digits
from sandbox.refusals import PayRefusal
from sandbox.wechat_pay.fields import RefundRequest, check_notify_url
from sandbox.wechat_pay.orders import Order, find_order, find_order_by_id
from sandbox.wechat_pay.refund_endings import Refund, add_refund, finish_refunds
from sandbox.world import Merchant, World

WITHIN, AT_MOST = timedelta(days=365), 50
APART, TAKES = timedelta(minutes=1), timedelta(minutes=5)


class Earlier(Struct, frozen=True):
    """What was asked back of an order before: how often, how much, when last."""

    times: int
    amount_fen: int
    last_at: str | None


def refund(world: World, merchant: Merchant, asked: RefundRequest) -> Refund:
    """The refund of this number: begun now, or as it stands when asked again with the same.

    What is refused leaves nothing behind: the same number may be sent again.
    """
    if asked.notify_url:
        check_notify_url(asked.notify_url, plain_allowed=True)
    with world.book.together():
        known = find_refund(world, merchant.mchid, asked.out_refund_no)
        order = _order_of(world, merchant, asked)
        if known is not None:
            _check_reentry(known, order, asked)
            return known
        _check_order(world, order, asked)
        if not world.book.move_merchant(merchant.mchid, -asked.amount.refund):
            raise PayRefusal(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起")
        return _begin(world, order, asked)


def find_refund(world: World, mchid: str, out_refund_no: str) -> Refund | None:
    """The refund as it stands now."""
    finish_refunds(world)
    query = "SELECT * FROM wechat_pay_refunds WHERE mchid = ? AND out_refund_no = ?"
    return world.book.find(Refund, query, mchid, out_refund_no)


def describe(refund: Refund | None) -> dict[str, Any]:
    """What asking and looking up answer."""
    if refund is None:
        raise PayRefusal(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    known = {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": refund.transaction_id,
        "out_trade_no": refund.out_trade_no,
        "channel": refund.channel,
        "user_received_account": refund.received_account,
        "create_time": rfc3339(refund.created_at),
        "status": refund.status,
        "funds_account": refund.funds_account,
        "amount": refund.amounts()
        | {
            "settlement_refund": refund.amount_fen,
            "settlement_total": refund.total_fen,
            "discount_refund": 0,
            "currency": "CNY",
        },
        "promotion_detail": [],
    }
    return known | {"success_time": rfc3339(refund.success_at)} if refund.success_at else known


def refunded_state(world: World, order: Order | None) -> dict[str, Any]:
    """What a query of an order says instead once a refund of it was asked for."""
    query = "SELECT 1 AS found FROM wechat_pay_refunds WHERE mchid = ? AND out_trade_no = ?"
    if order is None or world.book.row(query, order.mchid, order.out_trade_no) is None:
        return {}
    return {"trade_state": "REFUND", "trade_state_desc": "转入退款"}


def _order_of(world: World, merchant: Merchant, asked: RefundRequest) -> Order:
    if asked.transaction_id:
        order = find_order_by_id(world, merchant.mchid, asked.transaction_id)
    elif asked.out_trade_no:
        order = find_order(world, merchant.mchid, asked.out_trade_no)
    else:
        raise PayRefusal(400, "PARAM_ERROR", "transaction_id与out_trade_no不能同时为空")
    if order is None:
        raise PayRefusal(404, "RESOURCE_NOT_EXISTS", "订单不存在")
    if asked.out_trade_no not in ("", order.out_trade_no):
        raise PayRefusal(400, "INVALID_REQUEST", "transaction_id与out_trade_no不是同一订单")
    return order


def _check_reentry(known: Refund, order: Order, asked: RefundRequest) -> None:
    before = (known.out_trade_no, known.amount_fen, known.total_fen)
    if before != (order.out_trade_no, asked.amount.refund, asked.amount.total):
        raise PayRefusal(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致")


def _check_order(world: World, order: Order, asked: RefundRequest) -> None:
    if order.state != "SUCCESS" or order.paid_at is None:
        raise PayRefusal(400, "INVALID_REQUEST", "订单未支付，不可退款")
    if asked.amount.currency != "CNY":
        raise PayRefusal(400, "PARAM_ERROR", "不支持的币种")
    if asked.amount.total != order.amount_fen:
        raise PayRefusal(400, "INVALID_REQUEST", "订单金额与实际支付金额不一致")
    at = world.clock.now()
    if at - moment(order.paid_at) > WITHIN:
        raise PayRefusal(400, "INVALID_REQUEST", "订单已超过可退款的最大期限")
    earlier = _earlier(world, order)
    if earlier.amount_fen + asked.amount.refund > order.amount_fen:
        raise PayRefusal(400, "INVALID_REQUEST", "累计退款金额大于订单金额")
    if earlier.times >= AT_MOST:
        raise PayRefusal(400, "INVALID_REQUEST", "同一订单的退款不得超过50次")
    if earlier.last_at and at - moment(earlier.last_at) < APART / world.time_scale:
        raise PayRefusal(429, "FREQUENCY_LIMITED", "同一订单的两次退款须间隔1分钟以上")


def _earlier(world: World, order: Order) -> Earlier:
    """Closed refunds took no money and free their part; they still are tries."""
    found = world.book.find(
        Earlier,
        "SELECT count(*) AS times, max(created_at) AS last_at,"
        " coalesce(sum(amount_fen) FILTER (WHERE status <> 'CLOSED'), 0) AS amount_fen"
        " FROM wechat_pay_refunds WHERE mchid = ? AND out_trade_no = ?",
        order.mchid,
        order.out_trade_no,
    )
    return found or Earlier(0, 0, None)


def _begin(world: World, order: Order, asked: RefundRequest) -> Refund:
    at = world.clock.now()
    begun = Refund(
        mchid=order.mchid,
        out_refund_no=asked.out_refund_no,
        refund_id=f"5030{at.astimezone(CHINA):%Y%m%d%H%M%S}{random_digits(11)}",
        transaction_id=order.transaction_id or "",
        out_trade_no=order.out_trade_no,
        person=order.person,
        amount_fen=asked.amount.refund,
        total_fen=order.amount_fen,
        reason=asked.reason,
        notify_url=asked.notify_url,
        funds_account=asked.funds_account or "UNSETTLED",
        channel="ORIGINAL",
        received_account="支付用户零钱",
        status="PROCESSING",
        created_at=stamp(at),
        due_at=stamp(at + TAKES / world.time_scale),
    )
    add_refund(world, begun)
    return begun
