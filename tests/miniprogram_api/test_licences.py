import httpx
import pytest

from app.providers import Parts
from app.worker import handlers
from core import jobs
from core.clock import now
from core.models import HumanTask
from core.sealing import Vault
from identity.models import Account
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from licences.models import Licence
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


async def test_one_licence_that_does_not_open_is_put_before_a_person_and_the_list_lives(
    wang: httpx.AsyncClient, vault: Vault, parts: Parts
) -> None:
    """G10: 500 with its own code for the one, the others are shown, and one task for all of it."""
    card = await _only(wang)
    moved = await make.licence(vault, (await make.person(vault)).id)
    await Licence.filter(id=card["id"]).update(values_sealed=moved.values_sealed)

    one = [await wang.get(f"/v1/licences/{card['id']}") for _ in range(2)]
    every = await wang.get("/v1/licences")
    home = await wang.get("/v1/home")
    await jobs.run_due(handlers(parts, operating_department="330199-data"), at=now())

    problems = {(reply.status_code, reply.json()["code"]) for reply in one}
    assert problems == {(500, "core.seal_broken")}
    assert [row["readable"] for row in every.json()["items"]] == [False]
    assert (every.status_code, home.status_code) == (200, 200)
    task = await HumanTask.get(kind="core.seal_broken")
    assert (task.department, task.subject) == ("330199-data", f"licences_licence:{card['id']}")


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
