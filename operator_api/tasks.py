from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from core import tasks
from core.clock import now
from core.tasks import Desk, TaskClosed, TaskNotFound, TaskOutcome
from identity.callers import OperatorCaller
from web.pages import DEFAULT_LIMIT, BadCursor, Cursor, Limit, Page, Pages
from web.views import View


class TaskView(View, frozen=True):
    """A matter for a person. `subject` and `details` are ids, codes and amounts, never names."""

    id: UUID
    kind: str
    department: str
    division: str
    subject: str
    details: dict[str, str | int]
    raised_at: datetime
    due_at: datetime | None
    assignee: str | None
    outcome: str | None
    closed_at: datetime | None


class ClosureRequest(Struct, frozen=True, forbid_unknown_fields=True):
    outcome: TaskOutcome


class TaskController(Controller):
    """待办: what waits for a person of the operator's department and division."""

    path = "/tasks"
    tags = ["人工待办"]

    @get(
        summary="人工待办",
        description="本部门、本区划需要人工处理的事项：未办结的在前，已办结的在后，均按时间倒序。",
        errors=(BadCursor,),
    )
    async def many(
        self,
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[TaskView]:
        desk = _desk(operator)
        after, among_closed = _place(pages, cursor, desk)
        rows = await tasks.list_tasks(desk, after=after, among_closed=among_closed, limit=limit + 1)
        ended = len(rows) >= limit and rows[limit - 1].closed_at is not None
        return pages.page(rows, TaskView.of, limit=limit, of=_part(desk, ended))

    @post(
        "/{task_id:uuid}/closure",
        status_code=200,
        summary="办结待办",
        description="写明处理结果并办结：`resolved` 已处理，`not_needed` 无需处理，"
        "`referred` 已转其他部门。每件事项只能办结一次，留有审计记录。",
        example={"outcome": "resolved"},
        errors=(TaskNotFound, TaskClosed),
    )
    async def close(
        self,
        task_id: FromPath[UUID],
        data: JSONBody[ClosureRequest],
        operator: NamedDependency[OperatorCaller],
    ) -> TaskView:
        task = await tasks.close_task(
            task_id, desk=_desk(operator), outcome=data.outcome, actor=operator.actor(), at=now()
        )
        return TaskView.of(task)


def _desk(operator: OperatorCaller) -> Desk:
    return Desk(operator.department, operator.division)


def _place(pages: Pages, cursor: str | None, desk: Desk) -> tuple[UUID | None, bool]:
    """Where a page begins: a cursor is good for the open part of the list, or for the closed."""
    try:
        return pages.after(cursor, of=_part(desk, False)), False
    except BadCursor:
        return pages.after(cursor, of=_part(desk, True)), True


def _part(desk: Desk, ended: bool) -> str:
    return f"tasks_{'closed' if ended else 'open'}:{desk.department}:{desk.division}"
