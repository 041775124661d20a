"""The worker on a real queue: it runs, tries again, and takes up what a killed one left."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from tortoise import connections
from tortoise.transactions import in_transaction

from app.embedded.postgres import EmbeddedPostgres
from core import jobs, worker
from core.models import HumanTask
from core.worker import run_worker

pytestmark = pytest.mark.usefixtures("db")


@asynccontextmanager
async def working(
    postgres: EmbeddedPostgres, handlers: dict[str, jobs.Handler]
) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(
        run_worker(handlers, database_url=postgres.url(), timetable=(), stop=stop)
    )
    try:
        yield
    finally:
        stop.set()
        await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)


async def test_runs_what_was_asked_for(postgres: EmbeddedPostgres) -> None:
    seen: list[int] = []

    async def note(n: int) -> None:
        seen.append(n)

    async with working(postgres, {"note": note}):
        await jobs.enqueue("note", n=1)
        await until(lambda: seen == [1])


async def test_a_job_that_failed_is_tried_again(postgres: EmbeddedPostgres) -> None:
    """Happens again."""
    tries: list[int] = []

    async def fail_once() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError

    async with working(postgres, {"fail_once": fail_once}):
        await jobs.enqueue("fail_once")
        await until(lambda: len(tries) == 2)


async def test_a_killed_workers_job_comes_back(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dies in the middle: the job was taken by a worker whose heartbeat stopped (I10)."""
    monkeypatch.setattr(worker, "STALLED_SECONDS", 0.5)
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.2)
    seen: list[int] = []

    async def note() -> None:
        seen.append(1)

    await jobs.enqueue("note")
    await connections.get("default").execute_script(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour');"
        "UPDATE procrastinate_jobs SET status = 'doing',"
        " worker_id = (SELECT max(id) FROM procrastinate_workers)"
    )

    async with working(postgres, {"note": note}):
        await until(lambda: seen == [1])


async def test_a_job_that_a_living_worker_holds_and_does_not_do_comes_back(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I10: the database went away as it handed the job out, or before its end was written down.

    One that is long at work is left alone.
    """
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.3)
    seen: list[int] = []

    async def note(n: int) -> None:
        seen.append(n)
        await asyncio.sleep(1.5 if n == 1 else 0)

    async with working(postgres, {"note": note}):
        await jobs.enqueue("note", n=1)
        await until(lambda: seen == [1])
        async with in_transaction() as connection:
            await jobs.enqueue("note", n=2)
            await connection.execute_query(
                "UPDATE procrastinate_jobs SET status = 'doing',"
                " worker_id = (SELECT max(id) FROM procrastinate_workers) WHERE status = 'todo'"
            )
        await until(lambda: len(seen) > 1)

    assert seen == [1, 2]


async def test_a_job_that_kills_whoever_takes_it_is_given_up_in_the_end(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I10: handed out for ever it would take every worker with it."""
    monkeypatch.setattr(worker, "STALLED_SECONDS", 0.5)
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.2)
    taken: list[int] = []

    async def deadly() -> None:
        taken.append(1)

    await jobs.enqueue("deadly")
    await connections.get("default").execute_script(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour');"
        "UPDATE procrastinate_jobs SET status = 'doing', attempts = 99,"
        " worker_id = (SELECT max(id) FROM procrastinate_workers)"
    )

    async with working(postgres, {"deadly": deadly}), asyncio.timeout(20):
        while await statuses() == ["doing"]:
            await asyncio.sleep(0.05)

    assert (await statuses(), taken) == (["failed"], [])


async def test_a_job_that_is_not_tried_any_more_is_put_before_a_person_once(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given up after its last try, or unknown to this release: nothing is lost quietly."""
    monkeypatch.setattr(worker, "MAX_ATTEMPTS", 0)

    async def fail(**_: object) -> None:
        raise ConnectionError

    await jobs.enqueue("fail", reference="E-1")
    await jobs.enqueue("of_another_release")
    async with working(postgres, {"fail": fail}), asyncio.timeout(20):
        while await statuses() != ["failed", "failed"]:
            await asyncio.sleep(0.05)

    assert [await jobs.report_given_up(department="platform") for _ in range(2)] == [2, 0]
    tasks = await HumanTask.all().order_by("id")
    assert [(task.kind, task.department) for task in tasks] == [("core.job_failed", "platform")] * 2
    assert tasks[0].details["name"] == "fail"
    assert '"E-1"' in str(tasks[0].details["arguments"])


async def statuses() -> list[str]:
    rows = await connections.get("default").execute_query_dict(
        "SELECT status FROM procrastinate_jobs ORDER BY id"
    )
    return [row["status"] for row in rows]
