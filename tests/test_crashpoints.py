"""Real processes killed by `kill -9` at every crash point; the next one finishes, and nothing is
double: both books are compared, and every invariant that can hold in the middle of a day.
"""

import ast
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest
from tortoise import connections

from app.embedded.postgres import EmbeddedPostgres
from core.audit import seal_audit
from core.clock import now, set_offset
from core.sealing import Vault
from tests.conftest import empty_all_tables
from tests.crash_flows import Flow, Scene
from tests.crash_flows.people import NAME, NUMBER
from tests.crash_runner import FLOWS, Errand
from tests.forking import ROOT, Runners
from tests.given import AT
from tests.invariants import Books, broken, outside, read_ours
from tests.invariants.answers import leaks
from tests.invariants.rows import THEIRS

CASES = [(name, point) for name, flow in FLOWS.items() for point in flow.points]
ROUNDS = int(os.environ.get("SOAK_ROUNDS", "3"))
COMPARED = [
    outside.every_payment_of_theirs_is_ours,
    outside.every_payout_of_theirs_is_ours,
    outside.every_message_of_theirs_is_ours,
    outside.what_is_owed_back_is_before_a_person,
]
"""Of what holds once a day is over, what holds also when a single flow is."""


class Stage:
    """Where flows die and are finished."""

    def __init__(self, runners: Runners, postgres: EmbeddedPostgres, vault: Vault) -> None:
        self.runners, self._postgres, self._vault = runners, postgres, vault

    async def play(self, name: str, points: list[str], folder: Path, at: datetime) -> list[int]:
        """Prepare a flow, let a process die at each of the points, and finish it; how they died."""
        flow, scene = FLOWS[name], Scene(self._vault, folder, at)
        _travel(scene.at)
        await flow.prepare(scene)
        died = []
        for point in points:
            errand = Errand(self._postgres.url(), name, point, str(folder), scene.at)
            died.append(await self.runners.run(errand))
            scene = msgspec.structs.replace(scene, at=scene.at + flow.again_after)
            _travel(scene.at)
            await flow.pass_time()
        await flow.act(scene)
        await flow.check(scene)
        await _check_books(flow, scene)
        return died


async def _check_books(flow: Flow, scene: Scene) -> None:
    """I1 to I8 and I11, and I4 against the book of whoever is outside."""
    await seal_audit(at=scene.at)
    theirs = {page: [] for page in THEIRS} | dict(flow.theirs(scene))
    ours = await read_ours(connections.get("default").execute_query_dict)
    books = Books(ours, theirs, scene.at)
    assert broken(books, drained=False) == []
    assert [fault for check in COMPARED for fault in check(books)] == []


@pytest.fixture(scope="module")
async def runners(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Runners]:
    runners = Runners("tests.crash_runner", tmp_path_factory.mktemp("runners") / "said")
    yield runners
    await runners.close()


@pytest.fixture
def stage(runners: Runners, postgres: EmbeddedPostgres, vault: Vault) -> Stage:
    return Stage(runners, postgres, vault)


@pytest.fixture(autouse=True)
def right_clock() -> Iterator[None]:
    yield
    set_offset(timedelta(0))


def _travel(at: datetime) -> None:
    set_offset(timedelta(0))
    set_offset(at - now())


def _points() -> set[str]:
    """Every name that the code gives to a crash point."""
    found = set()
    for path in ROOT.glob("[!.]*/**/*.py"):
        if path.parts[len(ROOT.parts)] != "tests":
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Call(ast.Name("crashpoint"), [ast.Constant(str(name))]):
                        found.add(name)
    return found


def test_every_crash_point_is_died_at_somewhere() -> None:
    assert _points() == {point for _, point in CASES}


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("name", "point"), CASES)
async def test_what_a_killed_process_began_is_finished_once(
    name: str, point: str, stage: Stage, tmp_path: Path
) -> None:
    """B02, B17, B26, D01, E13: kill -9 at a named point, then again."""
    died = await stage.play(name, [point], tmp_path, AT)

    assert died == [-signal.SIGKILL]


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("name", FLOWS)
async def test_a_flow_that_dies_at_one_point_after_the_other_is_finished_once(
    name: str, stage: Stage, tmp_path: Path
) -> None:
    """B02, B17, D01: each retry dies too, as long as the point is still before it."""
    died = await stage.play(name, list(FLOWS[name].points), tmp_path, AT)

    assert died[0] == -signal.SIGKILL
    assert set(died) <= {-signal.SIGKILL, 0}


def test_what_died_said_nothing_that_is_secret(runners: Runners) -> None:
    """I9, for whatever ran in this module before."""
    assert list(leaks(runners.said(), {NAME, NUMBER})) == []


@pytest.fixture(scope="module", autouse=True)
def counts(runners: Runners, say: Callable[[str], None]) -> Iterator[None]:
    yield
    say(
        f"crash points: {len(CASES)} cases in {len(FLOWS)} flows;"
        f" {runners.killed} processes killed, {runners.ended} came to their end"
    )


@pytest.mark.soak
@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("number", range(ROUNDS))
async def test_every_crash_point_again_and_again_in_another_order(
    number: int, stage: Stage, tmp_path: Path, say: Callable[[str], None]
) -> None:
    """Each round in another order, at another hour, killed at the same point and at others."""
    seed = int(os.environ.get("CRASH_SEED", random.SystemRandom().randrange(2**32))) + number
    dice, killed = Random(seed), stage.runners.killed
    say(f"crash points: round {number}, CRASH_SEED={seed - number}")
    for turn, (name, point) in enumerate(dice.sample(CASES, len(CASES))):
        points = [point, point, dice.choice(FLOWS[name].points)][: number % 3 + 1]
        folder = tmp_path / str(turn)
        folder.mkdir()

        died = await stage.play(name, points, folder, AT + timedelta(minutes=dice.randrange(120)))

        assert died[0] == -signal.SIGKILL, (name, points)
        assert set(died) <= {-signal.SIGKILL, 0}, (name, points)
        await empty_all_tables()
    say(
        f"crash points: round {number}, {len(CASES)} cases,"
        f" {stage.runners.killed - killed} processes killed, 0 differences"
    )
