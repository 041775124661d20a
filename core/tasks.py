"""What only a person can decide, in one queue for every department. 人工待办

A task belongs to a department and a division; one without a division, to the whole department.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from tortoise.expressions import Q, RawSQL
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import audit, jobs
from core.clock import now
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.models import HumanTask


class TaskOutcome(StrEnum):
    """How a matter ended. A code and no free text, so that no personal data comes to stand here."""

    RESOLVED = "resolved"  # 已处理
    NOT_NEEDED = "not_needed"  # 无需处理
    REFERRED = "referred"  # 已转其他部门


class TaskNotFound(NotFound):
    code = "core.task_not_found"
    message = "没有找到该待办事项"


class TaskClosed(Conflict):
    code = "core.task_closed"
    message = "该待办事项已经办结"


class Desk(Struct, frozen=True):
    """Whose tasks: a department, and a division with all that lies inside it."""

    department: str
    division: str

    def tasks(self) -> QuerySet[HumanTask]:
        inside = Q(division__startswith=self.division) | Q(division="")
        return HumanTask.filter(inside, department=self.department)


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


async def list_tasks(
    desk: Desk, *, after: UUID | None = None, among_closed: bool = False, limit: int
) -> list[HumanTask]:
    """The open tasks of a desk, newest first, and after them the closed ones, newest first.

    `after` is where the last piece ended, and `among_closed` whether a closed task stood there:
    what was closed in the meantime is shown again, and nothing is passed over.
    """
    found = desk.tasks().annotate(ended=RawSQL("(closed_at IS NOT NULL)"))
    ended = Q(closed_at__isnull=False)
    if after is not None:
        older = Q(id__lt=after)
        found = found.filter(ended & older if among_closed else ended | older)
    return await found.order_by("ended", "-id").limit(limit)


async def close_task(
    task_id: UUID, *, desk: Desk, outcome: TaskOutcome, actor: str, at: datetime
) -> HumanTask:
    """Record how a matter ended and who said so: once, whoever else tries. 办结

    What was waiting for that decision goes on by a job.
    """
    async with in_transaction():
        waiting = desk.tasks().filter(id=task_id, closed_at=None)
        closed = await waiting.update(closed_at=at, outcome=outcome, assignee=actor)
        task = await desk.tasks().get_or_none(id=task_id)
        if task is None:
            raise TaskNotFound(task_id=task_id)
        if not closed:
            raise TaskClosed(task_id=task_id, outcome=task.outcome)
        await audit.record(actor, "task.close", f"task:{task_id}", outcome=outcome)
        await jobs.enqueue("core.task_closed", task_id=str(task_id))
    return task
