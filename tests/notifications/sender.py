"""A sender as a process of its own, that dies where it is told to.

Its channel writes each send as a line of a file: the outside world's own book.
"""

from pathlib import Path

from msgspec import Struct

from app.database import database
from core.crashpoints import arm
from notifications.channels import Channels, Notice, SendResult, Sent
from notifications.sending import deliver_due
from tests.fakes.notifications import FakeChannel
from tests.forking import serve
from tests.given import AT
from tests.notifications.make import DEPARTMENT


class Errand(Struct, frozen=True):
    database_url: str
    book: str
    dies_at: str


async def run(errand: Errand) -> None:
    async def write(notice: Notice) -> SendResult:
        _append(Path(errand.book), notice.to)
        return Sent(None)

    arm(errand.dies_at or None)
    async with database(errand.database_url, minsize=1, maxsize=2):
        await deliver_due(channels=Channels([FakeChannel(write)]), department=DEPARTMENT, at=AT)


def _append(book: Path, line: str) -> None:
    with book.open("a") as file:
        file.write(f"{line}\n")


if __name__ == "__main__":
    serve(Errand, run)
