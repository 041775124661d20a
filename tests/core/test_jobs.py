import asyncio
from datetime import timedelta

import pytest
from tortoise import connections
from tortoise.transactions import in_transaction

from core import jobs
from core.models import JobKey
from tests.conftest import AT

pytestmark = pytest.mark.usefixtures("db")


class Recorder:
    """A handler that remembers what it was called with."""

    def __init__(self) -> None:
        self.calls: list[dict[str, str | int]] = []

    async def __call__(self, **arguments: str | int) -> None:
        self.calls.append(arguments)


class TestEnqueue:
    async def test_runs_with_its_arguments(self) -> None:
        work = Recorder()

        await jobs.enqueue("greet", name="王桂兰", times=2)
        await jobs.run_due({"greet": work}, at=AT)

        assert work.calls == [{"name": "王桂兰", "times": 2}]

    async def test_is_gone_with_the_transaction_that_asked(self) -> None:
        """Dies in the middle: no consequence without its commit."""

        async def ask_and_fail() -> None:
            async with in_transaction():
                await jobs.enqueue("greet", dedupe_key="once")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await ask_and_fail()

        assert await jobs.run_due({"greet": Recorder()}, at=AT) == 0
        assert await JobKey.all().count() == 0

    async def test_asked_twice_at_once_under_one_key_runs_once(self) -> None:
        """At the same moment as another."""
        work = Recorder()

        await asyncio.gather(*(jobs.enqueue("greet", dedupe_key="once") for _ in range(8)))
        await jobs.run_due({"greet": work}, at=AT)
        await jobs.enqueue("greet", dedupe_key="once")
        await jobs.run_due({"greet": work}, at=AT)

        assert len(work.calls) == 1

    async def test_a_key_is_forgotten_after_half_a_year(self) -> None:
        for age in ("179 days", "181 days"):
            await jobs.enqueue("greet", dedupe_key=age)
            await connections.get("default").execute_query(
                "UPDATE core_job_key SET created_at = now() - key::interval WHERE key = $1", [age]
            )

        await jobs.forget_keys()

        assert await JobKey.all().values_list("key", flat=True) == ["179 days"]

    async def test_waits_for_its_time(self) -> None:
        work, later = Recorder(), AT + timedelta(minutes=5)

        await jobs.enqueue("greet", run_at=later, n=1)
        await jobs.enqueue("greet", run_at=later, dedupe_key="later", n=2)
        await jobs.enqueue("greet", run_at=later, dedupe_key="later", n=3)
        early = await jobs.run_due({"greet": work}, at=AT)
        await jobs.run_due({"greet": work}, at=later)

        assert early == 0
        assert sorted(call["n"] for call in work.calls) == [1, 2]

    async def test_due_jobs_are_handed_over_once_by_many_at_once(self) -> None:
        work = Recorder()
        for n in range(20):
            await jobs.enqueue("greet", run_at=AT, n=n)

        moved = await asyncio.gather(*(jobs.move_due(at=AT) for _ in range(8)))
        await jobs.run_due({"greet": work}, at=AT)

        assert sum(moved) == 20
        assert sorted(call["n"] for call in work.calls) == list(range(20))

    async def test_due_jobs_run_in_the_order_of_their_time(self) -> None:
        work = Recorder()
        for n in reversed(range(20)):
            await jobs.enqueue("greet", run_at=AT + timedelta(seconds=n // 2), n=n)

        await jobs.run_due({"greet": work}, at=AT + timedelta(minutes=1))

        assert [call["n"] // 2 for call in work.calls] == [n // 2 for n in range(20)]

    async def test_that_fails_goes_back_to_the_queue(self) -> None:
        async def fail() -> None:
            raise RuntimeError

        await jobs.enqueue("greet")
        with pytest.raises(RuntimeError):
            await jobs.run_due({"greet": fail}, at=AT)

        work = Recorder()
        assert await jobs.run_due({"greet": work}, at=AT) == 1

    async def test_behind_one_that_fails_goes_back_to_the_queue_too(self) -> None:
        work = Recorder()

        async def fail() -> None:
            raise ZeroDivisionError

        await jobs.enqueue("fail")
        await jobs.enqueue("greet")
        with pytest.raises(ZeroDivisionError):
            await jobs.run_due({"fail": fail, "greet": work}, at=AT)
        again = await jobs.run_due({"fail": work, "greet": work}, at=AT)

        assert (again, len(work.calls)) == (2, 2)


class TestWake:
    async def test_leaves_one_job_waiting_for_many_at_once(self) -> None:
        work = Recorder()

        await asyncio.gather(*(jobs.wake("sweep") for _ in range(8)))
        await jobs.run_due({"sweep": work}, at=AT)

        assert work.calls == [{}]

    async def test_asked_while_the_job_runs_leaves_another(self) -> None:
        work = Recorder()

        async def sweep() -> None:
            await work()
            if len(work.calls) == 1:
                await jobs.wake("sweep")

        await jobs.wake("sweep")
        await jobs.run_due({"sweep": sweep}, at=AT)
        await jobs.run_due({"sweep": sweep}, at=AT)

        assert len(work.calls) == 2

    async def test_the_job_waits_for_whoever_found_it_waiting(self) -> None:
        """At the same moment as another: a row added under a waiting wake-up is never missed."""
        await jobs.wake("sweep")
        go, started = asyncio.Event(), asyncio.Event()

        async def sweep() -> None:
            started.set()

        async def run() -> None:  # begun outside the transaction, or it would share it
            await go.wait()
            await jobs.run_due({"sweep": sweep}, at=AT)

        runner = asyncio.create_task(run())
        async with in_transaction():
            await jobs.wake("sweep")
            go.set()
            await asyncio.sleep(0.2)
            assert not started.is_set()
        await runner

        assert started.is_set()
