"""Showing a licence and checking it, through the front door. 亮证与核验"""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis

from app.asgi import create_app
from app.providers import Parts
from core.clock import now
from core.sealing import Vault
from identity.models import Person
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from identity.verifiers import register_organisation, register_verifier, sign_in_verifier
from licences.models import Licence
from tests.deployment import make_parts, make_settings
from tests.fakes.identity import FakeProvider
from tests.licences import make


@pytest.fixture
async def licence(wang: Person, vault: Vault) -> Licence:
    return await make.licence(vault, wang.id)


@pytest.fixture
async def holder(client: httpx.AsyncClient, issuer: TokenIssuer, wang: Person) -> httpx.AsyncClient:
    """Wang's phone."""
    signed_in = await log_in("openid-wang", provider=FakeProvider(), issuer=issuer, at=now())
    client.headers["authorization"] = f"Bearer {signed_in.access_token}"
    return client


@pytest.fixture
async def gate(
    client: httpx.AsyncClient, issuer: TokenIssuer, db: None
) -> AsyncIterator[httpx.AsyncClient]:
    """A bus's terminal."""
    async with httpx.AsyncClient(
        transport=client._transport, base_url="https://zb.test"
    ) as terminal:
        terminal.headers["authorization"] = await _sign_in("bus-3", issuer)
        yield terminal


async def _sign_in(login_name: str, issuer: TokenIssuer) -> str:
    organisation = await register_organisation(
        name="临溪公共交通有限公司",
        department="330199-transport",
        division="330199",
        licence_types=["elder-card"],
        fields=["name", "benefit_class"],
        purpose="乘车优待核验",
        actor="system:test",
    )
    await register_verifier(
        organisation_id=organisation.id,
        login_name=login_name,
        password="a long password for tests",
        actor="system:test",
    )
    signed_in = await sign_in_verifier(
        login_name, "a long password for tests", issuer=issuer, at=now()
    )
    return f"Bearer {signed_in.access_token}"


async def _show(holder: httpx.AsyncClient, licence: Licence, *fields: str) -> dict[str, str]:
    reply = await holder.post(
        f"/v1/licences/{licence.id}/presentations", json={"fields": list(fields)}
    )
    assert reply.status_code == 201, reply.text
    shown: dict[str, str] = reply.json()
    return shown


async def _check(gate: httpx.AsyncClient, code: str, request_id: str) -> httpx.Response:
    return await gate.post(
        "/agency/v1/verifications", json={"code": code, "request_id": request_id}
    )


async def test_a_licence_is_shown_checked_once_and_remembered(
    holder: httpx.AsyncClient, gate: httpx.AsyncClient, licence: Licence
) -> None:
    """The whole journey; C02 and C06 on the wire."""
    shown = await _show(holder, licence, "benefit_class", "number")

    first = await _check(gate, shown["code"], "request-0001")
    second = await _check(gate, shown["code"], "request-0002")
    again = await gate.get("/agency/v1/verifications/request-0001")
    history = (await holder.get(f"/v1/licences/{licence.id}/verifications")).json()

    assert (first.status_code, first.json()["outcome"]) == (201, "valid")
    assert [field["value"] for field in first.json()["fields"]] == ["公交免费"]
    assert "王" not in first.text
    assert make.SENSITIVE_NUMBER not in first.text
    assert (second.status_code, second.json()["code"]) == (409, "licences.code_already_used")
    assert again.json() == first.json()
    assert [item["outcome"] for item in history["items"]] == ["already_used", "valid"]
    assert history["items"][1]["organisation_name"] == "临溪公共交通有限公司"
    assert history["items"][1]["fields"] == ["优待类别"]


async def test_the_holders_screen_waits_for_the_scan(
    holder: httpx.AsyncClient, gate: httpx.AsyncClient, licence: Licence
) -> None:
    shown = await _show(holder, licence, "name")

    waiting = asyncio.create_task(holder.get(f"/v1/presentations/{shown['id']}?wait=20"))
    await asyncio.sleep(0.2)
    answer = await _check(gate, shown["code"], "request-0001")
    progress = (await waiting).json()

    assert (progress["state"], progress["outcome"]) == ("verified", "valid")
    assert progress["verification_no"] == answer.json()["verification_no"]


async def test_an_answer_is_read_again_by_its_own_verifier_only(
    holder: httpx.AsyncClient, gate: httpx.AsyncClient, licence: Licence, issuer: TokenIssuer
) -> None:
    shown = await _show(holder, licence, "name")
    await _check(gate, shown["code"], "request-0001")
    gate.headers["authorization"] = await _sign_in("bus-4", issuer)

    reply = await gate.get("/agency/v1/verifications/request-0001")

    assert (reply.status_code, reply.json()["code"]) == (404, "licences.verification_not_found")


async def test_a_request_that_nobody_can_have_made_is_not_found(gate: httpx.AsyncClient) -> None:
    """G01"""
    reply = await gate.get(f"/agency/v1/verifications/{'x' * 65}")

    assert (reply.status_code, reply.json()["code"]) == (404, "licences.verification_not_found")


async def test_neither_a_resident_nor_a_stranger_checks_codes(
    holder: httpx.AsyncClient, licence: Licence
) -> None:
    """C05: an unauthenticated scan learns nothing."""
    shown = await _show(holder, licence, "name")

    as_resident = await _check(holder, shown["code"], "request-0001")
    del holder.headers["authorization"]
    as_stranger = await _check(holder, shown["code"], "request-0001")

    assert (as_resident.status_code, as_stranger.status_code) == (401, 401)


@pytest.mark.parametrize(
    "body",
    [
        {"code": "A" * 64},
        {"code": "A" * 64, "request_id": "short"},
        {"code": "A" * 64, "request_id": "with a space"},
        {"code": "A" * 64, "request_id": "request-0001\n"},
        {"code": "A" * 200, "request_id": "request-0001"},
        {"code": 5, "request_id": "request-0001"},
        {"code": "A" * 64, "request_id": "request-0001", "purpose": "x"},
    ],
)
async def test_a_request_that_makes_no_sense_is_a_400(
    gate: httpx.AsyncClient, body: dict[str, object]
) -> None:
    """G02."""
    reply = await gate.post("/agency/v1/verifications", json=body)

    assert (reply.status_code, reply.json()["code"]) == (400, "web.body_invalid")


async def test_guessing_is_limited(gate: httpx.AsyncClient) -> None:
    """C07: no hit among guesses, and an end to guessing."""
    replies = [await _check(gate, f"{n:016d}", f"request-{n:04d}") for n in range(130)]

    codes = [reply.status_code for reply in replies]
    assert set(codes) == {422, 429}
    assert codes.count(422) == 120


async def test_without_the_cache_showing_and_checking_are_closed_and_reading_is_open(
    holder: httpx.AsyncClient, licence: Licence, vault: Vault, issuer: TokenIssuer
) -> None:
    """G04."""
    parts: Parts = make_parts(vault, Redis.from_url("redis://127.0.0.1:1"), issuer)
    transport = httpx.ASGITransport(create_app(make_settings(), parts))
    async with httpx.AsyncClient(transport=transport, base_url="https://zb.test") as without:
        without.headers["authorization"] = holder.headers["authorization"]
        read = await without.get("/v1/licences")
        shown = await without.post(
            f"/v1/licences/{licence.id}/presentations", json={"fields": ["name"]}
        )
        without.headers["authorization"] = await _sign_in("bus-3", issuer)
        checked = await _check(without, "1" * 16, "request-0001")

    assert (read.status_code, shown.status_code, checked.status_code) == (200, 503, 503)
    assert "retry-after" in checked.headers
