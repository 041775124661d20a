import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from app.__main__ import main
from app.heartbeat import LOST_SECONDS, beating, beats


async def test_a_worker_whose_loop_turns_is_seen_to_live(tmp_path: Path) -> None:
    file = tmp_path / "beats"

    async with beating(str(file)):
        await asyncio.sleep(0)

        assert beats(str(file))


def test_one_that_touched_nothing_for_half_a_minute_is_not(tmp_path: Path) -> None:
    file = tmp_path / "beats"
    file.touch()
    long_ago = file.stat().st_mtime - LOST_SECONDS - 1
    os.utime(file, (long_ago, long_ago))

    assert not beats(str(file))
    assert not beats(str(tmp_path / "none"))
    assert not beats("")


def test_the_health_command_asks_the_file_of_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "beats"
    monkeypatch.setenv("ZB_HEARTBEAT_PATH", str(file))

    before = main(["health", "worker"])
    file.touch()

    assert (before, main(["health", "worker"])) == (1, 0)


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_command_asks_the_port_of_the_api(
    status: int, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _answering(status) as port:
        monkeypatch.setenv("ZB_PORT", str(port))

        assert main(["health", "ready"]) == code

    assert main(["health", "live"]) == 1, "nobody there"


@contextmanager
def _answering(status: int) -> Iterator[int]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/ready" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()
