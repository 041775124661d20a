"""Applying kept callbacks, as the worker's job does, in a process of its own. 回调入账

Told on standard output in JSON: how many, in how long, the moments, and its memory.
"""

import asyncio
import os
import sys
from datetime import datetime
from itertools import pairwise
from time import perf_counter

import msgspec
import psutil
from msgspec import Struct

from app.database import database
from app.providers import choose_parts
from app.settings import load_settings
from payments.models import NoticeKey
from payments.notices import apply_notices


class Applied(Struct, frozen=True):
    count: int
    seconds: float
    milliseconds: list[float]
    rss: int
    uss: int


async def _apply() -> Applied:
    settings = load_settings(os.environ)
    parts = choose_parts(settings)
    async with database(settings.database_url.reveal(), maxsize=2):
        vault = await parts.vault.get()
        waiting = [key.id for key in await NoticeKey.filter(status="kept").only("id")]
        began = perf_counter()
        await apply_notices(vault=vault, department=settings.operating_department)
        seconds = perf_counter() - began
        done = await NoticeKey.filter(status="applied", id__in=waiting).only("id", "applied_at")
        moments = sorted(_moment(key.applied_at) for key in done)
    await parts.cache.aclose()
    memory = psutil.Process().memory_full_info()
    each = [(b - a) * 1000 for a, b in pairwise(moments)]
    return Applied(len(moments), seconds, each, memory.rss, memory.uss)


def _moment(at: datetime | None) -> float:
    return at.timestamp() if at is not None else 0.0


def main() -> None:
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_apply())))


if __name__ == "__main__":
    main()
