"""Who plays: residents with their phones, operators with their authenticators, verifiers. 演员"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pyotp
from msgspec import Struct

from app.demo.outside import Book, Phone
from app.demo.service import Refused, Service
from app.demo.transcript import Transcript
from app.running import Running
from core.clock import CHINA
from seeds.files import City
from seeds.rows import OperatorRow

T = TypeVar("T")

WAIT_SECONDS = 25.0
QUIET_FROM_HOUR, QUIET_UNTIL_HOUR = 22, 8
_TOTP_SECONDS = 30


class Resident(Struct, frozen=True):
    """A person with a phone, and the mini-program open on it."""

    key: str
    name: str
    id_number: str
    phone: Phone
    service: Service


class Stage:
    """All that the journeys share: the product, the world outside, the city, the clock."""

    def __init__(
        self,
        running: Running,
        product: httpx.AsyncClient,
        outside: httpx.AsyncClient,
        show: Transcript,
        folder: Path,
    ) -> None:
        self.show = show
        self.address = running.address
        self.folder = folder / "demo"
        """What clients keep for themselves between two playings: a key, a verifier's shelf."""
        self.clock_offset_seconds = running.clock_offset_seconds
        self.book = Book(outside)
        self.city = City()
        self.tag = secrets.token_hex(3)
        """What this playing calls its own things, so that it can be played again and again."""
        self._product = product
        self._outside = outside
        self._offset = timedelta(seconds=running.clock_offset_seconds)

    def now(self) -> datetime:
        """The product's time: a demonstration may run with a shifted clock."""
        return datetime.now(UTC) + self._offset

    def is_quiet(self) -> bool:
        """Whether it is night in China, when only what is urgent is sent to phones."""
        hour = self.now().astimezone(CHINA).hour
        return hour >= QUIET_FROM_HOUR or hour < QUIET_UNTIL_HOUR

    def name_of(self, username: str) -> str:
        """What an operator with this login is called."""
        row = next(row for row in self.city.operators if row.username == username)
        return self.city.person(row.person).name

    def client(self) -> Service:
        return Service(self._product)

    def resident(self, key: str) -> Resident:
        row = self.city.person(key)
        phone = Phone(self._outside, key)
        return Resident(key, row.name, row.id_number, phone, self.client())

    async def operator(self, username: str) -> Service:
        """An operator signed in with password and one-time code."""
        row = next(row for row in self.city.operators if row.username == username)
        service = self.client()
        service.token = (await self._sign_in(service, row))["token"]
        return service

    async def _sign_in(self, service: Service, row: OperatorRow) -> dict[str, Any]:
        """A code works once: played again at once, the demonstration takes the next one."""
        totp, began = pyotp.TOTP(row.totp_secret), self.now()
        for step in range(4):
            await self._sleep_until(began + timedelta(seconds=_TOTP_SECONDS * max(step - 1, 0)))
            code = totp.at(began + timedelta(seconds=_TOTP_SECONDS * step))
            asked = {"username": row.username, "password": row.password, "totp_code": code}
            try:
                return dict(await service.post("/operator/v1/sessions", asked))
            except Refused as refused:
                if refused.code != "identity.operator_sign_in_failed" or step == 3:
                    raise
        raise AssertionError("unreachable")

    async def _sleep_until(self, moment: datetime) -> None:
        await asyncio.sleep(max((moment - self.now()).total_seconds(), 0))


async def until(ask: Callable[[], Awaitable[T | None]], *, seconds: float = WAIT_SECONDS) -> T:
    """What `ask` finds as soon as it finds something; TimeoutError after that long."""
    ends = asyncio.get_running_loop().time() + seconds
    while True:
        found = await ask()
        if found:
            return found
        if asyncio.get_running_loop().time() > ends:
            raise TimeoutError(f"{seconds:.0f} 秒内没有等到")
        await asyncio.sleep(0.2)
