"""Bills of transfers: kept, found, moved on, and announced when they are done. 转账单"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from sandbox.clock import moment, rfc3339, stamp
from sandbox.refusals import PayRefusal
from sandbox.wechat_pay.notices import Event, announce
from sandbox.wechat_pay.transfer_courses import course_of
from sandbox.world import World

CONFIRM_WITHIN = timedelta(hours=24)
FINAL = ("SUCCESS", "FAIL", "CANCELLED")
QUERY_ONLY = ("appid", "transfer_remark")


class Bill(Struct):
    """One row of wechat_pay_transfers."""

    mchid: str
    out_bill_no: str
    transfer_bill_no: str
    appid: str
    openid: str
    person: str
    amount_fen: int
    remark: str
    notify_url: str
    request: str
    package_info: str
    state: str
    fail_reason: str
    created_at: str
    updated_at: str
    due_at: str | None = None


def add_bill(world: World, bill: Bill) -> None:
    world.book.write(
        "INSERT INTO wechat_pay_transfers (mchid, out_bill_no, transfer_bill_no, appid, openid,"
        " person, amount_fen, remark, notify_url, request, package_info, state, fail_reason,"
        " created_at, updated_at, due_at) VALUES (:mchid, :out_bill_no, :transfer_bill_no, :appid,"
        " :openid, :person, :amount_fen, :remark, :notify_url, :request, :package_info, :state,"
        " :fail_reason, :created_at, :updated_at, :due_at)",
        **msgspec.structs.asdict(bill),
    )


def find_bill(world: World, mchid: str, out_bill_no: str) -> Bill | None:
    """The bill as it stands now: one nobody confirmed in a day is found failed."""
    close_overdue(world)
    query = "SELECT * FROM wechat_pay_transfers WHERE mchid = ? AND out_bill_no = ?"
    return world.book.find(Bill, query, mchid, out_bill_no)


def find_bill_by_id(world: World, mchid: str, transfer_bill_no: str) -> Bill | None:
    close_overdue(world)
    query = "SELECT * FROM wechat_pay_transfers WHERE mchid = ? AND transfer_bill_no = ?"
    return world.book.find(Bill, query, mchid, transfer_bill_no)


def describe(bill: Bill | None) -> dict[str, Any]:
    """What a query answers and a notice holds."""
    if bill is None:
        raise PayRefusal(404, "NOT_FOUND", "记录不存在")
    known = {
        "mch_id": bill.mchid,
        "out_bill_no": bill.out_bill_no,
        "transfer_bill_no": bill.transfer_bill_no,
        "appid": bill.appid,
        "state": bill.state,
        "transfer_amount": bill.amount_fen,
        "transfer_remark": bill.remark,
        "openid": bill.openid,
        "create_time": rfc3339(bill.created_at),
        "update_time": rfc3339(bill.updated_at),
    }
    return known | {"fail_reason": bill.fail_reason} if bill.fail_reason else known


def confirm(world: World, bill: Bill) -> None:
    """The user took it: the money is on its way, as a rule there at once."""
    course = course_of(world, bill.out_bill_no)
    if course.arriving or course.fail_reason:
        due = world.clock.now() + course.arriving / world.time_scale
        move(world, bill, to="TRANSFERING", due=due)
    else:
        _arrive(world, bill)


def move(
    world: World, bill: Bill, *, to: str, fail_reason: str = "", due: datetime | None = None
) -> None:
    """Change a bill's state; money held for one that fails goes back to the merchant.

    At `due` it goes on by itself.
    """
    with world.book.together():
        world.book.write(
            "UPDATE wechat_pay_transfers SET state = ?, fail_reason = ?, updated_at = ?,"
            " due_at = ? WHERE transfer_bill_no = ?",
            to,
            fail_reason,
            stamp(world.clock.now()),
            stamp(due) if due else None,
            bill.transfer_bill_no,
        )
        if to in ("FAIL", "CANCELLED"):
            world.book.move_merchant(bill.mchid, bill.amount_fen)
        if to in FINAL:
            _announce(world, bill)


def close_overdue(world: World) -> None:
    """Move on what its time moves, and fail what nobody confirmed in a day."""
    due = "SELECT * FROM wechat_pay_transfers WHERE due_at <= ? ORDER BY due_at"
    while found := world.book.find_all(Bill, due, stamp(world.clock.now())):
        for bill in found:
            _go_on(world, bill)
    before = stamp(world.clock.now() - CONFIRM_WITHIN)
    query = (
        "SELECT * FROM wechat_pay_transfers WHERE state = 'WAIT_USER_CONFIRM' AND created_at < ?"
    )
    for bill in world.book.find_all(Bill, query, before):
        move(world, bill, to="FAIL", fail_reason="OVERDUE_CLOSE")


def finish_cancelling(world: World) -> None:
    query = "SELECT * FROM wechat_pay_transfers WHERE state = 'CANCELING'"
    for bill in world.book.find_all(Bill, query):
        move(world, bill, to="CANCELLED", fail_reason="MCH_CANCEL")


def _go_on(world: World, bill: Bill) -> None:
    """ACCEPTED, PROCESSING, WAIT_USER_CONFIRM; and TRANSFERING, then its end."""
    course = course_of(world, bill.out_bill_no)
    if bill.state == "ACCEPTED":
        due = moment(bill.due_at or bill.created_at) + course.half_the_queue / world.time_scale
        move(world, bill, to="PROCESSING", due=due)
    elif bill.state == "PROCESSING":
        move(world, bill, to="WAIT_USER_CONFIRM")
    elif course.fail_reason:
        move(world, bill, to="FAIL", fail_reason=course.fail_reason)
    else:
        _arrive(world, bill)


def _arrive(world: World, bill: Bill) -> None:
    """Their balance grows, and the merchant is told."""
    with world.book.together():
        world.book.put(bill.person, "wechat", bill.amount_fen)
        move(world, bill, to="SUCCESS")


def _announce(world: World, bill: Bill) -> None:
    query = "SELECT * FROM wechat_pay_transfers WHERE transfer_bill_no = ?"
    known = describe(world.book.find(Bill, query, bill.transfer_bill_no))
    event = Event(
        type="MCHTRANSFER.BILL.FINISHED",
        original_type="mch_payment",
        summary="商家转账单据终态通知",
        number=bill.out_bill_no,
        url=bill.notify_url,
    )
    told = {name: value for name, value in known.items() if name not in QUERY_ONLY}
    announce(world, world.merchants[bill.mchid], event, told)
