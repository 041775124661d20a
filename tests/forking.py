"""Processes that are killed, each a fork of one that has everything imported already.

Python starts in a second and forks in a hundredth of one: so that a thousand can be killed.
"""

import asyncio
import os
import sys
import traceback
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec

ROOT = Path(__file__).parents[1]
Errand = TypeVar("Errand")


class Runners:
    """Runs errands in processes of their own. `killed` and `ended` count them, `said` is what
    they wrote to their outputs.
    """

    def __init__(self, module: str, heard: Path) -> None:
        self._module, self._heard = module, heard
        self._server: Process | None = None
        self.killed, self.ended = 0, 0

    async def run(self, errand: object) -> int:
        """How it ended: 0, or minus the signal that killed it."""
        self._server = self._server or await self._start()
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(msgspec.json.encode(errand) + b"\n")
        await self._server.stdin.drain()
        code = int(await self._server.stdout.readline())
        self.killed, self.ended = self.killed + (code < 0), self.ended + (code == 0)
        return code

    def said(self) -> list[str]:
        return self._heard.read_text().splitlines() if self._heard.exists() else []

    async def close(self) -> None:
        if self._server is not None:
            await self._server.communicate(b"")

    async def _start(self) -> Process:
        with self._heard.open("ab") as heard:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self._module),
                cwd=ROOT,
                stdin=PIPE,
                stdout=PIPE,
                stderr=heard,
            )


def serve(kind: type[Errand], run: Callable[[Errand], Coroutine[Any, Any, None]]) -> None:
    """A process for each line of standard input; how it ended is a line of standard output."""
    while line := sys.stdin.buffer.readline():
        child = os.fork()
        if child == 0:
            _do(msgspec.json.decode(line, type=kind), run)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _do(errand: Errand, run: Callable[[Errand], Coroutine[Any, Any, None]]) -> None:
    code = 1
    try:
        os.dup2(2, 1)  # what it says is no answer of the server
        asyncio.run(run(errand))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
