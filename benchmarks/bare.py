"""The comparisons: Litestar and asyncpg and nothing else, asking the database the same. 对照

/bare/plain answers the rows it read. /bare/signed also verifies the access token and calls the
limiter: what any handler of ours would have to do. Neither knows models, seals, audit or errors.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import asyncpg
from asyncpg.pool import Pool
from litestar import Litestar, Request, route
from litestar.datastructures import State
from litestar.enums import HttpMethod
from litestar.params import FromPath

from app.settings import Settings
from benchmarks.scripts import CONTENT, INSERT, Script, Scripts, is_bracket, load
from core.clock import now
from core.ids import new_id
from identity.tokens import Audience, TokenIssuer
from web.limiter import Limiter

SCRIPTS = "BENCHMARK_SCRIPTS"
BOTH = [HttpMethod.GET, HttpMethod.POST]

AnyRequest = Request[Any, Any, State]
Rows = list[dict[str, Any]]


class _Connection(asyncpg.Connection):
    """As the product's: nothing to reset."""

    __slots__ = ()

    def get_reset_query(self) -> str:
        return ""


class Bare:
    """The pool, opened at the first request, and the scripts, read when there are some."""

    def __init__(self, settings: Settings) -> None:
        url = settings.database_url.reveal()
        self._dsn = "postgresql" + url[url.index("://") :]
        self._size = settings.database_connections
        self._pool: Pool | None = None
        self._opening = asyncio.Lock()
        self._scripts: dict[str, Scripts] = {}

    async def run(self, case: str, who: int, which: str) -> Rows:
        pool = await self._open()
        scripts = self._scripts[case]
        some = scripts.first if which == "first" else scripts.then
        return await replay(pool, some[who % len(some)])

    async def _open(self) -> Pool:
        async with self._opening:
            if self._pool is None:
                self._scripts = load(Path(os.environ[SCRIPTS]))
                self._pool = await asyncpg.create_pool(
                    self._dsn, min_size=2, max_size=self._size, connection_class=_Connection
                )
        return self._pool


async def replay(pool: Pool, script: Script) -> Rows:
    """Ask what the script asks, on one connection; the rows of its reads."""
    rows: list[Any] = []
    async with pool.acquire() as connection:
        for step in script.steps:
            if not step.text:
                await connection.execute(INSERT, new_id(), CONTENT)
            elif is_bracket(step.text):
                await connection.execute(step.text)
            else:
                rows += await connection.fetch(step.text, *step.arguments)
    return [dict(row) for row in rows]


def create_bare(settings: Settings, *, issuer: TokenIssuer, limiter: Limiter) -> Litestar:
    bare = Bare(settings)

    @route("/bare/plain/{case:str}/{who:int}/{which:str}", http_method=BOTH, status_code=200)
    async def plain(case: FromPath[str], who: FromPath[int], which: FromPath[str]) -> Rows:
        return await bare.run(case, who, which)

    @route("/bare/signed/{case:str}/{who:int}/{which:str}", http_method=BOTH, status_code=200)
    async def signed(
        request: AnyRequest, case: FromPath[str], who: FromPath[int], which: FromPath[str]
    ) -> Rows:
        key = "anyone"
        if token := request.headers.get("authorization", "").removeprefix("Bearer "):
            audience = Audience.VERIFIER if case.startswith("verification") else Audience.RESIDENT
            key = str(issuer.read(token, audience, at=now()).sub)
        await limiter.hit("read", key)
        return await bare.run(case, who, which)

    return Litestar([plain, signed], openapi_config=None, logging_config=None)
