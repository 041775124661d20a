"""The whole product as `make run` starts it, from outside."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from app.embedded.ports import free_port
from app.processes import continue_tree, descendants, kill_tree, stop_tree
from app.running import ROOT, Running, find_running

READY_SECONDS = 120


class Dev:
    """One `python -m app dev` over a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port(18_000)

    def start(self) -> Running:
        with (self.folder / "out").open("ab") as out:
            self.process = subprocess.Popen(
                self._command(), cwd=ROOT, stdout=out, stderr=out, start_new_session=True
            )
        assert _comes_true(self._is_ready, READY_SECONDS), self.said()
        running = find_running(self.folder)
        assert running is not None
        return running

    def start_another(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(), cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )

    def members(self) -> list[int]:
        return [self.process.pid, *descendants(self.process.pid)]

    def said(self) -> str:
        return (self.folder / "out").read_text()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        if self.process.poll() is None:
            kill_tree(self.process.pid)
            self.process.wait()

    def _command(self) -> list[str]:
        given = ["--folder", str(self.folder), "--port", str(self.port)]
        return [sys.executable, "-m", "app", "dev", *given]

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.said()
        return find_running(self.folder) is not None


@pytest.fixture(scope="module")
def dev() -> Iterator[Dev]:
    yield from _dev()


@pytest.fixture
def short_lived() -> Iterator[Dev]:
    yield from _dev()


@pytest.fixture(scope="module")
def running(dev: Dev) -> Running:
    return dev.start()


def test_it_answers_and_describes_itself(running: Running) -> None:
    ready = httpx.get(f"{running.address}/health/ready")
    document = httpx.get(f"{running.address}/openapi.json").json()

    assert ready.json() == {"status": "ready", "postgres": "ok", "valkey": "ok"}
    assert document["info"]["title"] == "掌上办接口"
    assert httpx.get(f"{running.address}/docs").status_code == 200


def test_metrics_are_the_sum_of_all_workers(running: Running) -> None:
    before = _counted(running, "/openapi.json")

    for _ in range(30):  # each on a new connection, and so at any worker
        httpx.get(f"{running.address}/openapi.json")

    assert {_counted(running, "/openapi.json") for _ in range(6)} == {before + 30}


def test_a_second_one_says_that_it_runs_already(dev: Dev, running: Running) -> None:
    second = dev.start_another()

    assert second.returncode == 1
    assert f"已经在运行：{running.address}" in second.stdout
    assert httpx.get(f"{running.address}/health/ready").status_code == 200


def test_a_killed_worker_is_replaced(running: Running) -> None:
    workers = descendants(running.processes["api"])
    assert len(workers) == 2

    os.kill(workers[0], signal.SIGKILL)

    def replaced() -> bool:
        now = descendants(running.processes["api"])
        return len(now) == 2 and workers[0] not in now

    assert _comes_true(replaced, 10)
    assert _comes_true(lambda: _status(running) == 200, 10)


def test_without_the_database_it_says_so_and_recovers(dev: Dev, running: Running) -> None:
    """G05, frozen: 503 with Retry-After, and back within ten seconds of its return."""
    (postgres,) = _serving(dev, "postgres")

    stop_tree(postgres)
    try:
        gone = httpx.get(f"{running.address}/health/ready", timeout=10)
    finally:
        continue_tree(postgres)

    assert (gone.status_code, gone.json()["status"]) == (503, "unavailable")
    assert gone.headers["retry-after"]
    assert _comes_true(lambda: _status(running) == 200, 10)


def test_a_killed_server_is_brought_back_at_its_address(dev: Dev, running: Running) -> None:
    """G04, G05, killed"""
    for name in ("valkey", "postgres"):
        (process,) = _serving(dev, name)
        kill_tree(process)

        assert _comes_true(lambda: not _all_well(running), 5), name
        assert _comes_true(lambda: _all_well(running), 20), name


def test_ctrl_c_leaves_no_process_and_the_next_start_finds_everything(short_lived: Dev) -> None:
    """Killed outright it takes everything along, too."""
    running = short_lived.start()
    members = short_lived.members()
    secrets = (short_lived.folder / "secrets.json").read_bytes()
    assert len(members) >= 9

    short_lived.process.send_signal(signal.SIGINT)

    assert short_lived.process.wait(30) == 0
    assert _living(members) == []
    assert find_running(short_lived.folder) is None
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.address}/health/live")

    again = short_lived.start()
    members = short_lived.members()
    assert _status(again) == 200
    assert (short_lived.folder / "secrets.json").read_bytes() == secrets

    short_lived.process.kill()
    short_lived.process.wait()

    assert _comes_true(lambda: _living(members) == [], 20)


def _dev() -> Iterator[Dev]:
    folder = Path(tempfile.mkdtemp(prefix="zhangban-dev-"))
    folder.chmod(0o711)
    dev = Dev(folder)
    yield dev
    dev.end()
    shutil.rmtree(folder)


def _serving(dev: Dev, program: str) -> list[int]:
    """The embedded server of that name: a child of ours that runs its program."""
    direct = [pid for pid in descendants(dev.process.pid) if _parent(pid) == dev.process.pid]
    return [pid for pid in direct if program in Path(f"/proc/{pid}/comm").read_text()]


def _status(running: Running) -> int:
    try:
        return httpx.get(f"{running.address}/health/ready", timeout=10).status_code
    except httpx.HTTPError:
        return 0


def _all_well(running: Running) -> bool:
    try:
        answer = httpx.get(f"{running.address}/health/ready", timeout=10)
    except httpx.HTTPError:
        return False
    return bool(answer.json()["status"] == "ready")


def _counted(running: Running, route: str) -> float:
    text = httpx.get(f"{running.address}/metrics").text
    lines = [line for line in text.splitlines() if line.startswith("zhangban_requests_total")]
    return sum(float(line.rpartition(" ")[2]) for line in lines if f'path="{route}"' in line)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _living(pids: list[int]) -> list[int]:
    living = []
    for pid in pids:
        with suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state not in "ZX":
                living.append(pid)
    return living


def _comes_true(condition: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.1)
    return False
