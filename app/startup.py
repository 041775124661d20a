"""The steps of `dev`, in the order in which they need each other. 启动步骤"""

import asyncio
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from app.development import Addresses, DevSecrets, development_variables, open_secrets
from app.embedded.ports import free_port
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from app.processes import end, spawn
from app.roles import APPLICATION, DATABASE, OWNER, prepare_database
from app.running import ROOT, Running
from app.settings_reading import text_of
from app.supervision import Program, Say, Supervisor

CITY = ROOT / "seeds" / "city"
SANDBOX_PORT = 8100
_STEP_SECONDS = 120.0
_READY_SECONDS = 60.0
_LOG_BYTES = 20_000_000


class StepFailed(Exception):
    """A step of the start did not work; the text says which and where to look."""


def start_all(
    supervisor: Supervisor,
    *,
    folder: Path,
    port: int,
    clock_offset_seconds: int,
    say: Say,
    own_pages: Path | None = None,
) -> Running:
    """Servers, sandbox, migrations, city, API and worker: all up and answering, or StepFailed.

    `own_pages` is a folder with a developer's own page for the sandbox's phone.
    """
    start = _Start(supervisor, folder, say)
    kept = open_secrets(folder / "secrets.json")
    with start.beside("sandbox-console", "-m", "sandbox", "console", *start.sandbox_place()):
        database_url, owner_url = start.postgres(kept)
        valkey_url = start.valkey()
    console = msgspec.json.decode((folder / "sandbox" / "console.json").read_bytes())
    port = free_port(port)
    public_url = f"http://127.0.0.1:{port}"
    push_url = f"{public_url}/callbacks/wechat-push/{console['wechat_push']['appid']}"
    around = ["--product", public_url, "--push-url", push_url]
    if own_pages is not None:
        around += ["--own-pages", str(own_pages.resolve())]
    sandbox = start.sandbox(clock_offset_seconds, *around)
    start.once("数据库结构", "migrate", {"ZB_OWNER_DATABASE_URL": owner_url})
    where = Addresses(
        database_url=database_url,
        valkey_url=valkey_url,
        public_url=public_url,
        sandbox=sandbox,
        file_store_url=(folder / "files").as_uri(),
    )
    generated = development_variables(
        kept, console, where, clock_offset_seconds=clock_offset_seconds
    )
    variables = _unless_given(generated) | {"ZB_PORT": str(port)}
    start.once("虚构城市", "seed", variables)
    start.product(variables, where.public_url)
    return Running(
        pid=os.getpid(),
        address=where.public_url,
        sandbox=sandbox,
        sandbox_state=str(folder / "sandbox"),
        clock_offset_seconds=clock_offset_seconds,
        processes=supervisor.processes(),
    )


