"""Real processes killed by `kill -9` at every crash point of sending."""

import asyncio
import re
import signal
import sys
from pathlib import Path

import pytest
from tortoise import connections

from app.embedded.postgres import EmbeddedPostgres
from core.sealing import Vault
from notifications import sending
from notifications.models import Delivery
from tests.notifications import make

POINTS = re.findall(r'crashpoint\("(.+?)"\)', Path(sending.__file__).read_text())
MESSAGES = 3


async def _run_sender(url: str, book: Path, dies_at: str) -> int:
    sender = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.notifications.sender", url, str(book), dies_at
    )
    return await sender.wait()


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("point", POINTS)
async def test_a_sender_killed_anywhere_sends_nothing_twice_and_hides_nothing(
    point: str, postgres: EmbeddedPostgres, tmp_path: Path, vault: Vault
) -> None:
    """D01: what may have been sent is `unknown`, the rest is sent by the next, once."""
    book = tmp_path / "book"
    book.touch()
    for _ in range(MESSAGES):
        resident = await make.consenting(vault)
        await make.tell(resident.required_party())

    killed = await _run_sender(postgres.url(), book, point)
    await connections.get("default").execute_query(
        "UPDATE notifications_delivery SET leased_until = now() - interval '1 second'"
        " WHERE leased_until IS NOT NULL"
    )
    finished = await _run_sender(postgres.url(), book, "")

    sent = book.read_text().split()
    statuses = await make.statuses()
    assert (killed, finished) == (-signal.SIGKILL, 0)
    assert len(sent) == len(set(sent)) >= MESSAGES - 1
    assert statuses.count("unknown") <= 1
    assert statuses.count("sent") + statuses.count("unknown") == MESSAGES
    assert not await Delivery.filter(status="sent", account_id=None).exists()
