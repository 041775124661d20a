"""The product that is demonstrated: the one that runs, or one that is started for it. 舞台"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.processes import end, spawn
from app.running import ROOT, Running, find_running

START_SECONDS = 170.0
STOP_SECONDS = 30.0


class StageNotSet(Exception):
    """The product did not start; the text says where to look."""


@contextmanager
def served_product(
    folder: Path, say: Callable[[str], None], *, clock_offset_seconds: int = 0
) -> Iterator[Running]:
    """What runs in the folder stays as it is; what had to be started is ended again."""
    running = find_running(folder)
    if running is not None:
        say(f"使用正在运行的服务 {running.address}")
        yield running
        return
    say("没有正在运行的服务，先启动一个（演示结束后一并结束，数据保留）")
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "demo-dev.log"
    command = [sys.executable, "-m", "app", "dev", "--folder", str(folder)]
    command += ["--clock-offset", str(clock_offset_seconds)]
    process = spawn(command, cwd=ROOT, output=log)
    try:
        yield _wait_for(folder, lambda: process.poll() is None, log)
    finally:
        end(process, grace=STOP_SECONDS)


def _wait_for(folder: Path, alive: Callable[[], bool], log: Path) -> Running:
    ends = time.monotonic() + START_SECONDS
    while alive() and time.monotonic() < ends:
        running = find_running(folder)
        if running is not None:
            return running
        time.sleep(0.2)
    raise StageNotSet(f"服务没有启动，详见 {log}")
