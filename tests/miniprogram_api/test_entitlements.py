import asyncio
from datetime import date
from uuid import UUID

import httpx
import pytest

from core.clock import date_in_china, now
from core.sealing import Vault
from identity.models import Account, Person, Session
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from proactive.entitlements import notify_entitlement
from proactive.models import Entitlement
from tests.fakes.identity import FakeProvider
from tests.payments.jobs_asked import jobs_asked
from tests.proactive import make

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def elder(vault: Vault, db: None) -> Person:
    await make.facts_catalogue()
    today = date_in_china(now())
    person = await make.person(vault, birth=date(1950, 6, 1), hukou_kind="农业", children_ever=1)
    at, facts = now(), {"alive": True, "hukou_kind": "农业", "children_ever": 1}
    await make.tell(vault, person.id, as_of=today, at=at, hukou="330199001", **facts)
    return person


@pytest.fixture
async def offer(elder: Person, vault: Vault) -> Entitlement:
    """A yearly benefit that wants a yes."""
    at = now()
    await make.matched(vault, "rural-award", on=date_in_china(at), at=at)
    entitlement = await make.entitlement_of(elder.id)
    await notify_entitlement(entitlement.id, at=at)
    return entitlement


@pytest.fixture
async def resident(
    client: httpx.AsyncClient, elder: Person, issuer: TokenIssuer
) -> httpx.AsyncClient:
    await sign_in(client, elder, issuer)
    return client


async def sign_in(client: httpx.AsyncClient, person: Person, issuer: TokenIssuer) -> None:
    name = f"openid-{person.id}"
    await Account.create(provider="wechat", appid="wx-1", subject=name, person=person, level=2)
    signed_in = await log_in(name, provider=FakeProvider(), issuer=issuer, at=now())
    client.headers["authorization"] = f"Bearer {signed_in.access_token}"


def path(entitlement_id: UUID, rest: str = "") -> str:
    return f"/v1/entitlements/{entitlement_id}{rest}"


async def test_the_list_says_what_and_how_much(
    resident: httpx.AsyncClient, offer: Entitlement
) -> None:
    [line] = (await resident.get("/v1/entitlements")).json()["items"]

    assert line["title"] == "农村部分计划生育家庭奖励扶助"
    assert (line["status"], line["amount_fen"], line["amount"]) == ("notified", 96000, "960.00")
    assert line["deadline_on"]


async def test_the_detail_says_why_by_which_fact_from_whom(
    resident: httpx.AsyncClient, offer: Entitlement
) -> None:
    """E14"""
    shown = (await resident.get(path(offer.id))).json()

    by_id = {one["id"]: one for one in shown["explanation"]["conditions"]}
    assert by_id["age"]["holds"] is True
    assert (by_id["age"]["value"], by_id["age"]["source"]) == (
        "1950-06-01",
        "330199-public-security",
    )
    assert (by_id["two-girls"]["holds"], by_id["two-girls"]["value"]) == (None, None)
    assert by_id["one-child"]["value"] == "1 人"
    assert "符合：年满 60 周岁" in shown["explanation"]["reasons"]


async def test_confirming_twice_at_once_pays_once(
    resident: httpx.AsyncClient, offer: Entitlement
) -> None:
    url = path(offer.id, "/confirmation")

    replies = await asyncio.gather(resident.post(url), resident.post(url))

    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[0].json() == replies[1].json()
    assert len(await jobs_asked("proactive.disburse")) == 1


async def test_a_refusal_is_final(resident: httpx.AsyncClient, offer: Entitlement) -> None:
    declined = await resident.post(path(offer.id, "/refusal"))
    late = await resident.post(path(offer.id, "/confirmation"))

    assert (declined.status_code, declined.json()["status"]) == (201, "declined")
    assert late.status_code == 409


async def test_somebody_elses_entitlement_looks_like_none(
    client: httpx.AsyncClient, offer: Entitlement, vault: Vault, issuer: TokenIssuer
) -> None:
    await sign_in(client, await make.person(vault), issuer)
    nobodys = UUID("01900000-0000-7000-8000-000000000000")

    replies = [
        await client.request(method, path(entitlement_id, rest))
        for method, rest in (("GET", ""), ("POST", "/confirmation"), ("POST", "/refusal"))
        for entitlement_id in (offer.id, nobodys)
    ]

    assert {reply.status_code for reply in replies} == {404}
    assert {reply.json()["code"] for reply in replies} == {"proactive.entitlement_not_found"}
    assert (await client.get("/v1/entitlements")).json()["items"] == []


async def test_whoever_is_refused_can_see_why_and_from_when_on(
    client: httpx.AsyncClient, offer: Entitlement, vault: Vault, issuer: TokenIssuer
) -> None:
    """E14: for everybody, matched or not."""
    young = await make.person(vault, birth=date(1990, 1, 1))
    today, at = date_in_china(now()), now()
    await make.tell(vault, young.id, as_of=today, at=at, alive=True, hukou_kind="农业")
    await sign_in(client, young, issuer)

    [line] = (await client.get("/v1/policies")).json()["items"]
    shown = (await client.get("/v1/policies/rural-award/decision")).json()
    other = await client.get("/v1/policies/px-hightech/decision")

    assert (line["code"], line["entity"]) == ("rural-award", "person")
    assert (shown["outcome"], shown["amount"]) == ("refused", None)
    assert shown["explanation"]["reasons"] == ["不符合：年满 60 周岁"]
    hints = [one["hint"] for one in shown["explanation"]["conditions"] if one["id"] == "age"]
    assert hints == ["2050-01-01 起符合"]
    assert other.status_code == 404


async def test_without_real_name_the_step_that_is_missing_is_said(
    resident: httpx.AsyncClient, offer: Entitlement
) -> None:
    await Session.all().update(party_id=None)

    reply = await resident.post(path(offer.id, "/confirmation"))

    assert reply.status_code in (401, 403)
