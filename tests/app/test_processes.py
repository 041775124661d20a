import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from app.processes import continue_tree, descendants, end, kill_tree, spawn, stop_tree

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
IGNORES = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)",
]
HAS_CHILD = [
    sys.executable,
    "-c",
    "import subprocess, sys\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print(child.pid, flush=True)\nchild.wait()",
]


def test_a_child_has_a_session_of_its_own() -> None:
    child = spawn(SLEEPS)

    assert os.getsid(child.pid) == child.pid != os.getsid(0)

    end(child)


def test_a_child_that_ignores_the_signal_is_killed_after_the_grace(tmp_path: Path) -> None:
    child = spawn(IGNORES, output=tmp_path / "out")
    _first_line(tmp_path / "out")

    end(child, signal.SIGTERM, grace=0.3)

    assert child.returncode == -signal.SIGKILL


def test_a_killed_holder_takes_its_children_along(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom pathlib import Path\nfrom app.processes import spawn\n"
        f"child = spawn({SLEEPS!r})\nprint(child.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )

    holder = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert holder.returncode == -signal.SIGKILL
    assert _gone(int(holder.stdout))


def test_who_comes_to_life_after_its_parent_was_killed_ends_too() -> None:
    """As a worker of the API that was still importing: it served on at the same address."""
    code = (
        "import multiprocessing, os, signal, time\nfrom app.processes import die_with_parent\n"
        "def late(parent):\n"
        "    print(os.getpid(), flush=True)\n"
        "    while os.getppid() == parent: time.sleep(0.01)\n"
        "    die_with_parent(signal.SIGTERM)\n"
        "    time.sleep(60)\n"
        "fork = multiprocessing.get_context('fork')\n"
        "fork.Process(target=late, args=[os.getpid()]).start()\n"
        "time.sleep(0.2)\nos.kill(os.getpid(), signal.SIGKILL)"
    )

    parent = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, check=False, timeout=30
    )

    assert _gone(int(parent.stdout))


def test_a_whole_tree_is_frozen_goes_on_and_is_killed(tmp_path: Path) -> None:
    parent = spawn(HAS_CHILD, output=tmp_path / "out")
    child = int(_first_line(tmp_path / "out"))
    assert descendants(parent.pid) == [child]

    stop_tree(parent.pid)
    assert {_state(parent.pid), _state(child)} == {"T"}
    continue_tree(parent.pid)
    assert "T" not in {_state(parent.pid), _state(child)}
    kill_tree(parent.pid)
    parent.wait()

    assert _gone(child)


def _first_line(path: Path) -> str:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with suppress(OSError):
            if line := path.read_text():
                return line
        time.sleep(0.02)
    raise AssertionError("nothing was printed")


def _state(pid: int) -> str:
    time.sleep(0.05)
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _gone(pid: int) -> bool:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            if _state(pid) == "Z":
                return True
        except OSError:
            return True
    return False
