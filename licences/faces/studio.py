"""Has faces drawn beside the server, whose requests must not wait for it. 画室"""

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import msgspec

from core.errors import UpstreamFailed
from licences.faces.child import DONE, LENGTH
from licences.faces.face import Face

ROOT = Path(__file__).resolve().parents[2]
MOST_WAITING = 16
SECONDS = 10.0

log = logging.getLogger(__name__)


class FaceBusy(UpstreamFailed):
    code = "licences.face_busy"
    message = "证照图片正在排队生成，请稍后再试"
    retry_after = 2


class FaceNotDrawn(Exception):
    """The face broke the renderer: a bug of ours."""


class Studio:
    """One drawing process, started when first needed and again when it is gone.

    One face is drawn at a time and a bounded number waits; whoever comes then is told to come back.
    """

    def __init__(self, *, most_waiting: int = MOST_WAITING, seconds: float = SECONDS) -> None:
        self._most = most_waiting
        self._seconds = seconds
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._child: Process | None = None

    @property
    def full(self) -> bool:
        return self._waiting >= self._most

    @property
    def process_id(self) -> int | None:
        """Of the drawing process, while there is one."""
        return None if self._child is None else self._child.pid

    async def paint(self, face: Face) -> bytes:
        """The PNG of a face; FaceBusy when too many wait or the process does not answer."""
        if self.full:
            raise FaceBusy()
        self._waiting += 1
        try:
            async with self._turn:
                return await self._ask(msgspec.msgpack.encode(face))
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """End the process, if there is one, and wait until it is gone."""
        child, self._child = self._child, None
        if child is not None:
            _end(child)
            await child.wait()

    async def _ask(self, asked: bytes) -> bytes:
        try:
            child = await self._living()
        except OSError as error:
            log.warning("drawing process not begun", extra={"error": type(error).__name__})
            raise FaceBusy() from error
        answered = False
        try:
            async with asyncio.timeout(self._seconds):
                answer = await _exchange(child, asked)
            answered = True
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            log.warning("drawing process lost", extra={"error": type(error).__name__})
            raise FaceBusy() from error
        finally:
            if not answered:  # the rest of an answer must not be taken for the next one
                self._child = None
                _end(child)
        if answer[:1] != DONE:
            raise FaceNotDrawn
        return answer[1:]

    async def _living(self) -> Process:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "licences.faces.child"),
                stdin=PIPE,
                stdout=PIPE,
                cwd=ROOT,
                env={"PYTHONPATH": str(ROOT)},  # none of the server's secrets
                start_new_session=True,
            )
        return self._child


async def _exchange(child: Process, asked: bytes) -> bytes:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(len(asked).to_bytes(LENGTH, "big") + asked)
    await child.stdin.drain()
    head = await child.stdout.readexactly(LENGTH)
    return await child.stdout.readexactly(int.from_bytes(head, "big"))


def _end(child: Process) -> None:
    if child.returncode is None:
        child.kill()
