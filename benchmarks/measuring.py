"""Puts the load on: rounds of the product and of both comparisons, one right after the other."""

import asyncio
import sys
from array import array
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from subprocess import PIPE, Popen

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from app.running import ROOT
from benchmarks.cases import Ask, Case, Scene
from benchmarks.client import Came, Plan, Visit
from benchmarks.counting import Counted, count_spent
from benchmarks.machine import ProcessorTime, processor_time
from core.clock import now

ROUNDS = 3
WARM_SECONDS = 1.5
FIRST = 20
SPARE = 1.6
"""How much more of what is used up is made than the warm-up says is needed."""

CONTESTED, CONTEST_SECONDS = 500, 60.0
"""So many codes are scanned by two verifiers at once, within this time."""

OPEN_SHARES = (0.7, 1.3)
"""Arrivals of the open loop, as shares of what the closed loop reached."""


class Figures(Struct, frozen=True):
    """What came of all rounds of one kind. Milliseconds, of good answers."""

    rate: float
    p50: float
    p99: float
    bad: dict[str, int]


class OpenFigures(Struct, frozen=True):
    rate: float
    share_in_time: float
    p50: float
    p99: float


class Line(Struct, frozen=True, kw_only=True):
    """One line of the table. `processor` is the server's in all closed rounds of the product."""

    case: str
    hot_read: bool
    queries: tuple[int, int]
    product: Figures
    plain: Figures | None = None
    signed: Figures | None = None
    open: list[OpenFigures] = []
    answered: int = 0
    processor: ProcessorTime = ProcessorTime()
    counted: Counted | None = None


class Shape(Struct, frozen=True, kw_only=True):
    """How long and how hard. `server` is the process whose processor time is told."""

    port: int
    connections: int
    seconds: float
    open_seconds: float
    server: int = 0


async def measure(case: Case, queries: tuple[int, int], scene: Scene, shape: Shape) -> Line:
    """One case: warm-up, rounds in which the three take turns, then arrivals that do not wait."""
    shape = replace(shape, connections=case.crowd or shape.connections)
    rate = await _warm_up(case, scene, shape)
    asks = await _fresh(case, scene, rate, shape)
    visits = _visits(case, asks)
    given = None if case.again else iter(visits)
    rounds, since = _Rounds(), now()
    for _ in range(ROUNDS):
        some = _take(visits, given, rate * shape.seconds / ROUNDS)
        await rounds.play(case, asks, some, shape)
    counted = await _count(case, scene, since, rounds, shape) if case.contest else None
    reached = figures(rounds.product)
    opened = []
    for share in OPEN_SHARES if shape.open_seconds else ():
        wanted = share * reached.rate
        some = _take(visits, given, wanted * shape.open_seconds)
        came = await _load(some, case.again, shape.open_seconds, shape, rate=wanted)
        opened.append(_open_figures(came, wanted))
    return Line(
        case=case.name,
        hot_read=case.hot_read,
        queries=queries,
        product=reached,
        plain=figures(rounds.plain) if case.beside else None,
        signed=figures(rounds.signed) if case.beside else None,
        open=opened,
        answered=rounds.answered,
        processor=rounds.processor,
        counted=counted,
    )


async def _warm_up(case: Case, scene: Scene, shape: Shape) -> float:
    """All that is measured, for a moment: a few first, as a new process answers its first slowly.

    The rate that the product showed; never less than what each connection should reach anyhow, as
    supplies are made by it.
    """
    asks = await case.make(scene, 400)
    visits = _visits(case, asks)
    await _load(visits[:FIRST], False, WARM_SECONDS, replace(shape, connections=2))
    rest = visits if case.again else visits[FIRST:]
    warm = await _load(rest, case.again, WARM_SECONDS, shape)
    for kind in ("plain", "signed") if case.beside else ():
        await _load(_beside(case, asks, kind), True, WARM_SECONDS / 2, shape)
    return max(warm.good / warm.seconds, float(shape.connections))


