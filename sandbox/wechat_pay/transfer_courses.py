"""How a transfer goes on, on demand: not at once, slowly, or to a failure. 转账进程"""

from datetime import timedelta

from msgspec import Struct

from sandbox.posting import EVERYTHING
from sandbox.world import World


class Course(Struct, frozen=True):
    """How long a bill is accepted and processed before its payee is asked, how long the money is
    on its way after they confirmed, and why it then does not arrive, if it does not.
    """

    queued_seconds: float = 0
    arriving_seconds: float = 0
    fail_reason: str = ""

    @property
    def half_the_queue(self) -> timedelta:
        """One half is spent ACCEPTED, the other PROCESSING."""
        return timedelta(seconds=self.queued_seconds / 2)

    @property
    def arriving(self) -> timedelta:
        return timedelta(seconds=self.arriving_seconds)


def set_course(world: World, number: str, course: Course) -> None:
    """How the bill of this out_bill_no goes on; `*` is every one without its own word."""
    world.book.write(
        "INSERT OR REPLACE INTO wechat_pay_transfer_courses"
        " (number, queued_seconds, arriving_seconds, fail_reason) VALUES (?, ?, ?, ?)",
        number,
        course.queued_seconds,
        course.arriving_seconds,
        course.fail_reason,
    )


def course_of(world: World, out_bill_no: str) -> Course:
    query = (
        "SELECT queued_seconds, arriving_seconds, fail_reason FROM wechat_pay_transfer_courses"
        " WHERE number IN (?, ?) ORDER BY number DESC"
    )
    return world.book.find(Course, query, out_bill_no, EVERYTHING) or Course()
