"""Durable jobs, asked for in the transaction of the change that wants them. 后台任务

A job is a row: no commit without its consequences, no consequence without its commit. A job may run
more than once, so its handler finds what the last try left and goes on. procrastinate is the queue;
only this module and the worker in `app` know it. It goes by the database's clock, so due times
are rows of our own, judged with the `at` that is passed in.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from tortoise import connections
from tortoise.backends.base.client import BaseDBAsyncClient

from core import tasks
from core.ids import new_id

Handler = Callable[..., Awaitable[object]]

log = logging.getLogger(__name__)

_WAKE = "_wake"

_DEFER = """
SELECT procrastinate_defer_jobs_v1(ARRAY[
    ROW('default', {name}, 0, NULL, NULL, {arguments}, NULL)::procrastinate_job_to_defer_v1
])"""
_FRESH_KEY = """
WITH fresh AS (
    INSERT INTO core_job_key (key, created_at) VALUES ($3, now()) ON CONFLICT DO NOTHING RETURNING
    key
)"""
_NOW = _DEFER.format(name="$1", arguments="$2::jsonb")
_NOW_ONCE = f"{_FRESH_KEY} {_NOW} FROM fresh"
_LATER = """
INSERT INTO core_due_job (id, name, arguments, due_at)
SELECT {id}, {name}, {arguments}, {due_at}"""
_TAKE_DUE = """
WITH due AS (
    DELETE FROM core_due_job WHERE id IN (
        SELECT id FROM core_due_job WHERE due_at <= $1 ORDER BY due_at, id LIMIT 500
        FOR UPDATE SKIP LOCKED
    ) RETURNING id, name, arguments, due_at
), asked AS (
    SELECT procrastinate_defer_jobs_v1(array_agg(
        ROW('default', name, 0, NULL, NULL, arguments, NULL)::procrastinate_job_to_defer_v1
        ORDER BY due_at, id
    )) FROM due HAVING count(*) > 0
)
SELECT count(*) AS moved FROM due, (SELECT count(*) FROM asked) AS run"""

KEYS_KEPT_DAYS = 180
_FORGET_KEYS = """
DELETE FROM core_job_key WHERE key IN (
    SELECT key FROM core_job_key WHERE created_at < now() - make_interval(days => $1) LIMIT $2
)"""
_FORGOTTEN_AT_ONCE = 5_000

_GIVEN_UP = """
SELECT id, task_name, args, attempts FROM procrastinate_jobs AS job
WHERE status IN ('failed', 'aborted') AND NOT EXISTS (
    SELECT 1 FROM core_human_task WHERE dedupe_key = 'core.job_failed:job:' || job.id
) ORDER BY id LIMIT 100"""


async def enqueue(
    name: str,
    /,
    *,
    dedupe_key: str | None = None,
    run_at: datetime | None = None,
    **arguments: str | int,
) -> None:
    """Ask for a job, in the transaction that is open.

    With a `dedupe_key`, asking twice is asking once, for half a year; who asks later than that
    meets a handler that finds the job done. With a `run_at`, not before then.
    """
    text = json.dumps(arguments)
    if run_at is not None:
        await _enqueue_later(name, text, run_at, dedupe_key)
    elif dedupe_key is not None:
        await _connection().execute_query_dict(_NOW_ONCE, [name, text, dedupe_key])
    else:
        await _connection().execute_query_dict(_NOW, [name, text])


async def wake(name: str) -> None:
    """See that a job which works off a list runs after this commit; at most one is left waiting.

    Whoever finds the waiting job's key holds it shared until its own commit; the job deletes the
    key before it reads the list, and so waits for them and misses no row.
    """
    key = f"{_WAKE}:{name}"
    for _ in range(3):
        if await _connection().execute_query_dict(
            "SELECT 1 FROM core_job_key WHERE key = $1 FOR KEY SHARE", [key]
        ):
            return
        text = json.dumps({_WAKE: 1})
        if await _connection().execute_query_dict(_NOW_ONCE, [name, text, key]):
            return


async def move_due(*, at: datetime) -> int:
    """Hand the jobs whose time has come to the queue; say how many. Safe in many processes."""
    rows = await _connection().execute_query_dict(_TAKE_DUE, [at])
    return int(rows[0]["moved"])


async def forget_keys() -> None:
    """Drop some of the keys that nobody asks under any more. They go by the database's clock."""
    await _connection().execute_query(_FORGET_KEYS, [KEYS_KEPT_DAYS, _FORGOTTEN_AT_ONCE])


async def report_given_up(*, department: str) -> int:
    """Put each job that is not tried any more before a person, once; say how many are new."""
    rows = await _connection().execute_query_dict(_GIVEN_UP)
    for row in rows:
        await tasks.raise_task(
            "core.job_failed",
            department=department,
            subject=f"job:{row['id']}",
            name=row["task_name"],
            arguments=row["args"],
            attempts=row["attempts"],
        )
    return len(rows)


async def run_handler(
    handlers: Mapping[str, Handler], name: str, arguments: Mapping[str, str | int]
) -> None:
    """Run one job by name, as the worker does."""
    given = dict(arguments)
    if given.pop(_WAKE, None):
        await _connection().execute_query(
            "DELETE FROM core_job_key WHERE key = $1", [f"{_WAKE}:{name}"]
        )
    await handlers[name](**given)


async def run_due(handlers: Mapping[str, Handler], *, at: datetime, limit: int = 100) -> int:
    """Run what waits, once each, in this process; say how many ran. For tests and tools.

    A job that fails goes back to the queue with those behind it, and its exception goes to the
    caller.
    """
    await move_due(at=at)
    rows = await _connection().execute_query_dict(
        "UPDATE procrastinate_jobs SET status = 'doing' WHERE id IN ("
        " SELECT id FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id LIMIT $1"
        " FOR UPDATE SKIP LOCKED) RETURNING id, task_name, args",
        [limit],
    )
    try:
        for row in sorted(rows, key=lambda row: int(row["id"])):
            await _run_row(handlers, row)
    finally:  # after a failure: those behind it were not begun
        await _connection().execute_query(
            "UPDATE procrastinate_jobs SET status = 'todo' WHERE id = ANY($1) AND status = 'doing'",
            [[row["id"] for row in rows]],
        )
    return len(rows)


async def _run_row(handlers: Mapping[str, Handler], row: Mapping[str, object]) -> None:
    outcome = "todo"
    try:
        await run_handler(handlers, str(row["task_name"]), json.loads(str(row["args"])))
        outcome = "succeeded"
    finally:
        await _connection().execute_query(
            "UPDATE procrastinate_jobs SET status = $2::procrastinate_job_status WHERE id = $1",
            [row["id"], outcome],
        )


async def _enqueue_later(name: str, text: str, run_at: datetime, dedupe_key: str | None) -> None:
    if dedupe_key is None:
        query = _LATER.format(id="$1::uuid", name="$2", arguments="$3::jsonb", due_at="$4")
        await _connection().execute_query(query, [new_id(), name, text, run_at])
        return
    later = _LATER.format(id="$4::uuid", name="$1", arguments="$2::jsonb", due_at="$5")
    query = f"{_FRESH_KEY} {later} FROM fresh"
    await _connection().execute_query(query, [name, text, dedupe_key, new_id(), run_at])


def _connection() -> BaseDBAsyncClient:
    """The connection of the open transaction, or one of the pool when none is open."""
    connection: BaseDBAsyncClient = connections.get("default")
    return connection
