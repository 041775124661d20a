"""A word to whoever waits for something, in whichever process it waits. 唤醒

It says only that there is something to look at; what it is, the database says. So it may be lost:
who waits looks again by itself after a while. One line to the cache hears for the whole process,
and only while somebody waits; what is told within a moment goes out in one piece.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from hashlib import blake2b

from redis.asyncio import Redis
from redis.exceptions import RedisError

CHANNEL = "news"
ANSWER_SECONDS = 0.5
AGAIN_SECONDS = 1.0
MAX_UNTOLD = 10_000

_SIZE = 16

log = logging.getLogger(__name__)


class Ear:
    """Of one who waits. `sure`: the line is open, so that there is no need to look often."""

    def __init__(self, news: "News") -> None:
        self._news = news
        self._rung = asyncio.Event()

    @property
    def sure(self) -> bool:
        return self._news.open

    def forget(self) -> None:
        """Before looking: what happens from here on is news."""
        self._rung.clear()

    async def wait(self, seconds: float) -> None:
        """Until there is news, so long at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()

    def ring(self) -> None:
        self._rung.set()


class News:
    """Without a cache it reaches those who wait in this process."""

    def __init__(self, cache: Redis | None) -> None:
        self._cache = cache
        self._ears: dict[bytes, set[Ear]] = {}
        self._untold: set[bytes] = set()
        self._telling: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self.open = False

    def tell(self, topic: str) -> None:
        """Wake who waits for `topic`. After the commit; never waits and never fails."""
        name = _name(topic)
        self._ring(name)
        if self._cache is None or len(self._untold) >= MAX_UNTOLD:
            return
        self._untold.add(name)
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell(self._cache), context=Context())

    @asynccontextmanager
    async def hear(self, topic: str) -> AsyncIterator[Ear]:
        """Hears of `topic` from here on."""
        name, ear = _name(topic), Ear(self)
        self._ears.setdefault(name, set()).add(ear)
        if self._cache is not None and self._listening is None:
            self._listening = asyncio.create_task(self._listen(self._cache), context=Context())
        try:
            yield ear
        finally:
            self._ears[name].discard(ear)
            if not self._ears[name]:
                del self._ears[name]
            if not self._ears:
                self._stop_listening()

    def _ring(self, name: bytes) -> None:
        for ear in self._ears.get(name, ()):
            ear.ring()

    async def _tell(self, cache: Redis) -> None:
        try:
            while self._untold:
                batch, self._untold = self._untold, set()
                with suppress(RedisError, OSError, TimeoutError):
                    async with asyncio.timeout(ANSWER_SECONDS):
                        await cache.publish(CHANNEL, b"".join(batch))
        finally:
            self._telling = None

    def _stop_listening(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
        self._listening, self.open = None, False

    async def _listen(self, cache: Redis) -> None:
        while True:
            try:
                await self._hear_all(cache)
            except (RedisError, OSError) as error:
                self.open = False
                log.warning("news_gone", extra={"reason": type(error).__name__})
            await asyncio.sleep(AGAIN_SECONDS)

    async def _hear_all(self, cache: Redis) -> None:
        async with cache.pubsub() as line:
            await line.subscribe(CHANNEL)
            async for message in line.listen():
                if message["type"] == "subscribe":
                    self.open = True
                    self._ring_all()  # what was told before the line was open
                elif message["type"] == "message":
                    for name in _names(message["data"]):
                        self._ring(name)

    def _ring_all(self) -> None:
        for name in list(self._ears):
            self._ring(name)


def _name(topic: str) -> bytes:
    return blake2b(topic.encode(), digest_size=_SIZE).digest()


def _names(data: bytes) -> list[bytes]:
    return [data[start : start + _SIZE] for start in range(0, len(data), _SIZE)]