class _Rounds:
    """What came of each that takes its turn."""

    def __init__(self) -> None:
        self.product: list[Came] = []
        self.plain: list[Came] = []
        self.signed: list[Came] = []
        self.processor = ProcessorTime()

    @property
    def answered(self) -> int:
        return sum(came.good for came in self.product)

    async def play(
        self, case: Case, asks: Sequence[Ask], visits: list[Visit], shape: Shape
    ) -> None:
        seconds, lanes = shape.seconds / ROUNDS, case.crowd is not None
        before = processor_time(shape.server)
        self.product.append(await _load(visits, case.again, seconds, shape, lanes=lanes))
        self.processor += processor_time(shape.server) - before
        if case.beside:
            beside = partial(_load, again=True, seconds=seconds / 2, shape=shape)
            self.plain.append(await beside(_beside(case, asks, "plain")))
            self.signed.append(await beside(_beside(case, asks, "signed")))


async def _count(
    case: Case, scene: Scene, since: datetime, rounds: _Rounds, shape: Shape
) -> Counted:
    """What became of the codes of the rounds, and of others that are scanned twice at once."""
    assert case.contest is not None
    alone = await count_spent(since, rounds.product)
    asks = await case.contest(scene, CONTESTED)
    since = now()
    came = await _load(_visits(case, asks), False, CONTEST_SECONDS, shape)
    return Counted(alone, await count_spent(since, [came]))


def figures(rounds: Sequence[Came]) -> Figures:
    took = sorted(us for came in rounds for us in array("I", came.microseconds))
    bad: dict[str, int] = {}
    for came in rounds:
        for name, count in came.bad.items():
            bad[name] = bad.get(name, 0) + count
    good, seconds = sum(came.good for came in rounds), sum(came.seconds for came in rounds)
    return Figures(good / seconds, percentile(took, 50), percentile(took, 99), bad)


def percentile(sorted_microseconds: Sequence[int], wanted: float) -> float:
    """In milliseconds, by nearest rank; 0 of nothing."""
    if not sorted_microseconds:
        return 0.0
    rank = -(-len(sorted_microseconds) * wanted // 100)
    return sorted_microseconds[max(int(rank) - 1, 0)] / 1000


def _open_figures(came: Came, rate: float) -> OpenFigures:
    took = sorted(array("I", came.microseconds))
    due = max(came.asked, came.good + sum(came.bad.values()))
    share = came.in_time / due if due else 0.0
    return OpenFigures(rate, share, percentile(took, 50), percentile(took, 99))


async def _fresh(case: Case, scene: Scene, rate: float, shape: Shape) -> list[Ask]:
    """Tokens of now, and as much of what is used up as the whole case will need."""
    seconds = shape.seconds + shape.open_seconds * sum(OPEN_SHARES)
    return await case.make(scene, int(rate * seconds * SPARE) + 100)


def _take(visits: list[Visit], given: Iterator[Visit] | None, wanted: float) -> list[Visit]:
    """All of them again, or the next of those that are good for one time."""
    return visits if given is None else list(islice(given, int(wanted * SPARE) + 1))


def _visits(case: Case, asks: Sequence[Ask]) -> list[Visit]:
    written = [ask.written() for ask in asks]
    return [Visit(text, text, case.visit - 1) for text in written]


def _beside(case: Case, asks: Sequence[Ask], kind: str) -> list[Visit]:
    """The same visits to the bare handler. What is used up there lasts: its statements repeat."""
    place = f"/bare/{kind}/{case.key}"
    return [
        Visit(
            ask.written(path=f"{place}/{who}/{'first' if case.again else 'then'}"),
            ask.written(path=f"{place}/{who}/then"),
            case.visit - 1,
        )
        for who, ask in enumerate(asks[:1000])
    ]


async def _load(
    visits: list[Visit],
    again: bool,
    seconds: float,
    shape: Shape,
    *,
    rate: float = 0.0,
    lanes: bool = False,
) -> Came:
    plan = Plan(
        port=shape.port,
        visits=visits,
        again=again,
        seconds=seconds,
        connections=shape.connections,
        rate=rate,
        lanes=lanes,
    )
    return await asyncio.to_thread(_run, msgspec.msgpack.encode(plan), seconds)


def _run(plan: bytes, seconds: float) -> Came:
    command = [sys.executable, "-m", "benchmarks.client"]
    with Popen(command, stdin=PIPE, stdout=PIPE, cwd=ROOT) as client:
        try:
            told, _ = client.communicate(plan, timeout=seconds * 3 + 60)
        finally:
            client.kill()
    return msgspec.msgpack.decode(told, type=Came)
