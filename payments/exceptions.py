"""What of payments and payouts waits for a person: a view of the one human queue. 差错"""

from uuid import UUID

from core.models import HumanTask
from identity.callers import OperatorCaller


async def list_exceptions(
    *, operator: OperatorCaller, after: UUID | None, limit: int
) -> list[HumanTask]:
    """Open exceptions of an operator's department and division, newest first."""
    found = HumanTask.filter(
        kind__startswith="payments.",
        department=operator.department,
        division__startswith=operator.division,
        closed_at=None,
    )
    if after is not None:
        found = found.filter(id__lt=after)
    return await found.order_by("-id").limit(limit)
