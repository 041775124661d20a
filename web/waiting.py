"""Waiting for a change on behalf of a client, holding no database connection. 长轮询

WeChat has no EventSource, so a client asks and we answer when there is news or the time is up.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Annotated, TypeVar

from litestar.params import QueryParameter

from core.news import Ear, News

T = TypeVar("T")

MAX_WAIT_SECONDS = 25
POLL_SECONDS = 1.0
SURE_SECONDS = 5.0
"""How often to look while news is heard: the clock alone changes some things, and news gets lost.
"""

Wait = Annotated[
    int,
    QueryParameter(
        ge=0, le=MAX_WAIT_SECONDS, description="没有变化时最多等待的秒数，0 表示立即返回"
    ),
]
"""Take it as `wait: Wait = 0`."""


async def wait_for_change(
    poll: Callable[[], Awaitable[T | None]],
    seconds: float,
    *,
    every: float = POLL_SECONDS,
    news: News | None = None,
    topic: str = "",
) -> T | None:
    """What `poll` finds as soon as it finds something; None after `seconds`, at most 25.

    `poll` is asked at once, then each second, and gives back each time what it took to find out.
    With `news` it is asked when there is some of the `topic`, and otherwise seldom.
    """
    if seconds <= 0:
        return await poll()
    loop = asyncio.get_running_loop()
    ends = loop.time() + min(seconds, MAX_WAIT_SECONDS)
    async with listening(news, topic) as ear:
        while True:
            if ear is not None:
                ear.forget()
            found = await poll()
            left = ends - loop.time()
            if found is not None or left <= 0:
                return found
            await pause(ear, left, every)


def listening(news: News | None, topic: str) -> AbstractAsyncContextManager[Ear | None]:
    """An ear for the topic, where there is news at all."""
    return nullcontext() if news is None else news.hear(topic)


async def pause(ear: Ear | None, left: float, every: float = POLL_SECONDS) -> None:
    """Until it is time to look again."""
    if ear is None:
        await asyncio.sleep(min(every, left))
    else:
        await ear.wait(min(SURE_SECONDS if ear.sure else every, left))
