"""The whole product and the world outside it in one process, with one clock for both."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import msgspec
from tortoise import connections

from app.asgi import create_app
from app.development import Addresses, development_variables, new_secrets
from app.logging import AccessLog
from app.providers import Parts, choose_parts
from app.settings import Settings, load_settings
from app.timetable import timetable
from app.worker import handlers
from core import jobs
from core.clock import now, set_offset
from sandbox.asgi import create_app as create_sandbox
from sandbox.city import read_city
from sandbox.clock import Clock
from sandbox.console import write_console
from sandbox.courier import Courier
from sandbox.fault_line import FaultLine, NothingCame
from sandbox.keys import open_keys
from sandbox.wechat.pushes import set_push_url
from sandbox.world import World, open_world
from seeds.files import CITY, City
from seeds.loader import load_city

PRODUCT, SANDBOX = "https://zb.test", "http://sandbox.test"
Row = dict[str, Any]
Meanwhile = Callable[[httpx.Response], Awaitable[None]]
"""What happens after the other side has answered and before the answer has come home."""


class Line(httpx.AsyncBaseTransport):
    """The product's line to the world outside. On a bad day things happen on it."""

    def __init__(self) -> None:
        self._meanwhile: dict[str, Meanwhile] = {}

    def lead_to(self, outside: httpx.ASGITransport) -> None:
        self._outside = outside

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._outside.handle_async_request(request)
        except NothingCame as lost:
            raise httpx.ReadTimeout("nothing came back", request=request) from lost
        for part_of_url, happens in list(self._meanwhile.items()):
            if part_of_url in str(request.url):
                await response.aread()
                await happens(response)
        return response

    @contextmanager
    def meanwhile(self, part_of_url: str, happens: Meanwhile) -> Iterator[None]:
        self._meanwhile[part_of_url] = happens
        try:
            yield
        finally:
            del self._meanwhile[part_of_url]


class Deployment:
    """What towns have in common, read and made once: the city, everybody's keys, our settings."""

    def __init__(self, state: Path, *, database_url: str, valkey_url: str) -> None:
        self.state, self.city = state, City()
        outside = read_city(CITY)
        console = write_console(state, outside, open_keys(state, outside)).read_bytes()
        where = Addresses(
            database_url=database_url,  # for who asks whether it lives; the pool is the tests' own
            valkey_url=valkey_url,
            public_url=PRODUCT,
            sandbox=SANDBOX,
            file_store_url=state.as_uri(),
        )
        variables = development_variables(
            new_secrets(), msgspec.json.decode(console), where, clock_offset_seconds=0
        )
        self.settings = load_settings(variables)

    def altered(self, settings: Settings) -> "Deployment":
        """The same city and keys under other settings."""
        other = object.__new__(Deployment)
        other.state, other.city, other.settings = self.state, self.city, settings
        return other

    @cached_property
    def line(self) -> Line:
        """To whichever world there is just now."""
        return Line()

    @cached_property
    def parts(self) -> Parts:
        return choose_parts(self.settings, transport=self.line)

    @cached_property
    def product(self) -> httpx.ASGITransport:
        return httpx.ASGITransport(AccessLog(create_app(self.settings, self.parts)))


class Town:
    """The world outside is as its state folder has it, at a moment that is so far from now.

    `said` is everything the product answered to anybody; `city` whom the files know.
    """

    def __init__(self, deployment: Deployment, state: Path, offset: timedelta) -> None:
        self.city, self.said = deployment.city, list[str]()
        self.world: World = open_world(state, CITY, clock=Clock(offset.total_seconds()))
        outside = FaultLine(create_sandbox(self.world, delivers=False), self.world, hangs=False)
        sandbox = httpx.ASGITransport(outside)
        self.line, self.parts = deployment.line, deployment.parts
        self.line.lead_to(sandbox)
        self._product = deployment.product
        self.outside = httpx.AsyncClient(transport=sandbox, base_url=SANDBOX)
        set_push_url(self.world, f"{PRODUCT}/callbacks/wechat-push/{self.city.wechat_appid}")
        self._courier = Courier(self.world, httpx.AsyncClient(transport=self._product))
        department = deployment.settings.operating_department
        self._handlers = handlers(self.parts, operating_department=department)

    async def load(self) -> None:
        """The city moves in, and its policies find whom they concern."""
        vault = await self.parts.vault.get()
        await load_city(self.city, vault=vault, at=now(), say=lambda line: None)
        await self.work()

    def client(self) -> httpx.AsyncClient:
        """A client of the product that nobody has signed in with."""
        hooks = {"response": [self._keep]}
        return httpx.AsyncClient(transport=self._product, base_url=PRODUCT, event_hooks=hooks)

    async def book(self, page: str, **wanted: object) -> list[Row]:
        """The rows of the sandbox's own book that have these values."""
        rows = (await self.outside.get(f"/book/{page}")).raise_for_status().json()
        return [row for row in rows if all(row[key] == wanted[key] for key in wanted)]

    async def deliver(self) -> int:
        """One try of each callback that is due; how many there were."""
        return await self._courier.deliver_due()

    async def let_time_work(self) -> None:
        """What ends outside by itself has ended by now."""
        await self._courier.let_time_work()

    async def deliver_again(self, number: str) -> int:
        """The platform did not hear our answer, and says everything about a number again."""
        self.world.book.write(
            "UPDATE callbacks SET state = 'pending', next_at = created_at WHERE number = ?", number
        )
        return await self.deliver()

    async def suppress_callbacks(self, number: str) -> None:
        asked = {"number": number}
        (await self.outside.post("/control/callbacks/suppress", json=asked)).raise_for_status()

    async def work(self) -> None:
        """The worker does what is to be done now, and callbacks come in, until all is quiet."""
        for entry in timetable(self.parts):
            await entry.action()
        while await self.deliver() + await jobs.run_due(self._handlers, at=now()):
            pass

    async def run_job(self, row: Mapping[str, Any]) -> None:
        """One row of the queue, as the worker runs it."""
        await jobs.run_handler(self._handlers, row["task_name"], msgspec.json.decode(row["args"]))

    async def do_everything_again(self) -> None:
        """Every job that was done is handed out once more, as after a worker that died too late."""
        await connections.get("default").execute_query(
            "UPDATE procrastinate_jobs SET status = 'todo' WHERE status = 'succeeded'"
        )
        await self.work()

    def pass_time(self, **time: float) -> None:
        """Let time pass, here and outside."""
        self.world.clock.offset += timedelta(**time)
        set_offset(self.world.clock.offset)

    async def close(self) -> None:
        self.world.book.close()
        await self.parts.cache.aclose()

    async def _keep(self, response: httpx.Response) -> None:
        await response.aread()
        self.said.append(f"{response.headers}\n{response.text}")
