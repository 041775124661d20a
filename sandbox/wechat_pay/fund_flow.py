"""The fund flow bill: each change of a merchant's balance on one day. 资金账单"""

from datetime import date

from msgspec import Struct

from sandbox.clock import beijing, stamp
from sandbox.refusals import PayRefusal
from sandbox.wechat_pay.sheets import columns_of, day_in_china, sheet, yuan
from sandbox.world import MERCHANT_STARTS_WITH_FEN, World

COLUMNS = columns_of(
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,"
    "账户结余（元）,资金变更提交申请人,备注,业务凭证号"
)
SUMMARY = columns_of("资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额")
FLOW = """
    WITH flow (at, number, name, amount_fen, applicant, remark, voucher) AS (
        SELECT paid_at, transaction_id, '交易', amount_fen, 'system', '', out_trade_no
        FROM wechat_pay_orders WHERE mchid = ?1 AND state = 'SUCCESS'
        UNION ALL
        SELECT created_at, refund_id, '退款', -amount_fen, mchid || 'API', reason, out_refund_no
        FROM wechat_pay_refunds WHERE mchid = ?1
        UNION ALL
        SELECT ended_at, refund_id, '退款', amount_fen, 'system', '退款关闭', out_refund_no
        FROM wechat_pay_refunds WHERE mchid = ?1 AND status = 'CLOSED'
        UNION ALL
        SELECT created_at, transfer_bill_no, '商家转账', -amount_fen, mchid || 'API', remark,
               out_bill_no
        FROM wechat_pay_transfers WHERE mchid = ?1
        UNION ALL
        SELECT updated_at, transfer_bill_no, '商家转账退回', amount_fen, 'system', fail_reason,
               out_bill_no
        FROM wechat_pay_transfers WHERE mchid = ?1 AND state IN ('FAIL', 'CANCELLED')
        UNION ALL
        SELECT made_at, 'W' || id, '提现', -amount_fen, mchid, '', 'W' || id
        FROM wechat_pay_withdrawals WHERE mchid = ?1
    ), balanced AS (
        SELECT *, ?4 + sum(amount_fen) OVER (
            ORDER BY at, number, amount_fen ROWS UNBOUNDED PRECEDING
        ) AS balance_fen
        FROM flow
    )
    SELECT * FROM balanced WHERE at >= ?2 AND at < ?3 ORDER BY at, number, amount_fen
"""


class Move(Struct, frozen=True):
    """Money in when positive, out when negative, and what was there afterwards."""

    at: str
    number: str
    name: str
    amount_fen: int
    applicant: str
    remark: str
    voucher: str
    balance_fen: int


def content(world: World, mchid: str, on: date) -> bytes | None:
    """The bill of the basic account, or None when no money moved that day."""
    begins, ends = day_in_china(on)
    moves = world.book.find_all(Move, FLOW, mchid, begins, ends, MERCHANT_STARTS_WITH_FEN)
    if not moves:
        return None
    return sheet(COLUMNS, [_cells(move) for move in moves], SUMMARY, _summary(moves))


def withdraw(world: World, mchid: str, amount_fen: int) -> None:
    """The merchant draws money into its bank account: a way to have not enough for a refund."""
    with world.book.together():
        if not world.book.move_merchant(mchid, -amount_fen):
            raise PayRefusal(403, "NOT_ENOUGH", "可用余额不足")
        world.book.write(
            "INSERT INTO wechat_pay_withdrawals (mchid, amount_fen, made_at) VALUES (?, ?, ?)",
            mchid,
            amount_fen,
            stamp(world.clock.now()),
        )


def _cells(move: Move) -> list[str]:
    return [
        beijing(move.at),
        move.number,
        move.number,
        move.name,
        move.name,
        "收入" if move.amount_fen > 0 else "支出",
        yuan(abs(move.amount_fen)),
        yuan(move.balance_fen),
        move.applicant,
        move.remark,
        move.voucher,
    ]


def _summary(moves: list[Move]) -> list[str]:
    received = [move.amount_fen for move in moves if move.amount_fen > 0]
    spent = [-move.amount_fen for move in moves if move.amount_fen < 0]
    return [
        str(len(moves)),
        str(len(received)),
        yuan(sum(received)),
        str(len(spent)),
        yuan(sum(spent)),
    ]
