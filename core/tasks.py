"""What only a person can decide, in one queue for every department. 人工待办"""

from datetime import datetime

from core.clock import now
from core.ids import new_id
from core.models import HumanTask


async def raise_task(
    kind: str,
    /,
    *,
    department: str,
    subject: str,
    division: str = "",
    due_at: datetime | None = None,
    dedupe_key: str | None = None,
    **details: str | int,
) -> None:
    """Put a matter before a person, in the caller's transaction; once for one `dedupe_key`.

    `subject` is a plain id such as "fee_order:F2026…"; `details` carry ids and amounts, no names.
    """
    task = HumanTask(
        id=new_id(),
        kind=kind,
        department=department,
        division=division,
        subject=subject,
        details=details,
        dedupe_key=dedupe_key or f"{kind}:{subject}",
        due_at=due_at,
        raised_at=now(),
    )
    await HumanTask.bulk_create([task], ignore_conflicts=True)


async def close_task(task_id: str, *, outcome: str, assignee: str, at: datetime) -> bool:
    """Record how a matter ended; False when somebody closed it before."""
    open_task = HumanTask.filter(id=task_id, closed_at=None)
    return bool(await open_task.update(closed_at=at, outcome=outcome, assignee=assignee))
