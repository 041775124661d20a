"""What of payments and payouts waits for a person: a view of the one human queue. 差错"""

from uuid import UUID

from core.models import HumanTask
from core.tasks import Desk
from identity.callers import OperatorCaller


async def list_exceptions(
    *, operator: OperatorCaller, after: UUID | None, limit: int
) -> list[HumanTask]:
    """Open exceptions of an operator's desk, newest first."""
    desk = Desk(operator.department, operator.division)
    found = desk.tasks().filter(kind__startswith="payments.", closed_at=None)
    if after is not None:
        found = found.filter(id__lt=after)
    return await found.order_by("-id").limit(limit)
