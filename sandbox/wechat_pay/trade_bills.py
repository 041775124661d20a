"""The trade bill: payments received and refunds begun on one day. 交易账单"""

from datetime import date

from msgspec import Struct

from sandbox.clock import beijing
from sandbox.wechat_pay.sheets import columns_of, day_in_china, sheet, yuan
from sandbox.world import World

BEGINNING = columns_of(
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,"
    "交易状态,付款银行,货币种类,应结订单金额,代金券金额"
)
TIMES = ["退款申请时间", "退款成功时间"]
REFUND = columns_of("微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态")
ENDING = columns_of("商品名称,商户数据包,手续费,费率,订单金额")
ASKED, REMARK = "申请退款金额", "费率备注"
COLUMNS = {
    "ALL": [*BEGINNING, *REFUND, *ENDING, ASKED, REMARK],
    "SUCCESS": [*BEGINNING, *ENDING, REMARK],
    "REFUND": [*BEGINNING, *TIMES, *REFUND, *ENDING, ASKED, REMARK],
}
SUMMARY = columns_of(
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
TRADES = """
    SELECT o.paid_at AS at, 'payment' AS kind, o.*, o.amount_fen AS order_fen,
           '0' AS refund_id, '0' AS out_refund_no, 0 AS refund_fen, NULL AS success_at
    FROM wechat_pay_orders o WHERE o.mchid = ?1 AND o.paid_at >= ?2 AND o.paid_at < ?3
    UNION ALL
    SELECT r.created_at, 'refund', o.*, 0, r.refund_id, r.out_refund_no, r.amount_fen, r.success_at
    FROM wechat_pay_refunds r JOIN wechat_pay_orders o USING (mchid, out_trade_no)
    WHERE r.mchid = ?1 AND r.created_at >= ?2 AND r.created_at < ?3
    ORDER BY at, kind
"""


class Trade(Struct, frozen=True):
    """A payment, or a refund beside the order it came from."""

    at: str
    kind: str
    mchid: str
    out_trade_no: str
    appid: str
    openid: str
    description: str
    attach: str
    transaction_id: str
    order_fen: int
    refund_id: str
    out_refund_no: str
    refund_fen: int
    success_at: str | None


def content(world: World, mchid: str, bill_type: str, on: date) -> bytes | None:
    """The bill, or None when nothing of that sort happened that day."""
    begins, ends = day_in_china(on)
    found = world.book.find_all(Trade, TRADES, mchid, begins, ends)
    wanted = {"ALL": ("payment", "refund"), "SUCCESS": ("payment",), "REFUND": ("refund",)}
    trades = [trade for trade in found if trade.kind in wanted[bill_type]]
    if not trades:
        return None
    columns = COLUMNS[bill_type]
    cells = [_cells(trade, ends) for trade in trades]
    rows = [[row[column] for column in columns] for row in cells]
    return sheet(columns, rows, SUMMARY, _summary(trades))


def _cells(trade: Trade, ends: str) -> dict[str, str]:
    """What stands in each column. How a refund went on after the day is not told."""
    known = {
        "交易时间": beijing(trade.at),
        "公众账号ID": trade.appid,
        "商户号": trade.mchid,
        "特约商户号": "0",
        "设备号": "",
        "微信订单号": trade.transaction_id,
        "商户订单号": trade.out_trade_no,
        "用户标识": trade.openid,
        "交易类型": "JSAPI",
        "交易状态": "SUCCESS" if trade.kind == "payment" else "REFUND",
        "付款银行": "OTHERS",
        "货币种类": "CNY",
        "应结订单金额": yuan(trade.order_fen),
        "代金券金额": "0.00",
        "商品名称": trade.description,
        "商户数据包": trade.attach,
        "手续费": "0.00000",
        "费率": "0.00%",
        "订单金额": yuan(trade.order_fen),
        ASKED: yuan(trade.refund_fen),
        REMARK: "",
    }
    return known | _refund_cells(trade, ends)


def _refund_cells(trade: Trade, ends: str) -> dict[str, str]:
    arrived = trade.success_at is not None and trade.success_at < ends
    state = "SUCCESS" if arrived else "PROCESSING"
    is_refund = trade.kind == "refund"
    return {
        "退款申请时间": beijing(trade.at),
        "退款成功时间": beijing(trade.success_at or "") if arrived else "",
        "微信退款单号": trade.refund_id,
        "商户退款单号": trade.out_refund_no,
        "退款金额": yuan(trade.refund_fen),
        "充值券退款金额": "0.00",
        "退款类型": "ORIGINAL" if is_refund else "",
        "退款状态": state if is_refund else "",
    }


def _summary(trades: list[Trade]) -> list[str]:
    paid, refunded = (
        yuan(sum(trade.order_fen for trade in trades)),
        yuan(sum(trade.refund_fen for trade in trades)),
    )
    return [str(len(trades)), paid, refunded, "0.00", "0.00000", paid, refunded]
