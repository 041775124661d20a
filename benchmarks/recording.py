"""Writes down what each route asks of the database, from the product itself in this process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

import httpx
from litestar import Litestar
from redis.asyncio import Redis
from tortoise import connections

from benchmarks.cases import Ask, Case
from benchmarks.scripts import Script, Scripts, Step, step_of

SOME = 64
"""So many people's statements are written down; everybody beside asks with theirs."""


class Recorder:
    """Hears every statement of this process's pool, once it listens."""

    def __init__(self) -> None:
        self._heard: list[Step] = []

    async def listen(self) -> None:
        """To all connections there are: the pool has as many as it may have."""
        client: Any = connections.get("default")
        async with client.acquire_connection() as one, client.acquire_connection() as other:
            for connection in (one, other):
                connection.add_query_logger(self._hear)

    async def script(self, action: Callable[[], Awaitable[object]]) -> Script:
        """What an action asks."""
        self._heard = []
        await action()
        await asyncio.sleep(0)
        return Script(self._heard)

    def _hear(self, record: Any) -> None:
        self._heard.append(step_of(record.query, tuple(record.args)))


async def record(
    case: Case, asks: Sequence[Ask], *, app: Litestar, cache: "Redis", recorder: Recorder
) -> Scripts:
    """The statements of a first request of a visit, its session in no cache, and of others."""
    first: list[Script] = []
    then: list[Script] = []
    async with _client(app) as client:
        for ask in asks[: SOME * (1 if case.again else 2)]:
            wants_first = case.again or len(first) <= len(then)
            send = partial(_send, client, ask)
            if wants_first:
                await cache.flushdb()
                first.append(await recorder.script(send))
            if case.again or not wants_first:
                then.append(await recorder.script(send))
    return Scripts(first, then)


@asynccontextmanager
async def _client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(cast(Any, app))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def _send(client: httpx.AsyncClient, ask: Ask) -> None:
    headers = {"Content-Type": "application/json", **ask.headers} if ask.body else {}
    if ask.token:
        headers["Authorization"] = f"Bearer {ask.token}"
    answer = await client.request(ask.method, ask.path, headers=headers, content=ask.body)
    answer.raise_for_status()
