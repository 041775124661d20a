"""A sender as a process of its own, that dies where it is told to.

Its channel writes each send as a line of a file: the outside world's own book.
"""

import asyncio
import sys
from pathlib import Path

from app.database import database
from core.crashpoints import arm
from notifications.channels import Channels, Notice, SendResult, Sent
from notifications.sending import deliver_due
from tests.fakes.notifications import FakeChannel
from tests.given import AT
from tests.notifications.make import DEPARTMENT


async def main(url: str, book: str, dies_at: str) -> None:
    async def write(notice: Notice) -> SendResult:
        _append(Path(book), notice.to)
        return Sent(None)

    arm(dies_at or None)
    async with database(url, minsize=1, maxsize=2):
        await deliver_due(channels=Channels([FakeChannel(write)]), department=DEPARTMENT, at=AT)


def _append(book: Path, line: str) -> None:
    with book.open("a") as file:
        file.write(line + "\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
