import asyncio

import httpx
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from redis.asyncio import Redis

from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from app.health import health_router
from app.metrics import metrics_middleware, metrics_router


async def test_ready_tells_of_each_part(postgres: EmbeddedPostgres) -> None:
    """G04, G05: a dead cache degrades, a frozen database makes unready, quickly."""
    with EmbeddedValkey() as valkey:
        cache = Redis.from_url(valkey.url(), socket_timeout=1)
        app = Litestar([health_router(postgres.url(), cache)], logging_config=None)
        async with AsyncTestClient(app) as client:
            well = await client.get("/health/ready")
            valkey.kill()
            without_cache = await client.get("/health/ready")
            postgres.freeze()
            frozen = await client.get("/health/ready")
            live = await client.get("/health/live")
            postgres.thaw()
            again = await client.get("/health/ready")
        await cache.aclose()

    assert (well.status_code, well.json()["status"]) == (200, "ready")
    assert (without_cache.status_code, without_cache.json()["status"]) == (200, "degraded")
    assert (frozen.status_code, frozen.json()["postgres"]) == (503, "gone")
    assert frozen.headers["retry-after"]
    assert frozen.elapsed.total_seconds() < 3
    assert live.json() == {"status": "live"}
    assert again.json()["postgres"] == "ok"


async def test_many_who_ask_at_once_use_up_no_connections(
    postgres: EmbeddedPostgres, cache: Redis
) -> None:
    """Anybody may ask; a connection for each would leave none for the work."""
    app = Litestar([health_router(postgres.url(), cache)], logging_config=None)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://zb.test") as client:
        replies = await asyncio.gather(*(client.get("/health/ready") for _ in range(300)))

    assert {reply.status_code for reply in replies} == {200}


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        pytest.param("127.0.0.1", {}, 200, id="this machine"),
        pytest.param("10.1.2.3", {}, 200, id="a named network"),
        pytest.param("203.0.113.9", {}, 404, id="anybody"),
        pytest.param("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 404, id="the public door"),
    ],
)
async def test_metrics_are_only_there_for_those_named(
    peer: str, headers: dict[str, str], status: int
) -> None:
    from ipaddress import ip_network

    app = Litestar(
        [metrics_router([ip_network("10.0.0.0/8")])],
        middleware=[metrics_middleware()],
        logging_config=None,
    )

    async def from_peer(scope, receive, send):
        if scope["type"] == "http":
            scope["client"] = (peer, 1234)
        await app(scope, receive, send)

    async with AsyncTestClient(from_peer) as client:
        answer = await client.get("/metrics", headers=headers)

    assert answer.status_code == status
