import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from redis import asyncio as aioredis
from redis.exceptions import RedisError

from app.embedded.postgres import EmbeddedPostgres
from app.embedded.server import ServerNotStarted
from app.embedded.unprivileged import (
    can_enter,
    reachable_program,
    server_account,
    server_place,
)
from app.embedded.valkey import EmbeddedValkey
from app.processes import descendants

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root must become somebody else")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the servers' account can reach; pytest's own is closed to it."""
    made = Path(tempfile.mkdtemp(prefix="zhangban-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


class TestPostgres:
    async def test_it_is_postgresql_18_of_utf8_and_utc(self, postgres: EmbeddedPostgres) -> None:
        shown = [
            await _ask(postgres.url(), f"SHOW {name}")
            for name in ("server_version_num", "server_encoding", "timezone")
        ]
        order = await _ask(postgres.url(), "SELECT upper('ß') || lower('Å')")

        assert (shown[0][:2], shown[1:], order) == ("18", ["UTF8", "UTC"], "ßå")

    async def test_the_next_start_finds_the_data(self, folder: Path) -> None:
        with EmbeddedPostgres(folder / "pg", fsync=False) as first:
            await _ask(first.url(), "CREATE TABLE kept AS SELECT 42 AS answer")

        with EmbeddedPostgres(folder / "pg", fsync=False) as second:
            found = await _ask(second.url(), "SELECT answer FROM kept")

        assert found == 42

    async def test_killed_it_comes_back_at_the_same_address(self, folder: Path) -> None:
        with EmbeddedPostgres(folder / "pg", fsync=False) as server:
            await _ask(server.url(), "CREATE TABLE kept AS SELECT 42 AS answer")
            url = server.url()

            server.kill()
            server.start()

            assert (server.url(), await _ask(url, "SELECT answer FROM kept")) == (url, 42)

    async def test_frozen_it_answers_nothing_until_it_thaws(self, folder: Path) -> None:
        with EmbeddedPostgres(folder / "pg", fsync=False) as server:
            server.freeze()
            with pytest.raises(TimeoutError):
                await _ask(server.url(), "SELECT 1", limit=0.3)

            server.thaw()

            assert await _ask(server.url(), "SELECT 1") == 1

    def test_a_second_holder_is_refused_in_a_sentence(self, folder: Path) -> None:
        with (
            EmbeddedPostgres(folder / "pg", fsync=False),
            pytest.raises(ServerNotStarted, match="已由另一个进程启动"),
        ):
            EmbeddedPostgres(folder / "pg", fsync=False).start()

    async def test_the_server_of_a_killed_holder_ends_and_its_data_are_found(
        self, folder: Path
    ) -> None:
        left = _start_and_die(folder / "pg")

        with EmbeddedPostgres(folder / "pg", fsync=False) as server:
            assert await _ask(server.url(), "SELECT 1") == 1

        assert _ended(left)

    async def test_a_start_cut_off_in_the_making_begins_again(self, folder: Path) -> None:
        (folder / "pg" / "data.new").mkdir(parents=True)
        (folder / "pg" / "data.new" / "half").touch()

        with EmbeddedPostgres(folder / "pg", fsync=False) as server:
            assert await _ask(server.url(), "SELECT 1") == 1

    async def test_a_pid_file_that_names_somebody_else_is_no_hindrance(self, folder: Path) -> None:
        with EmbeddedPostgres(folder / "pg", fsync=False):
            pass
        (folder / "pg" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")

        with EmbeddedPostgres(folder / "pg", fsync=False) as server:
            assert await _ask(server.url(), "SELECT 1") == 1

    def test_stopped_it_leaves_no_process_and_no_temporary_folder(self) -> None:
        server = EmbeddedPostgres(fsync=False)
        server.start()
        assert server.process is not None
        members = [server.process.pid, *descendants(server.process.pid)]

        server.stop()

        assert all(_ended(pid) for pid in members)
        assert not server.folder.exists()

    async def test_its_log_holds_no_values_of_rows(self, folder: Path) -> None:
        with EmbeddedPostgres(folder / "pg", fsync=False) as server:
            await _ask(server.url(), "CREATE TABLE t AS SELECT 'canary-13800138000' AS phone")
            await _ask(server.url(), "CREATE UNIQUE INDEX ON t (phone)")
            with pytest.raises(asyncpg.UniqueViolationError):
                await _ask(server.url(), "INSERT INTO t VALUES ('canary-13800138000')")

            assert "canary" not in (server.folder / "log").read_text()

    @as_root
    def test_as_root_it_runs_as_nobody(self, postgres: EmbeddedPostgres) -> None:
        assert postgres.process is not None
        assert Path(f"/proc/{postgres.process.pid}").stat().st_uid != 0


class TestValkey:
    async def test_it_answers_only_with_the_password(self) -> None:
        with EmbeddedValkey() as server:
            known = aioredis.from_url(server.url())
            stranger = aioredis.from_url(f"redis://:wrong@{server.url().partition('@')[2]}")

            assert await known.ping()
            with pytest.raises(RedisError):
                await stranger.ping()

            await known.aclose()
            await stranger.aclose()

    async def test_killed_it_comes_back_empty_at_the_same_address(self) -> None:
        with EmbeddedValkey() as server:
            url = server.url()
            cache = aioredis.from_url(url)
            await cache.set("key", "value")
            await cache.aclose()

            server.kill()

            assert server.start() == url
            cache = aioredis.from_url(url)
            assert await cache.get("key") is None
            await cache.aclose()

    def test_its_password_is_on_no_command_line(self) -> None:
        with EmbeddedValkey() as server:
            assert server.process is not None
            line = Path(f"/proc/{server.process.pid}/cmdline").read_text()

            assert server.url().split("@")[0].rpartition(":")[2] not in line


@as_root
def test_a_folder_below_a_closed_home_is_replaced_and_said_so(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)

    place = server_place(home / "checkout" / ".run" / "postgres", server_account())

    assert place.folder.parent == Path("/var/tmp")
    assert place.notice is not None
    assert str(place.folder) in place.notice
    assert server_place(home / "checkout" / ".run" / "postgres", server_account()) == place
    place.folder.rmdir()


@as_root
def test_a_program_below_a_closed_home_is_copied_to_where_it_can_be_reached(folder: Path) -> None:
    home = folder / "home"
    root = home / "site-packages" / "servers" / "install18"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "server").write_text("#!/bin/sh\n")
    home.chmod(0o700)
    account = server_account()
    assert account is not None

    copies = [reachable_program(root / "bin" / "server", root, account) for _ in range(2)]

    assert copies[0] == copies[1] != root / "bin" / "server"
    assert can_enter(copies[0].parent, account)
    assert copies[0].read_text() == "#!/bin/sh\n"
    shutil.rmtree(next(part for part in copies[0].parents if part.parent == Path("/var/tmp")))


async def _ask(url: str, query: str, *, limit: float = 5) -> object:
    connection = await asyncpg.connect(url.replace("asyncpg", "postgresql", 1), timeout=limit)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def _start_and_die(folder: Path) -> int:
    """The server that a holder had when it was killed."""
    code = (
        "import os, signal\nfrom pathlib import Path\n"
        "from app.embedded.postgres import EmbeddedPostgres\n"
        f"server = EmbeddedPostgres(Path({str(folder)!r}), fsync=False)\n"
        "server.start()\nprint(server.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    holder = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert holder.returncode == -signal.SIGKILL
    return int(holder.stdout)


def _ended(pid: int) -> bool:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
