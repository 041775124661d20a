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

from msgspec import Struct

from benchmarks.cases import Ask

INTERVAL_SECONDS = 0.001

LAYERS = {
    "tortoise, pypika": ("/tortoise/", "/pypika_tortoise/"),
    "asyncpg": ("/asyncpg/",),
    "redis": ("/redis/",),
    "token": ("/jwt/", "/identity/tokens"),
    "litestar": ("/litestar/",),
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


class Profile(Struct, frozen=True):
    """Milliseconds of processor time for one request; shares by layer, and by function inside."""

    milliseconds: float
    layers: list[tuple[str, float]]
    functions: list[tuple[str, float]]


async def profile(app: Any, asks: Sequence[Ask], *, visit: int) -> Profile:
    """What these requests cost, each made `visit` times in a row."""
    for ask in asks[:50]:
        await send(app, ask)
    began, noted = time.process_time(), list[list[str]]()
    with _sampling(noted.append):
        for ask in asks:
            for _ in range(visit):
                await send(app, ask)
    spent = time.process_time() - began
    layers = Counter(_layer(stack) for stack in noted)
    functions: Counter[str] = Counter()
    for stack in noted:
        functions.update(set(stack))
    total = max(len(noted), 1)
    return Profile(
        spent * 1000 / (len(asks) * visit),
        [(name, seen / total) for name, seen in layers.most_common()],
        [(name, seen / total) for name, seen in functions.most_common()],
    )


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
