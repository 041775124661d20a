"""The folder .run of one checkout: who runs there, and where it answers."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

ROOT = Path(__file__).resolve().parent.parent
RUN_FOLDER = ROOT / ".run"


class Running(Struct, frozen=True, kw_only=True):
    """What `dev` tells others, in .run/dev.json, once it is ready."""

    pid: int
    address: str
    sandbox: str
    sandbox_state: str
    clock_offset_seconds: int
    processes: dict[str, int]


class AlreadyRunning(Exception):
    """Another `dev` holds the folder."""


@contextmanager
def sole_holder(folder: Path) -> Iterator[None]:
    """Be the only `dev` of this folder, or AlreadyRunning. A killed holder holds nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        if not _taken(lock):
            raise AlreadyRunning(_who(folder))
        (folder / "dev.json").unlink(missing_ok=True)
        try:
            yield
        finally:
            (folder / "dev.json").unlink(missing_ok=True)


def announce(folder: Path, running: Running) -> None:
    write_private(folder / "dev.json", msgspec.json.format(msgspec.json.encode(running)))


def find_running(folder: Path = RUN_FOLDER) -> Running | None:
    """The `dev` that is ready in this folder now, or None."""
    try:
        with (folder / "lock").open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _read(folder)
    return None


def write_private(path: Path, content: bytes) -> None:
    """Replace the file whole, readable by its owner only."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    os.replace(draft, path)


def _taken(lock: IO[str]) -> bool:
    """Tried for a moment: somebody who only looks holds it as briefly."""
    for _ in range(10):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def _read(folder: Path) -> Running | None:
    try:
        return msgspec.json.decode((folder / "dev.json").read_bytes(), type=Running)
    except (OSError, msgspec.MsgspecError):
        return None


def _who(folder: Path) -> str:
    running = _read(folder)
    if running is None:
        return f"{folder} 正由另一个进程使用（正在启动或结束），请稍候再试"
    return f"已经在运行：{running.address}（进程 {running.pid}）。先在那个终端按 Ctrl-C 结束它"
