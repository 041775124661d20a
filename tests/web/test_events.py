"""Server-sent events: told when there is something, bounded, and over by themselves. 事件流"""

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec import Struct

from core.news import News
from web.events import Change, EventStream, Streams, TooManyStreams


class State(Struct, frozen=True):
    number: int


class Thing:
    """What is looked at: a state that changes, and how often anybody looked."""

    def __init__(self) -> None:
        self.state = State(1)
        self.last = False
        self.gone = False
        self.looks = 0

    async def look(self) -> Change | None:
        self.looks += 1
        return None if self.gone else Change(self.state, self.last)


@pytest.fixture
def news() -> News:
    return News(None)


async def opened(
    thing: Thing, news: News, *, seconds: float = 5.0, heartbeat: float = 5.0
) -> AsyncIterator[bytes]:
    stream = EventStream(Streams(), news, seconds=seconds, heartbeat=heartbeat)
    answer = await stream.answer(thing.look, topic="thing", key="session")
    return answer.iterator


async def test_a_change_is_told_at_once_and_the_last_one_ends_the_stream(news: News) -> None:
    thing = Thing()
    pieces = await opened(thing, news)
    first = [await anext(pieces), await anext(pieces)]
    waiting = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0.05)

    thing.state, thing.last = State(2), True
    news.tell("thing")

    assert first == [b"retry: 2000\n\n", b'event: change\ndata: {"number":1}\n\n']
    async with asyncio.timeout(0.5):
        assert await waiting == b'event: change\ndata: {"number":2}\n\n'
    with pytest.raises(StopAsyncIteration):
        await anext(pieces)


async def test_what_has_not_changed_is_not_told_again(news: News) -> None:
    thing = Thing()
    pieces = await opened(thing, news, seconds=0.3)

    async def noise() -> None:
        for _ in range(10):
            await asyncio.sleep(0.01)
            news.tell("thing")

    told, _ = await asyncio.gather(_all(pieces), noise())

    assert len(told) == 2
    assert thing.looks > 3


async def test_a_slow_reader_gets_what_is_now_and_no_backlog(news: News) -> None:
    thing = Thing()
    pieces = await opened(thing, news)
    await anext(pieces)
    await anext(pieces)

    for number in range(2, 1_000):
        thing.state = State(number)
        news.tell("thing")

    assert await anext(pieces) == b'event: change\ndata: {"number":999}\n\n'


async def test_silence_is_filled_with_heartbeats_and_has_an_end(news: News) -> None:
    pieces = await opened(Thing(), news, seconds=0.35, heartbeat=0.1)

    told = await _all(pieces)

    assert told.count(b": \n\n") in (2, 3)


async def test_what_is_the_clients_no_more_ends_the_stream(news: News) -> None:
    thing = Thing()
    pieces = await opened(thing, news)
    await anext(pieces)
    await anext(pieces)

    thing.gone = True
    news.tell("thing")

    with pytest.raises(StopAsyncIteration):
        await anext(pieces)


async def test_one_session_has_few_streams_and_gets_a_place_back_when_one_ends(
    news: News,
) -> None:
    streams = Streams(of_one=2, of_all=3)
    stream, thing = EventStream(streams, news), Thing()

    async def open_for(key: str) -> AsyncIterator[bytes]:
        answer = await stream.answer(thing.look, topic="thing", key=key)
        return answer.iterator

    first, _ = [await open_for("a") for _ in range(2)]
    with pytest.raises(TooManyStreams):
        await open_for("a")
    await open_for("b")
    with pytest.raises(TooManyStreams):
        await open_for("c")

    await anext(first)
    await first.aclose()
    await open_for("c")

    assert len(streams) == 3


def test_a_place_whose_stream_never_began_is_not_held_for_ever() -> None:
    streams = Streams(of_one=1, seconds=0.0)

    streams.take("a")

    assert streams.take("a")


async def _all(pieces: AsyncIterator[bytes]) -> list[bytes]:
    return [piece async for piece in pieces]
