"""People who play whatever happens: a refusal is an outcome, a wrong kind of refusal a fault."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pyotp

from core.clock import now
from tests.invariants.answers import faults_of
from tests.journeys.town import Town
from tests.journeys.world import (
    REAL_NAME,
    Actor,
    Operator,
    Provider,
    Reply,
    Resident,
    Verifier,
    json_of,
)


class Refused(Exception):
    """The product said no, in the way it should."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status


class Tolerant(Actor):
    """An actor whose requests may be refused. What is wrong about a refusal goes to `faults`."""

    faults: list[str]

    async def get(self, path: str, **query: str | int) -> Any:
        return self._heard(await self.http.get(path, params=query))

    async def post(self, path: str, body: object = None) -> Any:
        return self._heard(await self.http.post(path, **json_of(body)))

    async def put(self, path: str, body: object = None) -> Any:
        return self._heard(await self.http.put(path, **json_of(body)))

    def _heard(self, answer: httpx.Response) -> Any:
        self.faults += faults_of(answer)
        if answer.is_success:
            return answer.json() if answer.content else None
        code = answer.json()["code"] if "json" in answer.headers["content-type"] else ""
        raise Refused(answer.status_code, code)


class Player(Tolerant, Resident):
    """A resident with two phones' worth of apps; signed in again when it has to be."""

    def __init__(self, town: Town, key: str, faults: list[str]) -> None:
        super().__init__(town, key)
        self.faults = faults
        self.provider: Provider | None = None
        self.asked: list[tuple[Reply, UUID]] = []
        self.sheets: list[Reply] = []

    async def get(self, path: str, **query: str | int) -> Any:
        return await self._kept(partial(super().get, path, **query))

    async def post(self, path: str, body: object = None) -> Any:
        return await self._kept(partial(super().post, path, body))

    async def put(self, path: str, body: object = None) -> Any:
        return await self._kept(partial(super().put, path, body))

    async def _kept(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """As a client does it: an old token is renewed once, and the request sent again."""
        try:
            return await ask()
        except Refused as refused:
            if refused.status != 401 or self.provider is None:
                raise
        await self.renew()
        return await ask()

    async def renew(self) -> None:
        """Another token for the one that was used up; without one, nobody is signed in."""
        provider, self.provider = self.provider, None
        token = {"refresh_token": self.signed_in["refresh_token"]}
        self.take_up(await super().post("/v1/sessions/refresh", token))
        self.provider = provider

    async def sign_in(self, provider: Provider) -> None:
        self.provider = None
        signed_in = await self.log_in(provider)
        if signed_in["level"] < REAL_NAME:
            await self.prove_real_name()
        self.provider = provider


class Clerk(Tolerant, Operator):
    def __init__(self, town: Town, username: str, faults: list[str]) -> None:
        super().__init__(town)
        self.faults, self.signed_in_at = faults, now()
        self._row = next(row for row in town.city.operators if row.username == username)

    async def sign_in(self) -> None:
        """With the next one-time code."""
        self.town.pass_time(seconds=30)
        self.signed_in_at = now()
        asked = {"username": self._row.username, "password": self._row.password}
        asked["totp_code"] = pyotp.TOTP(self._row.totp_secret).at(now())
        self.carry((await self.post("/operator/v1/sessions", asked))["token"])


class Scanner(Tolerant, Verifier):
    def __init__(self, town: Town, username: str, faults: list[str]) -> None:
        super().__init__(town)
        self.faults = faults
        self._row = next(row for row in town.city.verifiers if row.username == username)

    async def sign_in(self) -> None:
        asked = {"username": self._row.username, "password": self._row.password}
        self.carry((await self.post("/agency/v1/sessions", asked))["access_token"])
