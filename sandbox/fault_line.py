"""The line between the product and the world: a wrapper of the application on which it breaks."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import anyio
from litestar import Litestar
from litestar.types import Message, Receive, Scope, Send
from msgspec import Struct

from sandbox.clock import skewed
from sandbox.fault_answers import error_answer
from sandbox.fault_keys import change_keys
from sandbox.faults import Strike, change_letter, flip_bit
from sandbox.world import World

GIVES_UP_AFTER_SECONDS = 120.0
SIGNATURES = (b"wechatpay-signature", b"x-signature")


class NothingCame(Exception):
    """In one process there is no connection to leave open: whoever asked learns it like this."""


class Answer(Struct, frozen=True):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class FaultLine:
    """The same application, with what goes wrong by `world.faults` on the way to it and back.

    With `hangs`, whoever gets no answer waits until giving up; without, NothingCame is raised.
    """

    def __init__(self, app: Litestar, world: World, *, hangs: bool = True) -> None:
        self._app = app
        self._world = world
        self._hangs = hangs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        strike = self._strike(scope)
        if strike is None:
            await self._app(scope, receive, send)
            return
        call = _Call(self._app, self._world, scope, send, await _body(receive))
        await _ACTS[strike.fault](call, strike)
        if not call.answered:
            await self._say_nothing(receive)

    def _strike(self, scope: Any) -> Strike | None:
        return self._world.faults.on_call(target_of(scope)) if scope["type"] == "http" else None

    async def _say_nothing(self, receive: Receive) -> None:
        if not self._hangs:
            raise NothingCame
        with anyio.move_on_after(GIVES_UP_AFTER_SECONDS):
            while (await receive())["type"] != "http.disconnect":
                pass


class _Call:
    """One request that something happens to."""

    def __init__(self, app: Litestar, world: World, scope: Any, send: Send, body: bytes) -> None:
        self.world, self.scope, self.body = world, scope, body
        self.target = target_of(scope)
        self.answered = False
        self._app, self._send = app, send

    async def carry_out(self) -> Answer:
        """Let the application do it, and keep its answer back."""
        messages: list[Any] = []
        read = iter([{"type": "http.request", "body": self.body, "more_body": False}])

        async def receive() -> Any:
            return next(read, {"type": "http.disconnect"})

        async def send(message: Message) -> None:
            messages.append(message)

        scope: Any = dict(self.scope)  # of its own: it may be carried out again
        await self._app(scope, receive, send)
        body = b"".join(message.get("body", b"") for message in messages)
        return Answer(messages[0]["status"], list(messages[0]["headers"]), body)

    async def give(self, answer: Answer) -> None:
        await self.begin(answer)
        await self._send({"type": "http.response.body", "body": answer.body, "more_body": False})
        self.answered = True

    async def begin(self, answer: Answer, *, part: bytes = b"") -> None:
        """The head, and perhaps a part of the body after which nothing more comes."""
        start: Any = {
            "type": "http.response.start",
            "status": answer.status,
            "headers": answer.headers,
        }
        await self._send(start)
        if part:
            await self._send({"type": "http.response.body", "body": part, "more_body": True})


async def _delay(call: _Call, strike: Strike) -> None:
    await anyio.sleep(strike.rule.seconds / call.world.time_scale)
    await call.give(await call.carry_out())


async def _drop(call: _Call, strike: Strike) -> None:
    """It never arrived."""


async def _lose_answer(call: _Call, strike: Strike) -> None:
    """It was done, and nobody hears of it."""
    await call.carry_out()


async def _duplicate(call: _Call, strike: Strike) -> None:
    """It arrives twice; the first answer is the one that comes home."""
    answer = await call.carry_out()
    await call.carry_out()
    await call.give(answer)


async def _corrupt(call: _Call, strike: Strike) -> None:
    """One bit of the answer's body, or one letter of its signature."""
    answer, dice = await call.carry_out(), strike.dice
    headers, body = dict(answer.headers), answer.body
    signature = next((name for name in SIGNATURES if name in headers), None)
    if signature is not None and dice.random() < 0.5:
        headers[signature] = change_letter(headers[signature].decode(), dice).encode()
    else:
        body = flip_bit(body, dice)
    await call.give(Answer(answer.status, list(headers.items()), body))


async def _refuse(call: _Call, strike: Strike) -> None:
    """The platform's own words for: not now. Nothing was done."""
    status, headers, body = error_answer(call.world, call.scope, call.body, strike.rule.code)
    given = {"content-length": str(len(body))} | headers
    raw = [(name.lower().encode(), value.encode()) for name, value in given.items()]
    await call.give(Answer(status, raw, body))


async def _come_late(call: _Call, strike: Strike) -> None:
    """Whoever asks next finds nothing yet; then it is done after all."""
    wait = timedelta(seconds=strike.rule.seconds / call.world.time_scale)
    due_at = call.world.clock.now() + wait
    call.world.faults.put_off(due_at, call.carry_out)


async def _half_open(call: _Call, strike: Strike) -> None:
    """It was done; the answer begins, and never ends."""
    answer = await call.carry_out()
    with suppress(OSError):
        await call.begin(answer, part=answer.body[: max(1, len(answer.body) // 2)])


async def _rotate(call: _Call, strike: Strike) -> None:
    """They sign with other keys from now on."""
    change_keys(call.world, call.target, strike.rule.code)
    await call.give(await call.carry_out())


async def _skew(call: _Call, strike: Strike) -> None:
    """Their clock is wrong for this one call."""
    with skewed(strike.rule.seconds):
        answer = await call.carry_out()
    await call.give(answer)


_ACTS: dict[str, Callable[[_Call, Strike], Awaitable[None]]] = {
    "delay": _delay,
    "drop": _drop,
    "answer_lost": _lose_answer,
    "duplicate": _duplicate,
    "corrupt": _corrupt,
    "error": _refuse,
    "late": _come_late,
    "half_open": _half_open,
    "key_rotation": _rotate,
    "clock_skew": _skew,
}


def target_of(scope: Any) -> str:
    """Path and query, as rules are matched against."""
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


async def _body(receive: Receive) -> bytes:
    parts = bytearray()
    while True:
        message: Any = await receive()
        if message["type"] != "http.request":
            return bytes(parts)
        parts += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(parts)
