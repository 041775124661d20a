"""Waiting for a change on behalf of a client, holding no database connection. 长轮询

WeChat has no EventSource, so a client asks and we answer when there is news or the time is up.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from litestar.params import QueryParameter

T = TypeVar("T")

MAX_WAIT_SECONDS = 25
POLL_SECONDS = 1.0

Wait = Annotated[
    int,
    QueryParameter(
        ge=0, le=MAX_WAIT_SECONDS, description="没有变化时最多等待的秒数，0 表示立即返回"
    ),
]
"""Take it as `wait: Wait = 0`."""


async def wait_for_change(
    poll: Callable[[], Awaitable[T | None]], seconds: float, *, every: float = POLL_SECONDS
) -> T | None:
    """What `poll` finds as soon as it finds something; None after `seconds`, at most 25.

    `poll` is asked at once, then each second, and gives back each time what it took to find out.
    """
    loop = asyncio.get_running_loop()
    ends = loop.time() + min(seconds, MAX_WAIT_SECONDS)
    while True:
        found = await poll()
        left = ends - loop.time()
        if found is not None or left <= 0:
            return found
        await asyncio.sleep(min(every, left))
