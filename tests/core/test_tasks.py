import asyncio

import pytest

from core.ids import new_id
from core.models import AuditEntry, HumanTask
from core.tasks import (
    Desk,
    TaskClosed,
    TaskNotFound,
    TaskOutcome,
    close_task,
    list_tasks,
    raise_task,
)
from tests.conftest import AT

pytestmark = pytest.mark.usefixtures("db")

DESK = Desk("330199-finance", "330199")
DONE = TaskOutcome.RESOLVED


async def task(
    subject: str, *, department: str = DESK.department, division: str = "330199"
) -> HumanTask:
    await raise_task("test.odd", department=department, division=division, subject=subject)
    return await HumanTask.get(subject=subject)


async def close(given: HumanTask, desk: Desk = DESK, outcome: TaskOutcome = DONE) -> HumanTask:
    return await close_task(given.id, desk=desk, outcome=outcome, actor="operator:1", at=AT)


async def subjects(desk: Desk = DESK) -> list[str]:
    return [row.subject for row in await list_tasks(desk, limit=100)]


class TestRaiseTask:
    async def test_the_same_matter_is_raised_once(self) -> None:
        for amount_fen in (1, 2):
            await raise_task(
                "test.odd", department="d", subject="s", due_at=AT, amount_fen=amount_fen
            )

        assert [row.details for row in await HumanTask.all()] == [{"amount_fen": 1}]


class TestListTasks:
    async def test_open_ones_come_first_and_the_newest_of_each_before_the_older(self) -> None:
        first, _, third, _ = [await task(subject) for subject in "abcd"]
        await close(first)
        await close(third)

        assert await subjects() == ["d", "b", "c", "a"]

    async def test_a_desk_sees_its_division_with_all_inside_and_what_has_none(self) -> None:
        """Department and division scope every query of operators."""
        await task("inside", division="330199001")
        await task("whole department", division="")
        await task("beside", division="330198")
        await task("above", division="3301")
        await task("elsewhere", department="330199-health")

        assert sorted(await subjects()) == ["inside", "whole department"]
        assert await subjects(Desk(DESK.department, "330198")) == ["beside", "whole department"]


class TestCloseTask:
    async def test_records_how_it_ended_and_who_said_so(self) -> None:
        closed = await close(await task("a"), outcome=TaskOutcome.REFERRED)

        entry = await AuditEntry.get()
        assert (closed.outcome, closed.assignee, closed.closed_at) == ("referred", "operator:1", AT)
        assert (entry.action, entry.subject) == ("task.close", f"task:{closed.id}")
        assert entry.details == {"outcome": "referred"}

    async def test_of_many_at_once_one_closes_it(self) -> None:
        given = await task("a")

        ended = await asyncio.gather(*(close(given) for _ in range(6)), return_exceptions=True)

        assert sum(isinstance(one, HumanTask) for one in ended) == 1
        assert sum(isinstance(one, TaskClosed) for one in ended) == 5
        assert await AuditEntry.all().count() == 1

    async def test_what_is_not_the_desks_is_not_found(self) -> None:
        """B25"""
        given = await task("a")
        strangers = [Desk("330199-health", "330199"), Desk(DESK.department, "330198")]

        for desk in strangers:
            with pytest.raises(TaskNotFound):
                await close(given, desk)
        with pytest.raises(TaskNotFound):
            await close(HumanTask(id=new_id()))
        await given.refresh_from_db()
        assert given.closed_at is None
