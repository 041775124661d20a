"""Every process of the product over a folder of its own: servers, sandbox, API, workers. 试验台"""

import json
import os
import shutil
import sys
import tempfile
import time
from asyncio import run
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import Popen

import httpx

from app.development import Addresses, development_variables, open_secrets
from app.embedded.ports import free_port
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from app.processes import end, spawn
from app.roles import APPLICATION, DATABASE, OWNER, prepare_database
from app.running import ROOT
from app.supervision import Program
from seeds.files import CITY
from tests.given import AT

READY_SECONDS, STEP_SECONDS = 60.0, 120.0
TIME_SCALE = 30
"""Platforms tell again after half a second where they would after fifteen."""

API_WORKERS, JOB_WORKERS = 2, 2


class NotReady(Exception):
    """A process of the bed did not do its part; the text says which, and what it printed."""


class Bed:
    """A context manager: up inside, gone after it. It is ten in the morning in China."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="zhangban-kills-"))
        self.state, self.logs = self.folder / "sandbox", self.folder / "log"
        self.offset = timedelta(seconds=round((AT - datetime.now(UTC)).total_seconds()))
        self.postgres, self.valkey = EmbeddedPostgres(fsync=False), EmbeddedValkey()
        self.address = f"http://127.0.0.1:{free_port()}"
        self.sandbox = f"http://127.0.0.1:{free_port()}"
        self.variables: dict[str, str] = {}
        self.api: Program
        self.workers: list[Program] = []
        self._kept = ExitStack()

    def __enter__(self) -> "Bed":
        self._kept.callback(shutil.rmtree, self.folder, ignore_errors=True)
        try:
            self._start()
        except BaseException:
            self._kept.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    @property
    def programs(self) -> list[Program]:
        """What a supervisor brings back when it ends."""
        return [self.api, *self.workers]

    def end_programs(self) -> None:
        """Everything but the two servers has ended."""
        for program in self.programs:
            program.ask_to_stop()
        for program in self.programs:
            program.stop()
        end(self._outside)

    def run(self, name: str, *arguments: str) -> str:
        """A module with its arguments, to its end; what it printed."""
        log = self.logs / f"{name}.log"
        code = self._spawn(("-m", *arguments), log).wait(STEP_SECONDS)
        printed = log.read_text("utf-8", "replace")
        if code != 0:
            raise NotReady(f"{name} ended with {code}\n{printed[-3000:]}")
        return printed

    def wait_for(self, url: str) -> None:
        until = time.monotonic() + READY_SECONDS
        while not _answers(url):
            if time.monotonic() > until:
                raise NotReady(f"{url} does not answer\n{self.said()}")
            time.sleep(0.05)

    def said(self) -> str:
        """The last lines of every log."""
        logs = sorted(self.logs.glob("*.log"))
        return "\n".join(f"{log.name}\n{log.read_text('utf-8', 'replace')[-800:]}" for log in logs)

    def _start(self) -> None:
        self.logs.mkdir()
        console = self._begin("sandbox", "console", *self._place())
        self._kept.enter_context(self.postgres)
        self._kept.enter_context(self.valkey)
        kept = open_secrets(self.folder / "secrets.json")
        passwords = {
            "owner_password": kept.owner_password,
            "application_password": kept.application_password,
        }
        run(prepare_database(self.postgres.url(), **passwords))
        if console.wait(STEP_SECONDS) != 0:
            raise NotReady(self.said())
        self._start_outside()
        owner_url = self.postgres.url(DATABASE, user=OWNER, password=kept.owner_password)
        self.variables = {"ZB_OWNER_DATABASE_URL": owner_url}
        self.run("migrate", "app", "migrate")
        self.variables = self._settings()
        self.run("seed", "app", "seed")
        self._start_programs()

    def _start_outside(self) -> None:
        appid = self._console()["wechat_push"]["appid"]
        self._outside = self._begin(
            *("sandbox", "serve", "--port", self.sandbox.rpartition(":")[2], *self._place()),
            *("--clock-offset", str(self.offset.total_seconds())),
            *("--time-scale", str(TIME_SCALE), "--product", self.address),
            *("--push-url", f"{self.address}/callbacks/wechat-push/{appid}"),
        )
        self._kept.callback(lambda: end(self._outside))
        self.wait_for(f"{self.sandbox}/book/logins")

    def _settings(self) -> dict[str, str]:
        kept = open_secrets(self.folder / "secrets.json")
        where = Addresses(
            database_url=self.postgres.url(
                DATABASE, user=APPLICATION, password=kept.application_password
            ),
            valkey_url=self.valkey.url(),
            public_url=self.address,
            sandbox=self.sandbox,
            file_store_url=(self.folder / "files").as_uri(),
        )
        offset = int(self.offset.total_seconds())
        given = development_variables(kept, self._console(), where, clock_offset_seconds=offset)
        port = self.address.rpartition(":")[2]
        return given | {"ZB_PORT": port, "ZB_WORKERS": str(API_WORKERS)}

    def _start_programs(self) -> None:
        self.api = self._program("api", "serve")
        self.workers = [self._program(f"worker-{n}", "work") for n in range(JOB_WORKERS)]
        self._kept.callback(self.end_programs)
        for program in self.programs:
            program.start()
        self.wait_for(f"{self.address}/health/ready")

    def _program(self, name: str, command: str) -> Program:
        line, log = [sys.executable, "-m", "app", command], self.logs / f"{name}.log"
        return Program(name, line, env=self._environment(), cwd=ROOT, log=log)

    def _begin(self, *arguments: str) -> Popen[bytes]:
        return self._spawn(("-m", *arguments), self.logs / "sandbox.log")

    def _spawn(self, arguments: tuple[str, ...], log: Path) -> Popen[bytes]:
        command = [sys.executable, *arguments]
        return spawn(command, env=self._environment(), cwd=ROOT, output=log)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ZB_")}
        return kept | {"PROMETHEUS_MULTIPROC_DIR": str(self.folder / "metrics")} | self.variables

    def _place(self) -> list[str]:
        return ["--state", str(self.state), "--city", str(CITY)]

    def _console(self) -> dict[str, dict[str, str]]:
        return dict(json.loads((self.state / "console.json").read_bytes()))


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
