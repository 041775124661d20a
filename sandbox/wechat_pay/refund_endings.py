"""How refunds end, by themselves and on demand, and what the merchant hears of it. 退款结果"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from sandbox.clock import rfc3339, stamp
from sandbox.posting import EVERYTHING
from sandbox.wechat_pay.notices import Event, announce
from sandbox.world import World

NOT_YET = "PROCESSING"
Ending = Literal["SUCCESS", "ABNORMAL", "CLOSED", "PROCESSING"]
SAID = {"SUCCESS": "退款成功", "ABNORMAL": "退款异常", "CLOSED": "退款关闭"}
TO_WALLET = "ORIGINAL"


class Refund(Struct):
    """One row of wechat_pay_refunds."""

    mchid: str
    out_refund_no: str
    refund_id: str
    transaction_id: str
    out_trade_no: str
    person: str
    amount_fen: int
    total_fen: int
    reason: str
    notify_url: str
    funds_account: str
    channel: str
    received_account: str
    status: str
    created_at: str
    due_at: str
    ends_as: str | None = None
    ended_at: str | None = None
    success_at: str | None = None

    def amounts(self) -> dict[str, int]:
        """The four that answers and callbacks both tell."""
        return {
            "total": self.total_fen,
            "refund": self.amount_fen,
            "payer_total": self.total_fen,
            "payer_refund": self.amount_fen,
        }


def add_refund(world: World, refund: Refund) -> None:
    world.book.write(
        "INSERT INTO wechat_pay_refunds (mchid, out_refund_no, refund_id, transaction_id,"
        " out_trade_no, person, amount_fen, total_fen, reason, notify_url, funds_account, channel,"
        " received_account, status, created_at, due_at, ends_as, ended_at, success_at)"
        " VALUES (:mchid, :out_refund_no, :refund_id, :transaction_id, :out_trade_no, :person,"
        " :amount_fen, :total_fen, :reason, :notify_url, :funds_account, :channel,"
        " :received_account, :status, :created_at, :due_at, :ends_as, :ended_at, :success_at)",
        **msgspec.structs.asdict(refund),
    )


def set_ending(world: World, number: str, ending: Ending) -> None:
    """How the refund of this out_refund_no will end; `*` is every one without its own word.

    `PROCESSING` is none: it stays so, and nothing is told of it, until another word is given.
    """
    world.book.write(
        "INSERT INTO wechat_pay_refund_endings (number, ending) VALUES (?, ?)"
        " ON CONFLICT (number) DO UPDATE SET ending = excluded.ending",
        number,
        ending,
    )


def finish_refunds(world: World) -> None:
    """End what is due, at the moment it was due."""
    query = (
        "SELECT * FROM wechat_pay_refunds WHERE status = 'PROCESSING' AND due_at <= ?"
        " ORDER BY due_at"
    )
    for refund in world.book.find_all(Refund, query, stamp(world.clock.now())):
        with world.book.together():
            ending = _ending(world, refund)
            if ending != NOT_YET:
                _end(world, refund, ending)


def _ending(world: World, refund: Refund) -> str:
    if refund.ends_as:
        return refund.ends_as
    query = (
        "SELECT ending FROM wechat_pay_refund_endings WHERE number IN (?, ?) ORDER BY number DESC"
    )
    asked = world.book.row(query, refund.out_refund_no, EVERYTHING)
    return str(asked["ending"]) if asked else "SUCCESS"


def _end(world: World, refund: Refund, ending: str) -> None:
    """Success pays the payer, closing pays the merchant back; in between it lies with us."""
    success_at = refund.due_at if ending == "SUCCESS" else None
    world.book.write(
        "UPDATE wechat_pay_refunds SET status = ?, ended_at = ?, success_at = ?"
        " WHERE refund_id = ?",
        ending,
        refund.due_at,
        success_at,
        refund.refund_id,
    )
    if ending == "SUCCESS" and refund.channel == TO_WALLET:
        world.book.put(refund.person, "wechat", refund.amount_fen)
    if ending == "CLOSED":
        world.book.move_merchant(refund.mchid, refund.amount_fen)
    event = Event(
        type=f"REFUND.{ending}",
        original_type="refund",
        summary=SAID[ending],
        number=refund.out_refund_no,
        url=refund.notify_url,
    )
    announce(world, world.merchants[refund.mchid], event, _told(refund, ending, success_at))


def _told(refund: Refund, ending: str, success_at: str | None) -> dict[str, Any]:
    """The state is called `refund_status` here and `status` in an answer."""
    told = {
        "mchid": refund.mchid,
        "transaction_id": refund.transaction_id,
        "out_trade_no": refund.out_trade_no,
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "refund_status": ending,
        "user_received_account": refund.received_account,
        "amount": refund.amounts(),
    }
    return told | {"success_time": rfc3339(success_at)} if success_at else told
