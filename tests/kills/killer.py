"""Ends processes by `kill -9`, by the dice, and brings them back as a supervisor does. 击杀"""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random

from app.embedded.server import EmbeddedServer
from app.processes import descendants
from app.supervision import Program
from tests.kills.bed import Bed

KINDS = ("api worker", "worker", "postgres", "api", "postgres backend", "valkey")
LONGEST_ABSENCE, LONGEST_WAIT = 0.8, 0.3
BETWEEN, AT_ONCE, PATIENCE_SECONDS = (5, 25), 0.2, 60.0
"""So many acts between two blows; one blow in five follows the last one at once."""

_WATCH_SECONDS = 0.1


class Killer:
    """`killed` counts by kind. Everything that ends, by us or by itself, is brought back."""

    def __init__(self, bed: Bed, seed: int) -> None:
        self.killed: Counter[str] = Counter()
        self._bed, self._dice = bed, Random(f"kills {seed}")
        self._blows: dict[str, Callable[[], bool]] = {
            "api worker": lambda: self._one_below(bed.api.process),
            "api": lambda: self._program(bed.api),
            "worker": lambda: self._program(self._dice.choice(bed.workers)),
            "postgres backend": lambda: self._one_below(bed.postgres.process),
        }
        self._servers = {"postgres": bed.postgres, "valkey": bed.valkey}

    async def kill(self, times: int, *, done: Callable[[], int]) -> None:
        """Every kind as often, in an order of the dice; `done` counts what people have got done.

        Between two blows people get something done, but not always.
        """
        left = [kind for n in range(times // len(KINDS) + 1) for kind in KINDS][:times]
        self._dice.shuffle(left)
        for kind in left:
            if self._dice.random() > AT_ONCE:
                await _until(done, done() + self._dice.randint(*BETWEEN))
            await asyncio.sleep(self._dice.uniform(0, LONGEST_WAIT))
            while not await self._strike(kind):
                await asyncio.sleep(_WATCH_SECONDS)
            self.killed[kind] += 1

    async def watch(self) -> None:
        """Until cancelled: a program that ended is started again."""
        while True:
            for program in self._bed.programs:
                if program.process is not None and program.process.poll() is not None:
                    await asyncio.to_thread(program.start)
            await asyncio.sleep(_WATCH_SECONDS)

    async def _strike(self, kind: str) -> bool:
        """False when there is nobody of this kind just now."""
        server = self._servers.get(kind)
        if server is None:
            return self._blows[kind]()
        await self._kill_server(server)
        return True

    async def _kill_server(self, server: EmbeddedServer) -> None:
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(self._dice.uniform(0, LONGEST_ABSENCE))
        await asyncio.to_thread(server.start)

    def _program(self, program: Program) -> bool:
        process = program.process
        if process is None or process.poll() is not None:
            return False
        process.send_signal(signal.SIGKILL)
        return True

    def _one_below(self, process: object) -> bool:
        pid = getattr(process, "pid", None)
        below = sorted(descendants(pid)) if pid else []
        if not below:
            return False
        with suppress(ProcessLookupError):
            os.kill(self._dice.choice(below), signal.SIGKILL)
        return True


async def _until(done: Callable[[], int], wanted: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while done() < wanted and time.monotonic() < until:
        await asyncio.sleep(_WATCH_SECONDS / 2)
