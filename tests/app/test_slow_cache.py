"""Row G04, the part "slow 5 s": a cache that does answer, only much too late.

An answer that comes after nobody waits for it any more must not be taken for the next one's.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest
from redis.asyncio import Redis

from app.embedded.valkey import EmbeddedValkey
from sandbox.fault_proxy import FaultProxy
from tests.miniprogram_api.test_sessions import sign_in

SLOW_SECONDS = 5.0


@pytest.fixture
async def line(valkey: EmbeddedValkey) -> AsyncIterator[FaultProxy]:
    port = urlsplit(valkey.url()).port
    assert port is not None
    async with FaultProxy("127.0.0.1", port) as line:
        yield line


@pytest.fixture
async def cache(valkey: EmbeddedValkey, line: FaultProxy) -> AsyncIterator[Redis]:
    """The cache of the whole application, at the end of a line that can be slow."""
    parts = urlsplit(valkey.url())
    url = f"redis://:{parts.password}@127.0.0.1:{line.port}/0"
    async with Redis.from_url(url, socket_timeout=None, socket_connect_timeout=1.0) as cache:
        await cache.flushall()
        yield cache


async def test_a_cache_slow_by_five_seconds_delays_no_read_and_closes_logins(
    client: httpx.AsyncClient, line: FaultProxy
) -> None:
    """G04: reads go on, logins are closed with 503, and whose session it is stays right."""
    await sign_in(client, "openid-a")
    mine = (await client.get("/v1/me")).json()
    line.latency_seconds = SLOW_SECONDS

    started = time.monotonic()
    slow = [await client.get("/v1/me") for _ in range(10)]
    took = time.monotonic() - started
    body = {"provider": "wechat", "code": "openid-b"}
    closed = await client.post("/v1/sessions", json=body)
    await asyncio.sleep(SLOW_SECONDS)  # the late answers arrive
    line.latency_seconds = 0
    opened = await _soon(client, body)
    again = [await client.get("/v1/me") for _ in range(10)]

    assert [(reply.status_code, reply.json()) for reply in slow + again] == [(200, mine)] * 20
    assert took < 2 * SLOW_SECONDS
    assert (closed.status_code, closed.json()["code"]) == (503, "web.limiter_unavailable")
    assert closed.headers["retry-after"]
    assert opened.status_code == 201


async def _soon(client: httpx.AsyncClient, body: dict[str, str]) -> httpx.Response:
    """Within ten seconds of its being well again."""
    ends = time.monotonic() + 10
    while True:
        reply = await client.post("/v1/sessions", json=body)
        if reply.status_code != 503 or time.monotonic() > ends:
            return reply
        await asyncio.sleep(0.2)
