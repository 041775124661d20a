"""Moving into the city: once for all, and again in a moment for each module or each seed."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.clock import set_offset
from tests.conftest import empty_all_tables
from tests.given import AT
from tests.journeys import seeded
from tests.journeys.town import Deployment, Town

THAT_MORNING = AT + timedelta(minutes=5)
"""The city has moved in by then, and it is day: nobody is kept waiting."""


async def move_in(deployment: Deployment) -> None:
    """The invented city is there, and its policies have found whom they concern; kept aside."""
    async with _open(deployment, deployment.state, AT) as town:
        await town.load()
        await seeded.keep_aside()


@asynccontextmanager
async def fresh_town(
    deployment: Deployment, folder: Path, *, moment: datetime = THAT_MORNING
) -> AsyncIterator[Town]:
    """The city as it moved in, with a world of its own in `folder`."""
    state = folder / "state"
    shutil.copytree(deployment.state, state)
    async with _open(deployment, state, moment) as town:
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
