"""After the kills: let all work come to its end, lay both books side by side, count. 对账

`python -m tests.kills.settling STATE OFFSET` is a process of its own over the bed's database and
the sandbox's own book; the last line that it prints is a Settled.
"""

import asyncio
import os
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import msgspec
from msgspec import Struct
from tortoise import connections

from app.database import database
from app.settings import Settings, load_settings
from core.clock import now, set_offset
from seeds.files import City
from tests.invariants.rows import THEIRS, Books, read_ours
from tests.journeys.town import Deployment, Town
from tests.simulation.simulation import Simulation

ATTEMPT_ENDS = {"alipay_trades": "TRADE_SUCCESS", "wechat_pay_orders": "SUCCESS"}
PAYOUTS = ("wechat_pay_transfers", "alipay_transfers", "bank_transfers")
_LEASES_END = (
    "UPDATE notifications_delivery SET leased_until = now() - interval '1 second'"
    " WHERE leased_until IS NOT NULL"
)
_TAKEN_UP = "UPDATE procrastinate_jobs SET status = 'todo' WHERE status = 'doing'"


class Settled(Struct):
    """What does not hold, and what there was."""

    faults: list[str]
    counts: dict[str, int]


class Standing(Deployment):
    """A deployment whose keys and settings are there already."""

    def __init__(self, state: Path, settings: Settings) -> None:
        self.state, self.city, self.settings = state, City(), settings


async def settle(state: Path, offset: timedelta) -> Settled:
    """No process is left but the servers: this one does all their work, and time passes.

    What the workers had begun when they were ended is taken up, as the next worker would.
    """
    settings = load_settings(os.environ)
    set_offset(offset)
    async with database(settings.database_url.reveal(), minsize=2, maxsize=8):
        await connections.get("default").execute_query(_LEASES_END)
        await connections.get("default").execute_query(_TAKEN_UP)
        town = Town(Standing(state, settings), state, offset)
        simulation = Simulation(town, seed=0)
        await simulation.drain()
        await simulation.check(drained=True)
        books = await _read(town)
        faults = simulation.faults + what_was_acknowledged_is_kept(books)
        await town.close()
    return Settled(faults, dict(_count(books)))


def what_was_acknowledged_is_kept(books: Books) -> list[str]:
    """B26: a payment platform that heard a yes tells no more, so what it told must be there."""
    kept = {row["event_id"] for row in books.ours["payments_notice_key"]}
    return [
        f"B26 {row['provider']} {row['event_id']} was acknowledged, and is not kept"
        for row in books.theirs["callbacks"]
        if row["provider"] in ("wechat_pay", "alipay")
        and row["state"] == "delivered"
        and row["event_id"] not in kept
    ]


async def _read(town: Town) -> Books:
    theirs = {page: await town.book(page) for page in THEIRS}
    fetch = connections.get("default").execute_query_dict
    return Books(await read_ours(fetch), theirs, now())


def _count(books: Books) -> Counter[str]:
    counts: Counter[str] = Counter()
    for page, state in ATTEMPT_ENDS.items():
        counts["payments"] += sum(row["state"] == state for row in books.theirs[page])
    counts["payouts"] = sum(len(books.theirs[page]) for page in PAYOUTS)
    counts["messages outside"] = len(books.theirs["messages"])
    counts["callbacks"] = len(books.theirs["callbacks"])
    for row in books.ours["notifications_delivery"]:
        counts[f"deliveries {row['status']}"] += 1
    for row in books.ours["core_human_task"]:
        counts[f"tasks {row['kind']}"] += 1
    return counts


if __name__ == "__main__":
    settled = asyncio.run(settle(Path(sys.argv[1]), timedelta(seconds=float(sys.argv[2]))))
    sys.stdout.write(msgspec.json.encode(settled).decode() + "\n")
