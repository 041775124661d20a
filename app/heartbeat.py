"""A sign of life of a process that answers nobody: a file, touched every few seconds. 心跳"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

BEAT_SECONDS = 5.0
LOST_SECONDS = 30.0


@asynccontextmanager
async def beating(path: str) -> AsyncIterator[None]:
    """Inside the block the file is touched while the event loop turns. No path, no file."""
    if not path:
        yield
        return
    beat = asyncio.create_task(_beat(Path(path)))
    try:
        yield
    finally:
        beat.cancel()


def beats(path: str) -> bool:
    """Whether the file was touched within the last half minute."""
    try:
        return bool(path) and time.time() - Path(path).stat().st_mtime < LOST_SECONDS
    except OSError:
        return False


async def _beat(path: Path) -> None:
    while True:
        _touch(path)
        await asyncio.sleep(BEAT_SECONDS)


def _touch(path: Path) -> None:
    path.touch()
