"""One town for each module: its tests play with different people, in any order."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import Struct

from app.development import DevSecrets, new_secrets
from app.embedded.valkey import EmbeddedValkey
from core.clock import set_offset
from tests.conftest import AT, empty_all_tables
from tests.journeys import seeded
from tests.journeys.town import Town

pytest.register_assert_rewrite("tests.journeys.books", "tests.journeys.world")


class Deployment(Struct, frozen=True):
    """What all towns have in common: our secrets, and the state folder of the world outside."""

    secrets: DevSecrets
    state: Path
    valkey_url: str


@pytest.fixture(scope="session")
async def loaded_city(
    database: None, valkey: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory
) -> Deployment:
    """The invented city has moved in, its policies have found whom they concern."""
    state = tmp_path_factory.mktemp("outside") / "state"
    deployment = Deployment(new_secrets(), state, valkey.url())
    async with _open(deployment, AT) as town:
        await town.load()
        await seeded.keep_aside()
    return deployment


@pytest.fixture(scope="module")
async def town(
    loaded_city: Deployment, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    """The city a little later that morning: nobody is kept waiting until it is day."""
    state = tmp_path_factory.mktemp("outside") / "state"
    shutil.copytree(loaded_city.state, state)
    deployment = Deployment(loaded_city.secrets, state, loaded_city.valkey_url)
    async with _open(deployment, AT + timedelta(minutes=5)) as town:
        await seeded.bring_back()
        yield town


@asynccontextmanager
async def _open(deployment: Deployment, moment: datetime) -> AsyncIterator[Town]:
    """A town at that moment. Afterwards the clock is right again and the tables are empty."""
    offset = timedelta(seconds=round((moment - datetime.now(UTC)).total_seconds()))
    set_offset(offset)
    town = Town.open(
        deployment.secrets, deployment.state, valkey_url=deployment.valkey_url, offset=offset
    )
    try:
        await town.parts.cache.flushall()
        yield town
    finally:
        await town.close()
        set_offset(timedelta(0))
        await empty_all_tables()
