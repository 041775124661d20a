"""Whether this process lives, and whether it can do its work. 健康检查"""

import asyncio
from typing import Literal

import asyncpg
from litestar import Response, Router, get
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

POSTGRES_SECONDS = 1.5
VALKEY_SECONDS = 0.5

Part = Literal["ok", "gone"]


class Live(Struct, frozen=True):
    status: Literal["live"] = "live"


class Ready(Struct, frozen=True):
    """`degraded`: the cache is gone, what can be abused is closed, the rest is served."""

    status: Literal["ready", "degraded", "unavailable"]
    postgres: Part
    valkey: Part


def health_router(database_url: str, cache: Redis) -> Router:
    """GET /health/live and GET /health/ready.

    Only a database that is gone makes a process unready (503): without the cache all processes
    still serve, and a balancer that took them away would make it worse. Whoever asks while it is
    being found out gets that answer: anybody may ask, and must not use up the connections.
    """
    asking: asyncio.Task[tuple[Part, Part]] | None = None

    async def ask() -> tuple[Part, Part]:
        return await asyncio.gather(_ask_postgres(database_url), _ask_valkey(cache))

    @get("/live", summary="进程是否存活", description="进程在运行并能应答即为存活。")
    async def live() -> Live:
        return Live()

    @get(
        "/ready",
        summary="能否提供服务",
        description="数据库不可用时为 503；只有缓存不可用时仍提供服务，状态为 degraded。",
    )
    async def ready() -> Response[Ready]:
        nonlocal asking
        if asking is None or asking.done():
            asking = asyncio.create_task(ask())
        postgres, valkey = await asyncio.shield(asking)
        if postgres == "gone":
            answer = Ready("unavailable", postgres, valkey)
            return Response(answer, status_code=503, headers={"Retry-After": "5"})
        return Response(Ready("ready" if valkey == "ok" else "degraded", postgres, valkey))

    opt = {"limit": None}  # a balancer asks as often as it likes
    return Router("/health", route_handlers=[live, ready], tags=["运行"], opt=opt)


async def _ask_postgres(url: str) -> Part:
    """Over a connection of its own: the pool's may all be at work, and that is no illness."""
    connection = None
    try:
        async with asyncio.timeout(POSTGRES_SECONDS):
            connection = await asyncpg.connect(_dsn(url))
            await connection.fetchval("SELECT 1")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return "gone"
    finally:
        if connection is not None:
            connection.terminate()
    return "ok"


async def _ask_valkey(cache: Redis) -> Part:
    try:
        async with asyncio.timeout(VALKEY_SECONDS):
            await cache.ping()
    except (OSError, TimeoutError, RedisError):
        return "gone"
    return "ok"


def _dsn(url: str) -> str:
    return "postgresql" + url[url.index("://") :]
