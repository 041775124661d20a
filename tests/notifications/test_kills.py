"""Senders killed by `kill -9` one after the other, in the middle of a queue. 发送"""

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from tortoise import connections

from app.embedded.postgres import EmbeddedPostgres
from core.models import HumanTask
from core.sealing import Vault
from identity.models import Account
from notifications.models import Consent, Delivery
from tests.crash_flows.messages import LEASE_IS_OVER, Sending
from tests.forking import Runners
from tests.notifications import make
from tests.notifications.sender import Errand

AHEAD = 3
"""So many messages wait whenever a sender begins."""


@pytest.mark.usefixtures("db")
async def test_thirty_senders_killed_send_nothing_twice_and_hide_nothing(
    postgres: EmbeddedPostgres, tmp_path: Path, vault: Vault, say: Callable[[str], None]
) -> None:
    """D01"""
    say(await _kill_senders(30, postgres.url(), tmp_path, vault))


@pytest.mark.soak
@pytest.mark.usefixtures("db")
async def test_a_thousand_senders_killed_send_nothing_twice_and_hide_nothing(
    postgres: EmbeddedPostgres, tmp_path: Path, vault: Vault, say: Callable[[str], None]
) -> None:
    """D01"""
    kills = int(os.environ.get("SOAK_KILLS", "1000"))
    say(await _kill_senders(kills, postgres.url(), tmp_path, vault))


async def _kill_senders(kills: int, url: str, folder: Path, vault: Vault) -> str:
    """Kill so many, each at some point of sending; let the last one finish; look at both books."""
    seed = int(os.environ.get("CRASH_SEED", random.SystemRandom().randrange(2**32)))
    dice, book = Random(seed), folder / "book"
    book.touch()
    runners, queued = Runners("tests.notifications.sender", folder / "said"), 0
    try:
        while runners.killed < kills:
            queued += await _queue(vault)
            died = await runners.run(Errand(url, str(book), dice.choice(Sending.points)))
            assert died == -signal.SIGKILL, runners.said()[-20:]
            await connections.get("default").execute_query(LEASE_IS_OVER)
        while await _left():
            assert await runners.run(Errand(url, str(book), "")) == 0, runners.said()[-20:]
    finally:
        await runners.close()
    unknown = await _compare(_lines(book), queued, kills)
    return (
        f"senders: {kills} killed, {queued} messages, 0 twice, {unknown} unknown and listed,"
        f" CRASH_SEED={seed}"
    )


async def _queue(vault: Vault) -> int:
    """Have as many waiting as there should be; how many are new."""
    new = max(0, AHEAD - await _left())
    for _ in range(new):
        resident = await make.consenting(vault)
        await make.tell(resident.required_party())
    return new


async def _left() -> int:
    return await Delivery.filter(status__in=("waiting", "claimed", "sending")).count()


async def _compare(told: list[str], queued: int, kills: int) -> int:
    """Their book against ours; how many are unknown."""
    sent = await Delivery.filter(status="sent").values_list("account_id", flat=True)
    unknown = await Delivery.filter(status="unknown")
    of_account = dict(await Account.all().values_list("id", "subject"))
    assert len(told) == len(set(told)), "somebody was told twice"
    assert {of_account[one] for one in sent} <= set(told)
    assert set(told) <= {of_account[one] for one in [*sent, *(row.account_id for row in unknown)]}
    assert len(sent) + len(unknown) == queued
    assert len(unknown) <= kills
    listed = set(await HumanTask.all().values_list("subject", flat=True))
    assert listed == {f"delivery:{row.id}" for row in unknown}
    assert await Consent.filter(spent=1).count() == queued
    return len(unknown)


def _lines(book: Path) -> list[str]:
    return book.read_text().split()
