"""One town for each module: its tests play with different people, in any order."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.embedded.valkey import EmbeddedValkey
from core.clock import set_offset
from tests.conftest import AT, empty_all_tables
from tests.journeys import seeded
from tests.journeys.town import Deployment, Town

pytest.register_assert_rewrite("tests.journeys.books", "tests.journeys.world")


@pytest.fixture(scope="session")
async def deployment(
    database: None, valkey: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory
) -> Deployment:
    """The invented city has moved in, and its policies have found whom they concern."""
    deployment = Deployment(tmp_path_factory.mktemp("outside"), valkey_url=valkey.url())
    async with _open(deployment, deployment.state, AT) as town:
        await town.load()
        await seeded.keep_aside()
    return deployment


@pytest.fixture(scope="module")
async def town(
    deployment: Deployment, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    """The city a little later that morning: nobody is kept waiting until it is day."""
    state = tmp_path_factory.mktemp("outside") / "state"
    shutil.copytree(deployment.state, state)
    async with _open(deployment, state, AT + timedelta(minutes=5)) as town:
        await seeded.bring_back()
        yield town


@asynccontextmanager
async def _open(deployment: Deployment, state: Path, moment: datetime) -> AsyncIterator[Town]:
    """A town at that moment. Afterwards the clock is right again and the tables are empty."""
    offset = timedelta(seconds=round((moment - datetime.now(UTC)).total_seconds()))
    set_offset(offset)
    town = Town(deployment, state, offset)
    try:
        await town.parts.cache.flushall()
        yield town
    finally:
        await town.close()
        set_offset(timedelta(0))
        await empty_all_tables()
