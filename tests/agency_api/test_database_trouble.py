"""Row G05 through the front door: a provider's callback while the database is in trouble.

It is refused with 503 and Retry-After, so that the provider tells it again; nothing of it is half
written; and once the trouble is over, the same callback is kept within ten seconds.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import asyncpg
import httpx
import msgspec
import pytest
from tortoise.context import TortoiseContext
from tortoise.transactions import in_transaction

from app.asgi import create_app
from app.database import migrate_database, tortoise_config
from app.embedded.postgres import EmbeddedPostgres
from app.providers import Parts
from core.clock import now
from core.database import DatabaseGone
from payments.gateways import Gateways
from payments.gateways.wechat import WechatGateway
from payments.models import Notice, NoticeKey
from tests.deployment import make_settings
from tests.fakes.payments import MCHID
from tests.payments.gateways import wechat
from tests.payments.jobs_asked import jobs_asked

T = TypeVar("T")
CALLBACK = f"/callbacks/wechat-pay/{MCHID}"
FULL = Path("/dev/full")
HAS_FULL = FULL.exists()
POOL = 3


class Server:
    """A PostgreSQL of this module's own, and ways to trouble it."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self.postgres = postgres

    @asynccontextmanager
    async def killed(self) -> AsyncIterator[None]:
        self.postgres.kill()
        yield
        self.postgres.start()

    @asynccontextmanager
    async def frozen(self) -> AsyncIterator[None]:
        self.postgres.freeze()
        yield
        self.postgres.thaw()

    @asynccontextmanager
    async def restarted(self) -> AsyncIterator[None]:
        """Ended in good order, as for an upgrade: who is connected is sent away."""
        assert self.postgres.process is not None
        os.kill(self.postgres.process.pid, signal.SIGINT)
        self.postgres.process.wait(30)
        self.postgres.process = None
        yield
        self.postgres.start()

    @asynccontextmanager
    async def pool_empty(self) -> AsyncIterator[None]:
        """Every connection of ours is in somebody's hands."""
        done = asyncio.Event()

        async def hold() -> None:
            async with in_transaction():
                await done.wait()

        holders = [asyncio.create_task(hold()) for _ in range(POOL)]
        await asyncio.sleep(0.3)
        yield
        done.set()
        await asyncio.gather(*holders)

    @asynccontextmanager
    async def read_only(self) -> AsyncIterator[None]:
        """As a standby is, or a primary that was told to be."""
        await self._set("default_transaction_read_only = on")
        yield
        await self._set("default_transaction_read_only = off")

    @asynccontextmanager
    async def lock_wait(self) -> AsyncIterator[None]:
        """Somebody holds the table, and does not let go."""
        async with self._admin() as admin, admin.transaction():
            await admin.execute("LOCK TABLE payments_notice_key IN ACCESS EXCLUSIVE MODE")
            yield

    @asynccontextmanager
    async def disk_full(self) -> AsyncIterator[None]:
        """No space for one page more: the file of the table is the device that is always full.

        Every write to it ends in the kernel's own ENOSPC. A full disk under the log of
        transactions ends the server itself: that is `killed`.
        """
        if not HAS_FULL:
            pytest.skip("this system has no /dev/full")
        async with self._admin() as admin:
            path = await admin.fetchval("SELECT pg_relation_filepath('payments_notice')")
            await admin.execute("CHECKPOINT")
        file = self.postgres.folder / "data" / path
        aside = file.rename(file.with_name(f"{file.name}.aside"))
        file.symlink_to(FULL)
        await self._forget_files()
        yield
        aside.replace(file)
        await self._forget_files()

    async def empty(self) -> None:
        """Forget what a callback leaves."""
        async with self._admin() as admin:
            await admin.execute(
                "TRUNCATE payments_notice, payments_notice_key, core_job_key, procrastinate_jobs"
                " CASCADE"
            )

    async def _forget_files(self) -> None:
        """Whoever has the file open has it open no more."""
        async with self._admin() as admin:
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    async def _set(self, setting: str) -> None:
        async with self._admin() as admin:
            await admin.execute("SET default_transaction_read_only = off")
            await admin.execute(f"ALTER SYSTEM SET {setting}")
            await admin.execute("SELECT pg_reload_conf()")

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.postgres.url().replace("asyncpg:", "postgres:"))
        try:
            yield connection
        finally:
            await connection.close()


TROUBLES: list[Callable[[Server], AbstractAsyncContextManager[None]]] = [
    Server.killed,
    Server.frozen,
    Server.restarted,
    Server.pool_empty,
    Server.disk_full,
    Server.read_only,
    Server.lock_wait,
]


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[Server]:
    with EmbeddedPostgres(fsync=False) as postgres:
        await migrate_database(postgres.url())
        yield Server(postgres)


@pytest.fixture
async def troubled(server: Server) -> AsyncIterator[Server]:
    """The models lead to the server that gets into trouble, by a small pool that is warm."""
    limits = {"minsize": POOL, "maxsize": POOL, "statement_seconds": 1}
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(server.postgres.url(), **limits))
        try:
            yield server
        finally:
            await server.empty()


@pytest.fixture
def parts(parts: Parts) -> Parts:
    gateway = WechatGateway(
        wechat.api(wechat.answering({})), notify_url=f"https://zb.test{CALLBACK}"
    )
    return msgspec.structs.replace(parts, gateways=Gateways([gateway]))


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_callback_in_trouble_is_refused_whole_and_kept_afterwards(
    trouble: Callable[[Server], AbstractAsyncContextManager[None]], troubled: Server, parts: Parts
) -> None:
    """G05, B26: 503 with Retry-After, nothing half written, back by itself within ten seconds."""
    headers, body = wechat.letter(at=now())
    transport = httpx.ASGITransport(create_app(make_settings(), parts))
    async with httpx.AsyncClient(transport=transport, base_url="https://zb.test") as client:
        client.headers["content-type"] = "application/json"
        tell = partial(client.post, CALLBACK, content=body, headers=headers)

        async with trouble(troubled):
            refused = [await tell() for _ in range(2)]
        since = time.monotonic()
        written = await _soon(_written)
        kept = await _soon(tell)
        waited = time.monotonic() - since

    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (503, "core.database_gone")
        assert answer.headers["retry-after"]
        assert answer.json()["title"] == "系统繁忙，请稍后再试"
    assert written == (0, 0, 0)
    assert (kept.status_code, kept.json()) == (200, {"code": "SUCCESS"})
    assert await _written() == (1, 1, 1)
    assert waited < 10


async def _written() -> tuple[int, int, int]:
    """What a callback leaves: its key, its text, and somebody asked to apply it."""
    asked = await jobs_asked("payments.apply_notices")
    return await NoticeKey.all().count(), await Notice.all().count(), len(asked)


async def _soon(ask: Callable[[], Awaitable[T]]) -> T:
    """What is answered once the database is back; the last word after ten seconds."""
    ends = time.monotonic() + 10
    while True:
        try:
            answer = await ask()
        except DatabaseGone:
            assert time.monotonic() < ends, "the database did not come back"
        else:
            unavailable = isinstance(answer, httpx.Response) and answer.status_code == 503
            if not unavailable or time.monotonic() > ends:
                return answer
        await asyncio.sleep(0.2)
