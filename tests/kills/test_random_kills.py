"""Random kills of everything while everybody uses it; then both books are the same. 随机击杀

`KILLS=500 SEED=7 make soak` plays the long form with as many kills and with that seed.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import asyncpg
import msgspec
import pytest

from app.roles import DATABASE
from core.clock import set_offset
from seeds.files import City
from tests.invariants.answers import leaks, secrets_of
from tests.kills.bed import Bed
from tests.kills.crowd import Crowd
from tests.kills.killer import KINDS, Killer
from tests.kills.settling import Settled

SHORT_KILLS, SHORT_SEED = 12, 20261122
LONG_KILLS = 300
HEALED_SECONDS = 30.0
UNDER_WAY = "SELECT id, attempts FROM procrastinate_jobs WHERE status = 'doing'"


@pytest.fixture
def bed() -> Iterator[Bed]:
    with Bed() as bed:
        set_offset(bed.offset)
        yield bed
    set_offset(timedelta(0))


async def play(bed: Bed, *, kills: int, seed: int) -> tuple[Counter[str], Settled]:
    """Load and kills together; then everything heals and comes to its end."""
    crowd, killer, over = Crowd(bed, seed), Killer(bed, seed), asyncio.Event()
    await crowd.gather()
    watching = asyncio.create_task(killer.watch())
    living = asyncio.create_task(crowd.live(over))
    await killer.kill(kills, done=lambda: crowd.counts["acts"])
    over.set()
    await living
    late = await _heal(bed)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    await crowd.close()
    settled = await asyncio.to_thread(_settle, bed)
    settled.faults += crowd.faults + _leaks(bed)
    settled.faults += [f"I10 {late} jobs are still taken and nobody does them"] if late else []
    settled.counts |= {f"client {name}": n for name, n in crowd.counts.items() if ":" not in name}
    return killer.killed, settled


async def _heal(bed: Bed) -> int:
    """Jobs that were under way end, or are taken up, from workers that died and from living ones
    that the database left with a job they do not do; how many are not.
    """
    await asyncio.to_thread(bed.wait_for, f"{bed.address}/health/ready")
    url = bed.postgres.url(DATABASE)
    connection = await asyncpg.connect("postgresql" + url[url.index("://") :])
    begun = {(row["id"], row["attempts"]) for row in await connection.fetch(UNDER_WAY)}
    until = time.monotonic() + HEALED_SECONDS
    left = begun
    while left and time.monotonic() < until:
        await asyncio.sleep(0.2)
        left &= {(row["id"], row["attempts"]) for row in await connection.fetch(UNDER_WAY)}
    await connection.close()
    return len(left)


def _settle(bed: Bed) -> Settled:
    bed.end_programs()
    offset = str(bed.offset.total_seconds())
    printed = bed.run("settling", "tests.kills.settling", str(bed.state), offset)
    return msgspec.json.decode(printed.splitlines()[-1], type=Settled)


def _leaks(bed: Bed) -> list[str]:
    """I9, over all that was logged on such a day."""
    lines = [
        line
        for program in bed.programs
        for line in (bed.logs / f"{program.name}.log").read_text("utf-8", "replace").splitlines()
    ]
    return list(leaks(lines, secrets_of(City())))


def _told(seed: int, killed: Counter[str], settled: Settled) -> str:
    told = ", ".join(f"{name} {n}" for name, n in sorted(killed.items()))
    counted = ", ".join(f"{name} {n}" for name, n in sorted(settled.counts.items()))
    return (
        f"kills: seed {seed}, {killed.total()} kills ({told}),"
        f" {len(settled.faults)} differences: {counted}"
    )


async def _nothing_is_lost_or_doubled(
    bed: Bed, say: Callable[[str], None], *, kills: int, seed: int
) -> None:
    killed, settled = await play(bed, kills=kills, seed=seed)

    say(_told(seed, killed, settled))
    assert settled.faults == [], "\n".join([f"seed {seed}", *settled.faults])
    assert set(killed) == set(KINDS)
    assert settled.counts["payments"] > 0
    assert settled.counts["payouts"] > 0
    assert settled.counts["deliveries sent"] > 0
    assert settled.counts.get("deliveries unknown", 0) <= killed.total()


async def test_twelve_kills_lose_nothing_and_double_nothing(
    bed: Bed, say: Callable[[str], None]
) -> None:
    """B26, D01, E13, G04, G05; I1 to I12"""
    await _nothing_is_lost_or_doubled(bed, say, kills=SHORT_KILLS, seed=SHORT_SEED)


@pytest.mark.soak
async def test_hundreds_of_kills_lose_nothing_and_double_nothing(
    bed: Bed, say: Callable[[str], None]
) -> None:
    """B26, D01, E13, G04, G05; I1 to I12"""
    kills = int(os.environ.get("KILLS", LONG_KILLS))
    seed = int(os.environ.get("SEED", time.time_ns() % 1_000_000))

    await _nothing_is_lost_or_doubled(bed, say, kills=kills, seed=seed)
