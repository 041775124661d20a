"""Servers, sandbox, city and population of one run, all on this machine, ended with it. 试验台"""

import asyncio
import json
import os
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen

import asyncpg
import httpx
from redis.asyncio import Redis

from app.database import database, migrate_database
from app.development import Addresses, DevSecrets, development_variables, open_secrets
from app.embedded.ports import free_port
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from app.processes import descendants, end, spawn
from app.providers import choose_parts
from app.roles import APPLICATION, DATABASE, OWNER, grant_application, prepare_database
from app.running import ROOT
from app.settings import Settings, load_settings
from app.timetable import timetable
from app.worker import handlers
from benchmarks.bare import SCRIPTS
from benchmarks.loading import Loaded, load_people
from benchmarks.machine import draws
from benchmarks.scripts import CREATE_TABLE
from core import jobs
from core.clock import now
from core.sealing import load_vault
from seeds.files import City
from seeds.loader import load_city

CITY = ROOT / "seeds" / "city"
_READY_SECONDS = 60.0


class NotReady(Exception):
    """Something of the bed did not answer; the text says what, and where to look."""


class Bed:
    """Everything up but the API, which `serving()` starts."""

    def __init__(self, folder: Path, *, workers: int) -> None:
        self.folder = folder
        self.secrets: DevSecrets = open_secrets(folder / "secrets.json")
        self.port = free_port()
        self.postgres = EmbeddedPostgres(folder / "postgres")
        self.valkey = EmbeddedValkey(folder / "valkey")
        self.state = folder / "sandbox"
        self.sandbox = ""
        self.workers = workers
        self.server: Popen[bytes] | None = None
        self._kept = ExitStack()

    def __enter__(self) -> "Bed":
        try:
            self._start()
        except BaseException:
            self._kept.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    @property
    def owner_url(self) -> str:
        return self.postgres.url(DATABASE, user=OWNER, password=self.secrets.owner_password)

    @property
    def superuser_url(self) -> str:
        return self.postgres.url(DATABASE)

    @property
    def environment(self) -> dict[str, str]:
        """What our processes find in their environment; nothing of the caller's own settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ZB_")}
        kept.pop("PROMETHEUS_MULTIPROC_DIR", None)
        return {**kept, **self.variables, SCRIPTS: str(self.folder / "scripts.pickle")}

    @property
    def settings(self) -> Settings:
        return load_settings(self.variables)

    def load(self, people: int) -> Loaded | None:
        """The city with its policies matched, then so many people; None when they are there.

        Whoever is there already stays: more are added. NotReady where there are more than that.
        """
        mark = self.folder / "people"
        there = int(mark.read_text()) if mark.exists() else 0
        if there > people:
            raise NotReady(f"{self.folder} holds {there:,} people, more than {people:,}")
        if there == people:
            return None
        if not there:
            asyncio.run(self._load_city())
        secrets, appid = self.secrets, self.settings.wechat.appid
        loaded = asyncio.run(
            load_people(
                range(there, people),
                superuser_url=self.superuser_url,
                kek=secrets.kek,
                appid=appid,
                processes=os.cpu_count() or 1,
                at=now(),
            )
        )
        mark.write_text(str(people))
        return loaded

    @contextmanager
    def serving(self) -> Iterator[Popen[bytes]]:
        """The API as it is served, with the bare handlers beside it."""
        log = self.folder / "serving.log"
        command = [sys.executable, "-m", "benchmarks.serving"]
        server = spawn(command, env=self.environment, cwd=ROOT, output=log)
        try:
            _wait_for(server, f"http://127.0.0.1:{self.port}/health/ready", log)
            yield server
        finally:
            end(server, grace=10)

    def _start(self) -> None:
        self._kept.enter_context(self.postgres)
        self._kept.enter_context(self.valkey)
        self._start_sandbox()
        passwords = (self.secrets.owner_password, self.secrets.application_password)
        asyncio.run(_prepare(self.postgres.url(), *passwords))
        asyncio.run(_migrate(self.owner_url))
        self.variables = self._variables()

    def _start_sandbox(self) -> None:
        place = ["--state", str(self.state), "--city", str(CITY)]
        log = self.folder / "sandbox.log"
        console = spawn([sys.executable, "-m", "sandbox", "console", *place], cwd=ROOT, output=log)
        if console.wait(120) != 0:
            raise NotReady(f"the sandbox's console, see {log}")
        port = free_port()
        self.sandbox = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "sandbox", "serve", "--port", str(port), *place]
        served = spawn(command, cwd=ROOT, output=log)
        self._kept.callback(end, served)
        _wait_for(served, f"{self.sandbox}/book/logins", log)

    def _variables(self) -> dict[str, str]:
        where = Addresses(
            database_url=self.postgres.url(
                DATABASE, user=APPLICATION, password=self.secrets.application_password
            ),
            valkey_url=self.valkey.url(),
            public_url=f"http://127.0.0.1:{self.port}",
            sandbox=self.sandbox,
            file_store_url=(self.folder / "files").as_uri(),
        )
        console = json.loads((self.state / "console.json").read_bytes())
        given = development_variables(self.secrets, console, where, clock_offset_seconds=0)
        return given | {"ZB_PORT": str(self.port), "ZB_WORKERS": str(self.workers)}

    async def _load_city(self) -> None:
        """Also all that its jobs do, so that nothing of it is left for the figures."""
        settings = self.settings
        parts = choose_parts(settings)
        async with database(settings.database_url.reveal(), maxsize=4):
            vault = await load_vault(b64decode(settings.kek.reveal()))
            await load_city(City(), vault=vault, at=now(), say=lambda line: None)
            for entry in timetable(parts):
                await entry.action()
            known = handlers(parts, operating_department=settings.operating_department)
            while await jobs.run_due(known, at=now()):
                pass
        await parts.cache.aclose()

    def versions(self) -> tuple[str, str]:
        """Of PostgreSQL and of Valkey, as they say it themselves."""
        return asyncio.run(_versions(self.owner_url, self.valkey.url()))

    def processes(self, server: Popen[bytes]) -> list[tuple[str, int]]:
        """Those whose memory is told, by name."""
        below = descendants(server.pid)
        drawing = [("drawing", pid) for pid in below if draws(pid)]
        serving = [pid for pid in below if ("drawing", pid) not in drawing]
        workers = [(f"API worker {n}", pid) for n, pid in enumerate(serving, 1)]
        assert self.valkey.process is not None
        others = [*drawing, ("Valkey", self.valkey.process.pid)]
        return [("API parent", server.pid), *workers, *others]


async def _prepare(superuser_url: str, owner_password: str, application_password: str) -> None:
    await prepare_database(
        superuser_url, owner_password=owner_password, application_password=application_password
    )


async def _migrate(owner_url: str) -> None:
    await migrate_database(owner_url)
    connection = await asyncpg.connect("postgresql" + owner_url[owner_url.index("://") :])
    try:
        await connection.execute(CREATE_TABLE)
    finally:
        await connection.close()
    await grant_application(owner_url)


async def _versions(owner_url: str, valkey_url: str) -> tuple[str, str]:
    connection = await asyncpg.connect("postgresql" + owner_url[owner_url.index("://") :])
    server = str(await connection.fetchval("SHOW server_version"))
    await connection.close()
    cache = Redis.from_url(valkey_url)
    told = await cache.info("server")
    await cache.aclose()
    return f"PostgreSQL {server}", f"Valkey {told.get('valkey_version', told['redis_version'])}"


def _wait_for(process: Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + _READY_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise NotReady(f"{url}, see {log}")
