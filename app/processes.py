"""Children that do not outlive us: started in a session of their own, ended with a grace.

A Ctrl-C in the terminal reaches only us, so that we end the children in the right order. If we
are killed ourselves, the kernel (Linux) sends each child its death signal.
"""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
# The kernel sends the death signal when the *thread* that started the child ends. This one lasts.
_starter = ThreadPoolExecutor(1, thread_name_prefix="starter")


class Account(NamedTuple):
    """Whom a child runs as."""

    uid: int
    gid: int


def spawn(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    account: Account | None = None,
    output: Path | None = None,
    given: bytes | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session. `given` is all it finds on its standard input.

    What it prints is appended to `output`, or goes where ours goes.
    """

    def start() -> subprocess.Popen[bytes]:
        log = output.open("ab") if output else None
        try:
            return subprocess.Popen(
                command,
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT if log else None,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                preexec_fn=_die_with(os.getpid(), death_signal),
            )
        finally:
            if log:
                log.close()

    process = _starter.submit(start).result()
    if process.stdin is not None:
        with process.stdin:
            process.stdin.write(given or b"")
    return process


def end(
    process: subprocess.Popen[bytes],
    *signals: signal.Signals,
    grace: float = 5.0,
) -> None:
    """End a child: each signal in turn, `grace` seconds apart; at last SIGKILL to its tree."""
    for number in signals or (signal.SIGTERM,):
        if process.poll() is not None:
            break
        with suppress(ProcessLookupError):
            process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    if process.poll() is None:
        kill_tree(process.pid)
        process.wait()


def kill_tree(pid: int) -> None:
    """SIGKILL to a process and to all it started, wherever they are."""
    stop_tree(pid)
    for member in (pid, *descendants(pid)):
        _signal(member, signal.SIGKILL)


def stop_tree(pid: int) -> None:
    """SIGSTOP to a process and to all it started: it is there, and answers nothing."""
    _signal(pid, signal.SIGSTOP)  # first, so that it starts nobody more
    for member in descendants(pid):
        _signal(member, signal.SIGSTOP)


def continue_tree(pid: int) -> None:
    """Undo `stop_tree`."""
    for member in (*descendants(pid), pid):
        _signal(member, signal.SIGCONT)


def descendants(pid: int) -> list[int]:
    """Everything that a process started and that still lives. Empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def die_with_parent(number: signal.Signals) -> None:
    """For a process that somebody else's code started: end when its parent does, also when it did
    before we came to say so.
    """
    began_by = multiprocessing.parent_process()
    parent = os.getppid() if began_by is None or began_by.pid is None else began_by.pid
    act = _die_with(parent, number)
    if act is not None:
        act()


def _die_with(parent: int, number: signal.Signals) -> Callable[[], None] | None:
    if _libc is None:
        return None
    prctl = _libc.prctl

    def set_death_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # we were gone before the kernel knew
            os._exit(1)

    return set_death_signal


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