class _Start:
    def __init__(self, supervisor: Supervisor, folder: Path, say: Say) -> None:
        self._supervisor = supervisor
        self._folder = folder
        self._say = say
        self._log = folder / "log"
        self._log.mkdir(exist_ok=True, mode=0o700)
        self._metrics = folder / "metrics"
        shutil.rmtree(self._metrics, ignore_errors=True)
        self._metrics.mkdir()

    def postgres(self, kept: DevSecrets) -> tuple[str, str]:
        """Addresses for the application and for the owner of the tables."""
        if given := text_of("ZB_DATABASE_URL", os.environ):
            self._say("使用 ZB_DATABASE_URL 指定的数据库")
            return given, text_of("ZB_OWNER_DATABASE_URL", os.environ) or given
        server = EmbeddedPostgres(self._folder / "postgres")
        if server.notice:
            self._say(server.notice)
        with self._step("数据库 PostgreSQL 18"):
            self._supervisor.start(server)
            owner, application = kept.owner_password, kept.application_password
            asyncio.run(
                prepare_database(
                    server.url(), owner_password=owner, application_password=application
                )
            )
        return (
            server.url(DATABASE, user=APPLICATION, password=kept.application_password),
            server.url(DATABASE, user=OWNER, password=kept.owner_password),
        )

    def valkey(self) -> str:
        if given := text_of("ZB_VALKEY_URL", os.environ):
            self._say("使用 ZB_VALKEY_URL 指定的缓存")
            return given
        server = EmbeddedValkey(self._folder / "valkey")
        with self._step("缓存 Valkey"):
            self._supervisor.start(server)
        return server.url()

    def sandbox_place(self) -> list[str]:
        return ["--state", str(self._folder / "sandbox"), "--city", str(CITY)]

    def sandbox(self, clock_offset_seconds: int, *around: str) -> str:
        port = free_port(SANDBOX_PORT)
        address = f"http://127.0.0.1:{port}"
        given = ["--port", str(port), "--clock-offset", str(clock_offset_seconds), *around]
        with self._step("沙箱（微信、支付宝、登记库、银行）"):
            self._supervisor.start(
                self._program("sandbox", "-m", "sandbox", "serve", *self.sandbox_place(), *given)
            )
            self._wait_for("sandbox", f"{address}/book/logins")
        return address

    def once(self, name: str, command: str, variables: Mapping[str, str]) -> None:
        """Run one of our own commands to its end."""
        with self._step(name), self.beside(command, "-m", "app", command, variables=variables):
            pass

    def product(self, variables: Mapping[str, str], address: str) -> None:
        """The API and the worker, each in its own process session."""
        with self._step("接口与后台任务"):
            self._supervisor.start(self._program("api", "-m", "app", "serve", variables=variables))
            self._supervisor.start(
                self._program("worker", "-m", "app", "work", variables=variables)
            )
            self._wait_for("api", f"{address}/health/ready")

    @contextmanager
    def beside(
        self, name: str, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> Iterator[None]:
        """Run a command while the block does something else; it has ended well after the block."""
        log = self._log_of(name)
        process = spawn(
            [sys.executable, *arguments], env=self._env(variables or {}), cwd=ROOT, output=log
        )
        try:
            yield
            code = process.wait(_STEP_SECONDS)
        except subprocess.TimeoutExpired:
            raise StepFailed(f"{name} 两分钟内没有完成，详见 {log}") from None
        finally:
            end(process)
        if code != 0:
            raise StepFailed(f"{name} 失败（退出码 {code}）\n{_tail(log)}\n详见 {log}")

    def _program(
        self, name: str, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> Program:
        command = [sys.executable, *arguments]
        env = self._env(variables or {})
        return Program(name, command, env=env, cwd=ROOT, log=self._log_of(name))

    def _env(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Each child gets the settings it needs and no others."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ZB_")}
        return {**kept, "PROMETHEUS_MULTIPROC_DIR": str(self._metrics), **variables}

    def _log_of(self, name: str) -> Path:
        log = self._log / f"{name}.log"
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        return log

    def _wait_for(self, name: str, url: str) -> None:
        until = time.monotonic() + _READY_SECONDS
        while not _answers(url):
            dead = self._supervisor.find_dead()
            if dead is not None or time.monotonic() > until:
                log = self._log_of(dead or name)
                raise StepFailed(f"{dead or name} 没有就绪\n{_tail(log)}\n详见 {log}")
            time.sleep(0.05)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._say(f"{name}  {time.monotonic() - began:.1f} 秒")


def _unless_given(variables: Mapping[str, str]) -> dict[str, str]:
    """What the user set in the environment goes before what we would set."""
    given = {name: value for name, value in os.environ.items() if name.startswith("ZB_")}
    for name in ("ZB_OWNER_DATABASE_URL", "ZB_OWNER_DATABASE_URL_FILE"):
        given.pop(name, None)
    left = {
        name: value
        for name, value in variables.items()
        if name not in given and f"{name}_FILE" not in given
    }
    return left | given


def _answers(url: str) -> bool:
    try:  # an address that we made ourselves
        with urllib.request.urlopen(url, timeout=2) as answer:  # nosec B310
            return bool(answer.status == 200)
    except OSError:
        return False


def _tail(log: Path) -> str:
    lines = log.read_text("utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-12:])
