"""Where the product's processor time goes while it answers one route. 剖析

The application runs in this process and is asked directly, one request after another. The kernel
interrupts after each millisecond of processor time (not of waiting), and the stack is noted.
"""

import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from litestar.status_codes import HTTP_400_BAD_REQUEST
from msgspec import Struct

from benchmarks.cases import Ask

INTERVAL_SECONDS = 0.001
WARM = 20
TURN = 10

LAYERS = {
    "tortoise, pypika": ("/tortoise/", "/pypika_tortoise/"),
    "asyncpg": ("/asyncpg/",),
    "redis": ("/redis/",),
    "token": ("/jwt/", "/identity/tokens"),
    "litestar": ("/litestar/",),
    "qr": ("/segno/",),
    "http client": ("/httpx/", "/httpcore/", "/h11/", "/anyio/"),
    "metrics": ("/prometheus_client/", "/litestar/plugins/prometheus"),
    "logging": ("/structlog/", "/logging/", "/app/logging"),
    "ours: edge": ("/web/", "/miniprogram_api/", "/agency_api/", "/app/", "/bare"),
    "ours: domain": (
        *("/core/", "/identity/", "/licences/", "/payments/", "/proactive/", "/notifications/"),
        "/facts/",
    ),
    "event loop": ("/asyncio/", "/selectors"),
}
"""A moment is its innermost frame's that is of one of these; the longest match decides."""


class Refused(Exception):
    """A request that is measured was not answered as it should be."""


class Profile(Struct, frozen=True):
    """Milliseconds of processor time for one request; shares by layer, and by function inside."""

    milliseconds: float
    layers: list[tuple[str, float]]
    functions: list[tuple[str, float]]


class Contender(Struct, frozen=True):
    """One of those that are compared, and what it is asked."""

    app: Any
    asks: Sequence[Ask]


async def profile(contenders: Sequence[Contender], *, visit: int) -> list[Profile]:
    """What the requests of each cost, each made `visit` times in a row, after the first few.

    They take turns of a few requests: whatever else the machine does slows all of them alike.
    """
    tallies = [_Tally() for _ in contenders]
    for contender in contenders:
        for ask in contender.asks[:WARM]:
            await _expect(contender.app, ask)
    for start in range(WARM, len(contenders[0].asks), TURN):
        for contender, tally in zip(contenders, tallies, strict=True):
            await _take_turn(contender, contender.asks[start : start + TURN], tally, visit)
    return [tally.profile() for tally in tallies]


class _Tally:
    """What was seen of one of them so far."""

    def __init__(self) -> None:
        self.spent, self.requests, self.seen = 0.0, 0, 0
        self.layers: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()

    def note(self, stack: list[str]) -> None:
        self.seen += 1
        self.layers[_layer(stack)] += 1
        self.functions.update(set(stack))

    def profile(self) -> Profile:
        total = max(self.seen, 1)
        return Profile(
            self.spent * 1000 / self.requests,
            [(name, seen / total) for name, seen in self.layers.most_common()],
            [(name, seen / total) for name, seen in self.functions.most_common()],
        )


async def _take_turn(contender: Contender, asks: Sequence[Ask], tally: _Tally, visit: int) -> None:
    noted: list[list[str]] = []
    began = time.process_time()
    with _sampling(noted.append):
        for ask in asks:
            for _ in range(visit):
                await _expect(contender.app, ask)
    tally.spent += time.process_time() - began
    tally.requests += len(asks) * visit
    for stack in noted:
        tally.note(stack)


async def _expect(app: Any, ask: Ask) -> None:
    """A refusal costs less than an answer, and would make a figure look good."""
    status = await send(app, ask)
    if status >= HTTP_400_BAD_REQUEST:
        raise Refused(f"{ask.method} {ask.path}: {status}")


async def send(app: Any, ask: Ask) -> int:
    """One request straight into an ASGI application; its status."""
    status = 0
    headers = {"host": "127.0.0.1", "content-type": "application/json", **ask.headers}
    if ask.token:
        headers["authorization"] = f"Bearer {ask.token}"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": ask.method,
        "scheme": "http",
        "path": ask.path,
        "raw_path": ask.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "extensions": {},
        "state": {},
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": ask.body, "more_body": False}

    async def answer(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, answer)
    return status


Noted = Callable[[list[str]], None]
Handle = Callable[..., Awaitable[None]]


@contextmanager
def _sampling(note: Noted) -> Iterator[None]:
    def heard(number: int, frame: FrameType | None) -> None:
        stack = []
        while frame is not None:
            code = frame.f_code
            stack.append(f"{code.co_qualname} ({code.co_filename})")
            frame = frame.f_back
        note(stack)

    before = signal.signal(signal.SIGPROF, heard)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _layer(stack: Sequence[str]) -> str:
    """Frames come innermost first."""
    for frame in stack:
        found = [
            (len(part), name) for name, parts in LAYERS.items() for part in parts if part in frame
        ]
        if found:
            return max(found)[1]
    return "other"
