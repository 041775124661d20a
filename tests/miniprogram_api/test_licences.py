import httpx
import pytest

from core.clock import now
from core.sealing import Vault
from identity.models import Account
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from tests.fakes.identity import FakeProvider
from tests.licences import make


@pytest.fixture
async def wang(client: httpx.AsyncClient, issuer: TokenIssuer, vault: Vault) -> httpx.AsyncClient:
    person = await make.person(vault)
    await Account.create(
        provider="wechat", appid="wx-1", subject="openid-wang", person=person, level=2
    )
    await make.licence(vault, person.id, number="LX-LNZ-1951")
    signed_in = await log_in("openid-wang", provider=FakeProvider(), issuer=issuer, at=now())
    client.headers["authorization"] = f"Bearer {signed_in.access_token}"
    return client


async def _only(wang: httpx.AsyncClient) -> dict[str, object]:
    (card,) = (await wang.get("/v1/licences")).json()["items"]
    return dict(card)


async def test_the_wallet_is_masked_until_a_purpose_is_said(wang: httpx.AsyncClient) -> None:
    card = await _only(wang)

    masked = await wang.get(f"/v1/licences/{card['id']}")
    clear = await wang.post(f"/v1/licences/{card['id']}/unmaskings", json={"purpose": "own_check"})
    without = await wang.post(f"/v1/licences/{card['id']}/unmaskings", json={"purpose": "fun"})

    assert "王桂兰" not in masked.text
    assert "LX-LNZ-1951" not in masked.text
    assert "王桂兰" in clear.text
    assert "LX-LNZ-1951" in clear.text
    assert without.status_code == 400


async def test_somebody_elses_licence_looks_like_none(
    wang: httpx.AsyncClient, vault: Vault
) -> None:
    other = await make.licence(vault, (await make.person(vault)).id)
    nobodys = "01900000-0000-7000-8000-000000000000"

    replies = [
        (await wang.get(f"/v1/licences/{licence_id}{rest}"))
        for rest in ("", "/verifications")
        for licence_id in (other.id, nobodys)
    ]

    assert {reply.status_code for reply in replies} == {404}
    problems = [{**reply.json(), "trace_id": ""} for reply in replies]
    assert all(problem == problems[0] for problem in problems)
    assert problems[0]["code"] == "licences.not_found"
    assert problems[0]["plain"]


async def test_showing_a_field_that_is_not_there_names_it(wang: httpx.AsyncClient) -> None:
    card = await _only(wang)

    reply = await wang.post(f"/v1/licences/{card['id']}/presentations", json={"fields": ["salary"]})

    assert (reply.status_code, reply.json()["details"]) == (422, {"field": "salary"})


async def test_without_waiting_the_state_comes_at_once(wang: httpx.AsyncClient) -> None:
    card = await _only(wang)
    shown = (
        await wang.post(f"/v1/licences/{card['id']}/presentations", json={"fields": ["name"]})
    ).json()

    progress = (await wang.get(f"/v1/presentations/{shown['id']}")).json()

    assert (progress["state"], progress["later_scans"]) == ("waiting", 0)
    assert shown["renew_after_seconds"] == 30
