"""Rows G01 and G02 over every route there is: odd input is refused, and never a 500."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pyotp
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from redis.asyncio import Redis

from core.clock import now
from core.sealing import Vault
from identity.kinds import Role
from identity.machine_clients import MachineScope, add_machine_key, register_machine_client
from identity.machine_tokens import exchange_assertion
from identity.models import Account, Operator, VerifierOrganisation
from identity.operator_sessions import sign_in_operator
from identity.operators import new_totp_secret, register_operator
from identity.persons import register_person
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from identity.verifiers import register_organisation, register_verifier, sign_in_verifier
from tests.fakes.devices import DeviceKey
from tests.fakes.identity import FakeProvider
from web.matrix import Audience, load_matrix, route_keys

JSON = {"content-type": "application/json"}
BODIES = [
    b"[" * 100_000,
    b'{"a":"\xb0\xae"}',
    b'{"a":1,"a":1}',
    b'{"a":NaN}',
    b'{"a":' + b"9" * 400 + b"}",
    b'{"a":"\\ud800"}',
    b'{"a":"\\u0000"}',
    b"{}x",
    b"[]",
    b"null",
    b"5",
    b"{}",
    b"",
]
TEXTS = [
    "%00",
    "%ff",
    "x" * 300,
    "1.5",
    "-1",
    "9" * 400,
    "%F0%9F%98%80",
    "%27%22;--",
    "..%2f",
    "%0a",
]


@pytest.fixture
async def client(db: None, app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://zb.test") as client:
        yield client


@pytest.fixture
async def signed_in(
    db: None, vault: Vault, issuer: TokenIssuer
) -> Mapping[Audience, dict[str, str]]:
    """Headers of somebody of each audience, who may do whatever that audience may."""
    tokens = {
        Audience.RESIDENT: await _resident(vault, issuer),
        Audience.VERIFIER: await _verifier(issuer),
        Audience.OPERATOR: await _operator(vault),
        Audience.MACHINE: await _machine(issuer),
    }
    headers = {audience: {"authorization": f"Bearer {token}"} for audience, token in tokens.items()}
    return headers | {Audience.ANYONE: {}}


Operation = tuple[str, str, dict[str, str], bool]


@pytest.fixture
def operations(app: Litestar, signed_in: Mapping[Audience, dict[str, str]]) -> list[Operation]:
    """Method, path, headers of one who may, and whether there is a JSON body."""
    found = []
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            for method in handler.http_methods - {"OPTIONS"}:
                access = load_matrix().find(method, route.path_format)
                if access is not None:
                    has_body = handler.parsed_data_field is not None
                    headers = signed_in[access.audience]
                    found.append((method, route.path_format, headers, has_body))
    return sorted(found, key=lambda operation: operation[0] == "DELETE")


def test_every_route_is_asked(app: Litestar, operations: list[Operation]) -> None:
    asked = {f"{method} {path}" for method, path, *_ in operations}

    assert len(asked) > 60
    assert asked == set(route_keys(app.routes))


async def test_no_route_takes_a_body_that_the_decoder_refuses(
    client: httpx.AsyncClient, operations: list[Operation], cache: Redis
) -> None:
    for method, path, headers, has_body in operations:
        for sent in BODIES[:-2] if has_body else ():
            await cache.flushall()  # no limit is met
            reply = await client.request(
                method, _filled(path), headers=headers | JSON, content=sent
            )
            assert (method, path, sent[:20], reply.status_code) == (method, path, sent[:20], 400)


async def test_no_route_breaks_on_odd_addresses(
    client: httpx.AsyncClient, operations: list[Operation], cache: Redis
) -> None:
    broken = []
    for method, path, headers, _ in operations:
        if path == "/health/ready" or (method == "DELETE" and path.endswith("/current")):
            continue  # there is no such database here; and nobody signs out
        for text in TEXTS:
            for odd in {_filled(path, text), f"{_filled(path)}?{_odd_query(text)}"}:
                await cache.flushall()  # no limit is met
                reply = await client.request(method, odd, headers=headers)
                if reply.status_code not in range(200, 500) or reply.status_code == 429:
                    broken.append((method, path, odd[:80], reply.text))

    assert broken == [], [each[:3] for each in broken]


def _odd_query(text: str) -> str:
    return "&".join(f"{name}={text}" for name in ("cursor", "limit", "wait", "status", "on"))


def _filled(path: str, text: str | None = None) -> str:
    if text is not None:
        return re.sub(r"\{\w+\}", lambda _: text, path)
    with_ids = re.sub(r"\{\w*id\}", "01900000-0000-7000-8000-000000000000", path)
    return re.sub(r"\{(\w+)\}", r"\1", with_ids.replace("{number}", "1"))


async def _resident(vault: Vault, issuer: TokenIssuer) -> str:
    person = await register_person(name="王五", id_number="330102195006011235", vault=vault)
    await Account.create(
        provider="wechat", appid="wx-1", subject="openid-wu", person=person, level=2
    )
    signed_in = await log_in("openid-wu", provider=FakeProvider(), issuer=issuer, at=now())
    return signed_in.access_token


async def _verifier(issuer: TokenIssuer) -> str:
    common: dict[str, Any] = {"actor": "system:test"}
    organisation = await register_organisation(
        name="临溪车站",
        department="330199-transport",
        division="330199",
        licence_types=["elder-card"],
        fields=["name"],
        purpose="进站",
        **common,
    )
    await register_verifier(
        organisation_id=organisation.id, login_name="gate", password="long enough 1", **common
    )
    return (await sign_in_verifier("gate", "long enough 1", issuer=issuer, at=now())).access_token


async def _machine(issuer: TokenIssuer) -> str:
    key, at = DeviceKey(), now()
    organisation = await VerifierOrganisation.get()
    client = await register_machine_client(
        organisation_id=organisation.id,
        name="车站系统",
        scopes=list(MachineScope),
        networks=["127.0.0.1/32"],
        daily_quota=1_000_000,
        actor="system:test",
    )
    await add_machine_key(client.id, key.jwk, actor="system:test", at=at)
    given = await exchange_assertion(
        key.assertion(client.id, at=at), None, address="127.0.0.1", issuer=issuer, at=at
    )
    return given.access_token


async def _operator(vault: Vault) -> str:
    """One with every role, which no real operator may be."""
    person = await register_person(name="李四", id_number="33010219600601123X", vault=vault)
    secret, at = new_totp_secret(), now()
    await register_operator(
        person_id=person.id,
        login_name="lisi",
        password="correct horse battery",
        totp_secret=secret,
        roles=[Role.EDITOR],
        department="330199-civil-affairs",
        division="330199",
        vault=vault,
        actor="system:test",
    )
    await Operator.all().update(roles=[role.value for role in Role])
    code = pyotp.TOTP(secret).at(at)
    return (await sign_in_operator("lisi", "correct horse battery", code, vault=vault, at=at)).token
