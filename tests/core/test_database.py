"""G05: however the database is gone, the caller hears one thing, soon; it comes back by itself."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from tortoise import connections
from tortoise.context import TortoiseContext
from tortoise.transactions import in_transaction

from app.embedded.postgres import EmbeddedPostgres
from core.database import DatabaseGone, connection_config


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[EmbeddedPostgres]:
    """A server of this module's own, to be hurt."""
    with EmbeddedPostgres(fsync=False) as postgres:
        yield postgres


@pytest.fixture
async def hurt(server: EmbeddedPostgres) -> AsyncIterator[EmbeddedPostgres]:
    """The models' connection leads to a server that the test may hurt."""
    config = connection_config(server.url(), minsize=2, maxsize=4, statement_seconds=1)
    modules = {"core": ["core.models"]}
    async with TortoiseContext() as context:
        await context.init(
            config={
                "connections": {"default": config},
                "apps": {"core": {"models": modules["core"], "default_connection": "default"}},
            }
        )
        await _ask()
        yield server
        server.thaw()
        if server.process is None:
            server.start()


async def _ask() -> None:
    await connections.get("default").execute_query("SELECT 1")


async def _ask_in_transaction() -> None:
    async with in_transaction() as connection:
        await connection.execute_query("SELECT 1")


@pytest.mark.parametrize("ask", [_ask, _ask_in_transaction])
async def test_a_killed_server_is_one_refusal_and_comes_back(hurt: EmbeddedPostgres, ask) -> None:
    hurt.kill()

    for _ in range(6):
        with pytest.raises(DatabaseGone):
            await ask()

    hurt.start()
    await _comes_back(ask)


@pytest.mark.parametrize("ask", [_ask, _ask_in_transaction])
async def test_a_frozen_server_is_one_refusal_and_comes_back(hurt: EmbeddedPostgres, ask) -> None:
    hurt.freeze()

    started = time.monotonic()
    with pytest.raises(DatabaseGone):
        await ask()
    waited = time.monotonic() - started

    assert waited < 6
    hurt.thaw()
    await _comes_back(ask)


async def test_an_empty_pool_is_one_refusal(hurt: EmbeddedPostgres) -> None:
    async def hold() -> None:
        async with in_transaction():
            await asyncio.sleep(5)

    holders = [asyncio.create_task(hold()) for _ in range(4)]
    await asyncio.sleep(0.2)
    try:
        with pytest.raises(DatabaseGone):
            await _ask()
    finally:
        for holder in holders:
            holder.cancel()
        await asyncio.gather(*holders, return_exceptions=True)
    await _comes_back(_ask)


async def test_a_statement_that_takes_too_long_is_one_refusal(hurt: EmbeddedPostgres) -> None:
    with pytest.raises(DatabaseGone):
        await connections.get("default").execute_query("SELECT pg_sleep(3)")

    await _comes_back(_ask)


async def test_a_wrong_question_is_not_taken_for_a_missing_database(hurt: EmbeddedPostgres) -> None:
    with pytest.raises(Exception, match="no_such_table") as caught:
        await connections.get("default").execute_query("SELECT * FROM no_such_table")

    assert not isinstance(caught.value, DatabaseGone)


async def _comes_back(ask) -> None:
    """Within ten seconds of its return."""
    for _ in range(50):
        try:
            return await ask()
        except DatabaseGone:
            await asyncio.sleep(0.2)
    pytest.fail("the database did not come back")
