"""Real processes killed by `kill -9` at every crash point; the next one finishes, and nothing is
double.
"""

import ast
import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from app.embedded.postgres import EmbeddedPostgres
from core.clock import now, set_offset
from core.sealing import Vault
from tests.crash_flows import Scene
from tests.crash_runner import FLOWS, Errand
from tests.given import AT
from tests.notifications.test_kills import POINTS as KILLED_WHILE_SENDING

ROOT = Path(__file__).parents[1]
CASES = [(name, point) for name, flow in FLOWS.items() for point in flow.points]


class Runners:
    """Starts a process for each errand, and always the next one ahead."""

    def __init__(self) -> None:
        self._spare: Process | None = None

    async def run(self, errand: Errand) -> int:
        runner = self._spare or await _start()
        self._spare = await _start()
        await runner.communicate(msgspec.json.encode(errand) + b"\n")
        return await runner.wait()

    async def close(self) -> None:
        if self._spare is not None:
            await self._spare.communicate(b"")


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash_runner", cwd=ROOT, stdin=PIPE
    )


@pytest.fixture(scope="module")
async def runners() -> AsyncIterator[Runners]:
    runners = Runners()
    yield runners
    await runners.close()


@pytest.fixture
def clock() -> Iterator[None]:
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
    assert _points() == {point for _, point in CASES} | set(KILLED_WHILE_SENDING)


@pytest.mark.usefixtures("db", "clock")
@pytest.mark.parametrize(("name", "point"), CASES)
async def test_what_a_killed_process_began_is_finished_once(
    name: str,
    point: str,
    runners: Runners,
    postgres: EmbeddedPostgres,
    vault: Vault,
    tmp_path: Path,
) -> None:
    """B02, B17, B26, E13: kill -9 at a named point, then again."""
    flow, scene = FLOWS[name], Scene(vault, tmp_path, AT)
    _travel(AT)
    await flow.prepare(scene)

    died = await runners.run(Errand(postgres.url(), name, point, str(tmp_path), AT))
    later = msgspec.structs.replace(scene, at=AT + flow.again_after)
    _travel(later.at)
    await flow.act(later)

    assert died == -signal.SIGKILL
    await flow.check(later)
