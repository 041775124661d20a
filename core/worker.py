"""The process that runs the jobs. With `core.jobs` the only place that knows the queue library.

A job whose worker was killed comes back: its heartbeat stops, and the timetable hands it out again;
so does one that the database gave to a worker, or took from it, while it went away (`kept_jobs`).
When the database goes away the worker waits and begins again by itself.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

import procrastinate
from msgspec import Struct
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from psycopg import Error as PsycopgError
from psycopg_pool import PoolTimeout

from core import jobs
from core.clock import now
from core.database import DatabaseGone
from core.kept_jobs import KeptJobs

MAX_ATTEMPTS = 16
LONGEST_WAIT_SECONDS = 600
HEARTBEAT_SECONDS = 3.0
STALLED_SECONDS = 12.0
LOOK_SECONDS = 6.0
GRACE_SECONDS = 15.0

log = logging.getLogger(__name__)


class Regularly(Struct, frozen=True):
    """Something done every so many seconds, in every worker; what it does is safe in many."""

    seconds: float
    action: Callable[[], Awaitable[object]]


async def run_worker(
    handlers: Mapping[str, jobs.Handler],
    *,
    database_url: str,
    timetable: Sequence[Regularly],
    stop: asyncio.Event,
    concurrency: int = 8,
) -> None:
    """Run jobs and the timetable until told to stop; jobs under way are finished first."""
    queue = _queue(handlers, database_url)
    regular = [Regularly(1.0, _hand_over_due), *timetable]
    async with asyncio.TaskGroup() as group:
        clocks = [group.create_task(_keep(entry, stop)) for entry in regular]
        await _work(queue, stop, concurrency)
        for clock in clocks:
            clock.cancel()


class _Backoff(BaseRetryStrategy):
    """2, 4, 8 … seconds, ten minutes at most; a person looks at what failed sixteen times."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts >= MAX_ATTEMPTS:
            return None
        seconds = min(2 ** (job.attempts + 1), LONGEST_WAIT_SECONDS)
        return RetryDecision(retry_in={"seconds": seconds})


def _queue(handlers: Mapping[str, jobs.Handler], database_url: str) -> procrastinate.App:
    conninfo = "postgresql" + database_url[database_url.index("://") :]
    connector = procrastinate.PsycopgConnector(
        conninfo=conninfo, min_size=1, max_size=4, timeout=5.0, reconnect_timeout=5.0
    )
    queue = procrastinate.App(connector=connector)
    for name in handlers:
        queue.task(name=name, retry=_Backoff())(_task(handlers, name))
    return queue


def _task(handlers: Mapping[str, jobs.Handler], name: str) -> Callable[..., Awaitable[None]]:
    async def task(**arguments: str | int) -> None:
        await jobs.run_handler(handlers, name, arguments)

    return task


async def _work(queue: procrastinate.App, stop: asyncio.Event, concurrency: int) -> None:
    while not stop.is_set():
        try:
            async with queue.open_async():
                await _until_stopped(queue, stop, concurrency)
        except (ConnectorException, PsycopgError, PoolTimeout, OSError) as error:
            log.warning("queue_gone", extra={"reason": type(error).__name__})
            await asyncio.sleep(1)


async def _until_stopped(queue: procrastinate.App, stop: asyncio.Event, concurrency: int) -> None:
    kept = KeptJobs()
    work = asyncio.create_task(
        queue.run_worker_async(
            concurrency=concurrency,
            install_signal_handlers=False,
            shutdown_graceful_timeout=GRACE_SECONDS,
            fetch_job_polling_interval=1.0,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
            delete_jobs="successful",
            worker_middleware=[kept.watch],
        )
    )
    stopped = asyncio.create_task(stop.wait())
    stalled = asyncio.create_task(_keep(Regularly(LOOK_SECONDS, _revive(queue, kept)), stop))
    try:
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stalled.cancel()
        stopped.cancel()
        work.cancel()
        await _ended(work)


async def _ended(work: asyncio.Task[None]) -> None:
    try:
        await work
    except asyncio.CancelledError:
        return


def _revive(queue: procrastinate.App, kept: KeptJobs) -> Callable[[], Awaitable[None]]:
    async def revive() -> None:
        manager = queue.job_manager
        stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS)
        for job in [*stalled, *await kept.find(manager)]:
            log.warning("job_stalled", extra={"job": job.task_name, "job_id": job.id})
            if job.attempts < MAX_ATTEMPTS:
                await manager.retry_job(job)
            else:  # whoever takes it dies
                await manager.finish_job(job, status=Status.FAILED, delete_job=False)

    return revive


async def _hand_over_due() -> None:
    await jobs.move_due(at=now())


async def _keep(entry: Regularly, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await entry.action()
        except DatabaseGone:
            log.warning("database_gone")
        except (ConnectorException, PsycopgError, PoolTimeout) as error:
            log.warning("queue_gone", extra={"reason": type(error).__name__})
        except Exception:
            log.exception("timetable_failed")
        await asyncio.sleep(entry.seconds)
