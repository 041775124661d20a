"""One seed: a day in the city with everything that can go wrong, and its end. 仿真

The clock is ours and stands still within a step, so that a seed plays the same again.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import time_machine
from tortoise import connections
from tortoise.backends.base.client import TransactionalDBClient

from app.timetable import timetable
from core import jobs
from core.audit import seal_audit
from core.clock import CHINA, now
from core.errors import DomainError
from sandbox.faults import Plan
from tests.journeys import books
from tests.journeys.opening import THAT_MORNING, fresh_town
from tests.journeys.town import Deployment, Town
from tests.simulation import acts
from tests.simulation.players import Refused
from tests.simulation.weather import plan_of

STEPS = 30
LATE_DAYS = 10
"""Money that nobody takes goes back after a day, and then perhaps to the next who waits for it."""

ROUNDS_UNTIL_QUIET = 60
DRAIN = [timedelta(seconds=n) for n in (31, 95, 600, 1900, 3700, 3700, 6 * 3600, 14 * 3600, 3700)]
_TODO = "SELECT id, task_name, args::text FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"
_END = "UPDATE procrastinate_jobs SET status = $2::procrastinate_job_status WHERE id = $1"


class Simulation:
    """`trace` is all that was done and how it ended; `faults` all that should not have been."""

    def __init__(self, town: Town, seed: int) -> None:
        self.town, self.dice = town, Random(f"acts {seed}")
        self.trace: list[str] = []
        self.faults: list[str] = []
        self.counts: Counter[str] = Counter()
        self.cast = acts.Cast(self)
        self._inside = False

    async def play(self, steps: int) -> None:
        """Random acts, each whatever it leads to."""
        with self.town.line.meanwhile("", self._meanwhile):
            for step in range(steps):
                name, act = self.cast.choose()
                outcome = await self._outcome(act)
                self.trace.append(f"{step} {name}: {outcome}")
                self.counts["acts"] += 1
                self.town.pass_time(seconds=1)

    async def drain(self) -> None:
        """The weather clears; everything that waits comes to its end, by daylight."""
        self.counts["bad_luck"] += len(self.town.world.faults.report().happened)
        self.trace += [
            f"weather {one.rule} {one.occurrence} {one.fault}"
            for one in self.town.world.faults.report().happened
        ]
        self.town.world.faults.follow(Plan())
        for wait in DRAIN:
            await self.work()
            self.town.pass_time(seconds=wait.total_seconds())
        for day in range(LATE_DAYS):
            self.town.pass_time(hours=25 * (day > 0))
            self._wait_for_daylight()
            await self.work()
            if not await books.broken(self.town, drained=True):
                return

    async def work(self) -> None:
        """What the worker and the platforms do by now, until all is quiet."""
        for entry in timetable(self.town.parts):
            await self._outcome(entry.action)
        failed: set[int] = set()
        for _ in range(ROUNDS_UNTIL_QUIET):
            await self.town.let_time_work()
            if not await self.town.deliver() + await self._run_jobs(failed):
                break
        else:
            self.faults.append("it never becomes quiet")
        await seal_audit(at=now())

    async def check(self, *, drained: bool) -> None:
        self.faults += await books.broken(self.town, drained=drained)

    async def _run_jobs(self, failed: set[int]) -> int:
        """Each job that waits, once; one that fails waits for the next time."""
        connection = connections.get("default")
        await jobs.move_due(at=now())
        rows = [
            row for row in await connection.execute_query_dict(_TODO) if row["id"] not in failed
        ]
        for row in rows:
            await connection.execute_query(_END, [row["id"], "doing"])
            outcome = await self._outcome(lambda row=row: self.town.run_job(row))
            ended = outcome == "ok"
            await connection.execute_query(_END, [row["id"], "succeeded" if ended else "todo"])
            if not ended:
                failed.add(row["id"])
                self.counts["jobs_again"] += 1
        return len(rows)

    async def _outcome(self, act: Callable[[], Awaitable[object]]) -> str:
        """What came of it, in a word; anything that nobody foresaw is a fault."""
        try:
            said = await act()
        except Refused as refused:
            self.counts["refused"] += 1
            return str(refused)
        except httpx.HTTPStatusError as refused:
            return f"phone {refused.response.status_code}"
        except DomainError as error:
            return error.code
        except Exception as error:
            logging.getLogger(__name__).exception("an act nobody foresaw")
            self.faults.append(f"{type(error).__name__}: {error}")
            return type(error).__name__
        return said if isinstance(said, str) else "ok"

    async def _meanwhile(self, _: httpx.Response) -> None:
        """Between an answer and whoever waits for it, the rest of the world goes on."""
        if isinstance(connections.get("default"), TransactionalDBClient):
            self.faults.append("D12 somebody outside is asked in the middle of a transaction")
            return
        if self._inside or self.dice.random() > 0.1:
            return
        self._inside = True
        try:
            await self.town.let_time_work()
            await self.town.deliver()
            await self._run_jobs(set())
        finally:
            self._inside = False

    def _wait_for_daylight(self) -> None:
        local = now().astimezone(CHINA)
        if not 9 <= local.hour < 20:
            morning = (local + timedelta(hours=15)).replace(hour=9, minute=0)
            self.town.pass_time(seconds=(morning - local).total_seconds())


async def simulate(
    deployment: Deployment, folder: Path, seed: int, *, steps: int = STEPS
) -> Simulation:
    """Play one seed to its end and look at both books."""
    moment: datetime = THAT_MORNING
    with time_machine.travel(moment, tick=False):
        async with fresh_town(deployment, folder, moment=moment) as town:
            simulation = Simulation(town, seed)
            await simulation.cast.gather()
            town.world.faults.follow(plan_of(seed))
            await simulation.play(steps)
            await simulation.check(drained=False)
            await simulation.drain()
            await simulation.check(drained=True)
            await acts.count(simulation)
            return simulation
