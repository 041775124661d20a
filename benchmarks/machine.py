"""On what, with what and when: without these a figure says nothing. 机器"""

import os
import platform
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import psutil
from msgspec import Struct

from app.processes import descendants
from core.clock import now

_DRAWING = "licences.faces.child"
_NAMED = ("litestar", "granian", "tortoise-orm", "asyncpg", "msgspec", "redis")


class Memory(Struct, frozen=True):
    """Of one process, in bytes. USS is what would be free again if it ended."""

    name: str
    rss: int
    uss: int


def memory_of(processes: Sequence[tuple[str, int]]) -> list[Memory]:
    found = []
    for name, pid in processes:
        told = psutil.Process(pid).memory_full_info()
        found.append(Memory(name, told.rss, told.uss))
    return found


class ProcessorTime(Struct, frozen=True):
    """Seconds of processor time of a server's processes: those that serve, those that draw."""

    serving: float = 0.0
    drawing: float = 0.0

    def __add__(self, other: "ProcessorTime") -> "ProcessorTime":
        return ProcessorTime(self.serving + other.serving, self.drawing + other.drawing)

    def __sub__(self, other: "ProcessorTime") -> "ProcessorTime":
        return ProcessorTime(self.serving - other.serving, self.drawing - other.drawing)


def processor_time(server: int) -> ProcessorTime:
    """What this process and all that it started have used so far. Ended ones are not counted."""
    spent = ProcessorTime()
    for pid in (server, *descendants(server)):
        with suppress(psutil.NoSuchProcess):
            times = psutil.Process(pid).cpu_times()
            seconds = times.user + times.system
            spent += ProcessorTime(0, seconds) if draws(pid) else ProcessorTime(seconds, 0)
    return spent


def draws(pid: int) -> bool:
    """Whether this is a process that draws faces of licences."""
    return _DRAWING in psutil.Process(pid).cmdline()


def describe(postgres: str, valkey: str) -> list[str]:
    """The machine, the versions, the moment and what else the machine was doing."""
    total = psutil.virtual_memory().total / 2**30
    ones = ", ".join(f"{name} {version(name)}" for name in _NAMED)
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return [
        f"{_processor()}, {os.cpu_count()} cores, {total:.1f} GiB RAM, {platform.system()}"
        f" {platform.release()}",
        f"Python {sys.version.split()[0]}, {postgres}, {valkey}, {ones}",
        f"{now():%Y-%m-%d %H:%M} UTC, load average {load} before",
    ]


def load_average() -> float:
    return os.getloadavg()[0]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
