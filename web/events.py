"""Server-sent events: a browser hears of a change without asking again. 事件流

One stream tells of one thing, each time as it is now: who reads slowly misses steps in between,
and nothing is kept for it. A stream ends by itself; a client that wants more asks again.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
from litestar.response import Stream
from msgspec import Struct

from core.errors import TooMany
from core.news import News
from web.waiting import listening, pause

LONGEST_SECONDS = 90.0
HEARTBEAT_SECONDS = 10.0
STREAMS_OF_ONE = 3
STREAMS_OF_ALL = 1_000
RETRY_MILLISECONDS = 2_000


class TooManyStreams(TooMany):
    code = "web.too_many_streams"
    message = "打开的页面过多，请关闭一些后再试"


class Change(Struct, frozen=True):
    """What there is to tell now; the `last` one ends the stream."""

    state: Struct
    last: bool


class Streams:
    """The open streams of this process: few for one session, and bounded in all.

    A place ends with its stream, and at the latest when a stream would: an answer that was never
    begun holds none for ever.
    """

    def __init__(
        self,
        *,
        of_one: int = STREAMS_OF_ONE,
        of_all: int = STREAMS_OF_ALL,
        seconds: float = LONGEST_SECONDS,
    ) -> None:
        self._of_one, self._of_all, self._seconds = of_one, of_all, seconds
        self._places: dict[object, tuple[str, float]] = {}

    def take(self, key: str) -> object:
        """A place for one stream of `key`, or TooManyStreams."""
        moment = time.monotonic()
        held = {place: one for place, one in self._places.items() if one[1] > moment}
        self._places = held
        own = sum(whose == key for whose, _ in held.values())
        if own >= self._of_one or len(held) >= self._of_all:
            raise TooManyStreams(retry_after=5)
        place = object()
        held[place] = key, moment + self._seconds
        return place

    def give_back(self, place: object) -> None:
        self._places.pop(place, None)

    def __len__(self) -> int:
        return len(self._places)


Look = Callable[[], Awaitable[Change | None]]
"""What there is to tell; None when it is nothing of the client's any more."""


class EventStream:
    """Makes streams out of what there is to see; one for a whole application."""

    def __init__(
        self,
        streams: Streams,
        news: News,
        *,
        seconds: float = LONGEST_SECONDS,
        heartbeat: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._streams = streams
        self._news = news
        self._seconds = seconds
        self._heartbeat = heartbeat

    async def answer(self, look: Look, *, topic: str, key: str) -> Stream:
        """The stream as an answer. What `look` raises at first is answered like everywhere."""
        await look()
        place = self._streams.take(key)
        return Stream(
            self._pieces(look, topic, place),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    async def _pieces(self, look: Look, topic: str, place: object) -> AsyncIterator[bytes]:
        try:
            yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
            async for piece in self._changes(look, topic):
                yield piece
        finally:
            self._streams.give_back(place)

    async def _changes(self, look: Look, topic: str) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._seconds
        told, told_at = b"", loop.time()
        async with listening(self._news, topic) as ear:
            while (left := ends - loop.time()) > 0:
                if ear is not None:
                    ear.forget()
                change = await look()
                if change is None:
                    return
                text = msgspec.json.encode(change.state)
                if text != told:
                    told, told_at = text, loop.time()
                    yield b"event: change\ndata: " + text + b"\n\n"
                elif loop.time() - told_at >= self._heartbeat:
                    told_at = loop.time()
                    yield b": \n\n"
                if change.last:
                    return
                await pause(ear, min(self._heartbeat, left))
