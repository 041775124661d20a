"""The routes that are measured, and what asks them. 场景"""

from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle
from uuid import uuid4

import msgspec
from msgspec import Struct

from app.providers import Parts
from benchmarks.people import Asker, Scanner
from benchmarks.supplies import (
    Callback,
    WechatPay,
    codes_to_scan,
    give_portraits,
    login_codes,
    pictures_to_fetch,
)
from core.files import FileStorage
from core.signing import Signer

CROWD = 64
PICTURED = 32
FACES_AT_ONCE = 8
"""Fewer than may wait for one drawing process: who waits is measured, and nobody is sent away."""


class Ask(Struct, frozen=True):
    """One request. `token` is what a bare handler beside it verifies; a callback has none."""

    method: str
    path: str
    token: str = ""
    headers: dict[str, str] = {}
    body: bytes = b""

    def written(self, *, path: str | None = None) -> bytes:
        """As it goes over the wire; to another path with the same token and no body."""
        lines = [f"{self.method} {path or self.path} HTTP/1.1", "Host: 127.0.0.1"]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        body = b"" if path else self.body
        if body or self.method == "POST":
            given = {"Content-Type": "application/json", **self.headers} if not path else {}
            lines += [f"{name}: {value}" for name, value in given.items()]
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode() + body


class Scene(Struct, frozen=True):
    """Who may ask, and with what. `crowd` are `CROWD` verifiers of several organisations."""

    parts: Parts
    askers: Sequence[Asker]
    scanners: Sequence[Scanner]
    crowd: Sequence[Scanner]
    pay: WechatPay
    sandbox: str
    appid: str

    @property
    def signer(self) -> Signer:
        return self.parts.presentation_signer


Make = Callable[[Scene, int], Awaitable[list[Ask]]]


class Case(Struct, frozen=True):
    """One line of the table. `visit` is how many requests somebody makes in a row.

    Without `again` a request is good for one time, and each needs supplies of its own. `crowd` is a
    number of connections of the case's own, each for one who asks. Not `beside`: no bare handler
    does anything like it. `contest` makes codes that are scanned twice, to be counted.
    """

    name: str
    make: Make
    visit: int = 1
    again: bool = True
    hot_read: bool = False
    crowd: int | None = None
    beside: bool = True
    contest: Make | None = None

    @property
    def key(self) -> str:
        """In an address."""
        return self.name.replace(" ", "-")


async def _log_in(scene: Scene, count: int) -> list[Ask]:
    codes = await login_codes(count, sandbox=scene.sandbox, appid=scene.appid)
    bodies = [msgspec.json.encode({"provider": "wechat", "code": code}) for code in codes]
    return [Ask("POST", "/v1/sessions", body=body) for body in bodies]


def _read(path: str) -> Make:
    async def make(scene: Scene, count: int) -> list[Ask]:
        issuer = scene.parts.issuer
        return [Ask("GET", path, asker.token(issuer)) for asker in scene.askers]

    return make


async def _present(scene: Scene, count: int) -> list[Ask]:
    body = msgspec.json.encode({"fields": ["name", "vehicle_class"]})
    return [
        Ask(
            "POST",
            f"/v1/licences/{asker.licence_id}/presentations",
            asker.token(scene.parts.issuer),
            body=body,
        )
        for asker in scene.askers
    ]


def _verify(who: Callable[[Scene], Sequence[Scanner]], *, times: int = 1) -> Make:
    """Scans of fresh codes by these in turn; each code so many times, by one after another."""

    async def make(scene: Scene, count: int) -> list[Ask]:
        codes = await codes_to_scan(count, scene.askers, scene.signer)
        tokens = cycle([scanner.token(scene.parts.issuer) for scanner in who(scene)])
        return [_scan(code, next(tokens)) for code in codes for _ in range(times)]

    return make


def _scan(code: str, token: str) -> Ask:
    body = msgspec.json.encode({"code": code, "request_id": uuid4().hex})
    return Ask("POST", "/agency/v1/verifications", token, body=body)


async def _draw(scene: Scene, count: int) -> list[Ask]:
    return await _faces(scene, count, scene.askers[: len(scene.askers) // 2])


async def _draw_with_portrait(scene: Scene, count: int) -> list[Ask]:
    some = scene.askers[len(scene.askers) // 2 :][:PICTURED]
    files = FileStorage(scene.parts.file_store, await scene.parts.vault.get())
    await give_portraits(some, files)
    return await _faces(scene, count, some)


async def _faces(scene: Scene, count: int, askers: Sequence[Asker]) -> list[Ask]:
    tokens = await pictures_to_fetch(count, askers, scene.parts.face_signer)
    return [Ask("GET", f"/v1/faces/{token}") for token in tokens]


def _by_some(scene: Scene) -> Sequence[Scanner]:
    return scene.scanners


def _by_the_crowd(scene: Scene) -> Sequence[Scanner]:
    return scene.crowd


async def _call_back(scene: Scene, count: int) -> list[Ask]:
    callbacks: list[Callback] = await scene.pay.callbacks(count, scene.askers)
    return [Ask("POST", one.path, headers=one.headers, body=one.body) for one in callbacks]


CASES = (
    Case("login", _log_in, again=False),
    Case("wallet list", _read("/v1/licences"), visit=4, hot_read=True),
    Case("presentation", _present, visit=2),
    Case("verification", _verify(_by_some), again=False),
    Case(
        f"verification under {CROWD} verifiers",
        _verify(_by_the_crowd),
        again=False,
        crowd=CROWD,
        contest=_verify(_by_the_crowd, times=2),
    ),
    Case("licence face", _draw, again=False, crowd=FACES_AT_ONCE, beside=False),
    Case(
        "licence face with portrait",
        _draw_with_portrait,
        again=False,
        crowd=FACES_AT_ONCE,
        beside=False,
    ),
    Case("fee list", _read("/v1/fee-orders"), visit=4, hot_read=True),
    Case("callback kept", _call_back, again=False),
    Case("entitlements", _read("/v1/entitlements"), visit=4, hot_read=True),
    Case("home", _read("/v1/home"), visit=4, hot_read=True),
)
APPLIED = "callback applied"
