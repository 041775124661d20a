"""What stands in a bill of a day or a month: trades, and movements of the balance. 账单"""

from datetime import datetime
from typing import Any

from msgspec import Struct

from sandbox.alipay.calls import yuan_of
from sandbox.clock import beijing, stamp
from sandbox.crypto import random_digits
from sandbox.world import MERCHANT_STARTS_WITH_FEN, World

Row = dict[str, str]
TRADE_COLUMNS = [
    *["支付宝交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间", "门店编号"],
    *["门店名称", "操作员", "终端号", "对方账户", "订单金额（元）", "商家实收（元）"],
    *["支付宝红包（元）", "集分宝（元）", "支付宝优惠（元）", "商家优惠（元）"],
    *["券核销金额（元）", "券名称", "商家红包消费金额（元）", "卡消费金额（元）"],
    *["退款批次号/请求号", "服务费（元）", "分润（元）", "备注"],
]
BALANCE_COLUMNS = [
    *["账务流水号", "业务流水号", "商户订单号", "商品名称", "发生时间", "对方账号"],
    *["收入金额（+元）", "支出金额（-元）", "账户余额（元）", "交易渠道", "业务类型", "备注"],
]
NOTHING = {name: "0.00" for name in TRADE_COLUMNS if name.endswith("（元）")}
MOVEMENTS = (
    "SELECT trade_no AS flow, out_trade_no, subject, amount_fen, paid_at AS at, person,"
    " '在线支付' AS kind, '' AS request_no, created_at FROM alipay_trades"
    " WHERE seller_id = ? AND paid_at < ?"
    " UNION ALL SELECT t.trade_no, t.out_trade_no, t.subject, -r.amount_fen, r.refunded_at,"
    " t.person, '交易退款', r.out_request_no, t.created_at"
    " FROM alipay_refunds r JOIN alipay_trades t USING (trade_no)"
    " WHERE t.seller_id = ? AND r.refunded_at < ?"
    " UNION ALL SELECT order_id, out_biz_no, title, -amount_fen, created_at, person, '转账', '',"
    " created_at FROM alipay_transfers WHERE seller_id = ? AND created_at < ?"
    " UNION ALL SELECT order_id, out_biz_no, title, amount_fen, done_at, person, '转账退回', '',"
    " created_at FROM alipay_transfers"
    " WHERE seller_id = ? AND state IN ('FAIL', 'REFUND') AND done_at < ?"
    " ORDER BY at, flow"
)


class Period(Struct, frozen=True):
    begins: datetime
    ends: datetime


class Bill(Struct, frozen=True):
    """Its rows, and the amounts that came in and (below zero) went out."""

    name: str
    columns: list[str]
    rows: list[Row]
    income: list[int]
    expense: list[int]


def make_bill(world: World, seller_id: str, bill_type: str, period: Period) -> Bill:
    """`trade` has what was paid and given back through trades, `signcustomer` every movement."""
    moved = world.book.rows(MOVEMENTS, *[seller_id, stamp(period.ends)] * 4)
    balance = MERCHANT_STARTS_WITH_FEN
    for row in moved:
        balance += row["amount_fen"]
        row["balance_fen"] = balance
    within = [row for row in moved if row["at"] >= stamp(period.begins)]
    if bill_type == "trade":
        within = [row for row in within if not row["kind"].startswith("转账")]
    describe = _trade if bill_type == "trade" else _movement
    return Bill(
        name="业务明细" if bill_type == "trade" else "账务明细",
        columns=TRADE_COLUMNS if bill_type == "trade" else BALANCE_COLUMNS,
        rows=[describe(world, row) for row in within],
        income=[row["amount_fen"] for row in within if row["amount_fen"] > 0],
        expense=[row["amount_fen"] for row in within if row["amount_fen"] < 0],
    )


def _trade(world: World, row: dict[str, Any]) -> Row:
    amount = yuan_of(row["amount_fen"])
    return NOTHING | {
        "支付宝交易号": row["flow"],
        "商户订单号": row["out_trade_no"],
        "业务类型": "退款" if row["request_no"] else "交易",
        "商品名称": row["subject"],
        "创建时间": beijing(row["created_at"]),
        "完成时间": beijing(row["at"]),
        "对方账户": _payer(world, row),
        "订单金额（元）": amount,
        "商家实收（元）": amount,
        "退款批次号/请求号": row["request_no"],
    }


def _movement(world: World, row: dict[str, Any]) -> Row:
    is_income = row["amount_fen"] > 0
    return {
        "账务流水号": f"{row['at'][:10].replace('-', '')}{random_digits(18)}",
        "业务流水号": row["flow"],
        "商户订单号": row["out_trade_no"],
        "商品名称": row["subject"],
        "发生时间": beijing(row["at"]),
        "对方账号": _payer(world, row),
        "收入金额（+元）": yuan_of(row["amount_fen"]) if is_income else "0.00",
        "支出金额（-元）": "0.00" if is_income else yuan_of(row["amount_fen"]),
        "账户余额（元）": yuan_of(row["balance_fen"]),
        "交易渠道": "支付宝",
        "业务类型": row["kind"],
        "备注": row["request_no"],
    }


def _payer(world: World, row: dict[str, Any]) -> str:
    person = world.city.people[row["person"]]
    return f"*{person.name[1:]}({person.phone[:3]}******{person.phone[-2:]})"
