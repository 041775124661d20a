"""The routes that are measured, and what asks them. 场景"""

from collections.abc import Awaitable, Callable, Sequence
from uuid import uuid4

import msgspec
from msgspec import Struct

from app.providers import Parts
from benchmarks.people import Asker, Scanner
from benchmarks.supplies import (
    Callback,
    WechatPay,
    codes_to_scan,
    login_codes,
    pictures_to_fetch,
)
from core.signing import Signer


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
    """Who may ask, and with what."""

    parts: Parts
    askers: Sequence[Asker]
    scanners: Sequence[Scanner]
    pay: WechatPay
    sandbox: str
    appid: str

    @property
    def signer(self) -> Signer:
        return self.parts.presentation_signer


Make = Callable[[Scene, int], Awaitable[list[Ask]]]


class Case(Struct, frozen=True):
    """One line of the table. `visit` is how many requests somebody makes in a row.

    Without `again` a request is good for one time, and each needs supplies of its own.
    """

    name: str
    make: Make
    visit: int = 1
    again: bool = True
    hot_read: bool = False


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


async def _verify(scene: Scene, count: int) -> list[Ask]:
    codes = await codes_to_scan(count, scene.askers, scene.signer)
    tokens = [scanner.token(scene.parts.issuer) for scanner in scene.scanners]
    return [
        Ask(
            "POST",
            "/agency/v1/verifications",
            tokens[number % len(tokens)],
            body=msgspec.json.encode({"code": code, "request_id": uuid4().hex}),
        )
        for number, code in enumerate(codes)
    ]


async def _draw(scene: Scene, count: int) -> list[Ask]:
    tokens = await pictures_to_fetch(count, scene.askers, scene.parts.face_signer)
    return [Ask("GET", f"/v1/faces/{token}") for token in tokens]


async def _call_back(scene: Scene, count: int) -> list[Ask]:
    callbacks: list[Callback] = await scene.pay.callbacks(count, scene.askers)
    return [Ask("POST", one.path, headers=one.headers, body=one.body) for one in callbacks]


CASES = (
    Case("login", _log_in, again=False),
    Case("wallet list", _read("/v1/licences"), visit=4, hot_read=True),
    Case("presentation", _present, visit=2),
    Case("verification", _verify, again=False),
    Case("licence face", _draw, again=False),
    Case("fee list", _read("/v1/fee-orders"), visit=4, hot_read=True),
    Case("callback kept", _call_back, again=False),
    Case("entitlements", _read("/v1/entitlements"), visit=4, hot_read=True),
    Case("home", _read("/v1/home"), visit=4, hot_read=True),
)
APPLIED = "callback applied"
