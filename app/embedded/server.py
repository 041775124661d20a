import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from app.embedded.unprivileged import server_account, server_place
from app.processes import continue_tree, end, kill_tree, stop_tree


class ServerNotStarted(Exception):
    """An embedded server cannot run here; the text says why and what to do."""


class EmbeddedServer(ABC):
    """One server over one folder: a context manager, or start() and stop().

    Without a folder it uses one of its own, which stop() removes. The address stays the same for
    the life of the object, also over kill() and start().
    """

    name: ClassVar[str]
    end_signals: ClassVar[tuple[signal.Signals, ...]]

    def __init__(self, folder: Path | None = None) -> None:
        self._account = server_account()
        self._temporary = folder is None
        wanted = folder or Path(tempfile.mkdtemp(prefix=f"zhangban-{self.name}-"))
        self.folder, self.notice = server_place(wanted, self._account)
        self.process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @abstractmethod
    def start(self) -> str:
        """Serve, and return the address."""

    def stop(self) -> None:
        """End the server cleanly, also a frozen one; a temporary folder goes with it."""
        if self.process is not None:
            self.thaw()
            end(self.process, *self.end_signals, grace=10)
            self.process = None

    def kill(self) -> None:
        """End it as a crash would: SIGKILL to all its processes. start() recovers."""
        if self.process is not None:
            kill_tree(self.process.pid)
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        """It is there and answers nothing, until thaw()."""
        if self.process is not None:
            stop_tree(self.process.pid)

    def thaw(self) -> None:
        if self.process is not None:
            continue_tree(self.process.pid)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _failed(self, what: str) -> ServerNotStarted:
        return ServerNotStarted(f"{what}，详见 {self.folder / 'log'}")


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Whether the condition came true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False
