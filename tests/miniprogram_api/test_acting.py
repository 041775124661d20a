"""Acting for others through the front door. 代办"""

from typing import Any

import httpx
import pytest
from litestar import Litestar
from stdnum.cn import ric

from core.sealing import Vault
from identity.persons import get_person
from tests.fakes.identity import real_name_account

WANG, CHEN = "330100195103089023", "330100197609219066"


@pytest.fixture
async def elder(client: httpx.AsyncClient, app: Litestar, vault: Vault) -> httpx.AsyncClient:
    await real_name_account(name="王桂兰", id_number=WANG, vault=vault, subject="openid-wang")
    return await _phone(app, "openid-wang")


@pytest.fixture
async def chen(client: httpx.AsyncClient, app: Litestar, vault: Vault) -> httpx.AsyncClient:
    await real_name_account(name="陈丽", id_number=CHEN, vault=vault, subject="openid-chen")
    return await _phone(app, "openid-chen")


async def _phone(app: Litestar, code: str) -> httpx.AsyncClient:
    phone = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://zb.test")
    reply = await phone.post("/v1/sessions", json={"provider": "wechat", "code": code})
    phone.headers["authorization"] = f"Bearer {reply.json()['access_token']}"
    return phone


async def _asked(chen: httpx.AsyncClient) -> dict[str, Any]:
    body = {
        "kind": "care",
        "scope": "helper",
        "until_on": "2027-06-30",
        "rights": ["view"],
        "name": "王桂兰",
    }
    reply = await chen.post("/v1/invitations", json=body)
    assert reply.status_code == 201, reply.text
    return dict(reply.json())


async def test_an_elder_agrees_by_link_and_every_reply_names_whom_it_is_about(
    elder: httpx.AsyncClient, chen: httpx.AsyncClient
) -> None:
    sent = await _asked(chen)
    token = {"token": sent["token"]}

    opened = (await elder.post("/v1/invitations/opening", json=token)).json()
    accepted = await elder.post("/v1/invitations/acceptance", json=token)

    assert (opened["inviter_name"], opened["rights"]) == ("陈*", ["view"])
    grant = accepted.json()
    parties = (await chen.get("/v1/me/parties")).json()["items"]
    assert [party["relation"] for party in parties] == ["self", "helper"]
    pair = (await chen.post("/v1/sessions/acting", json={"party_id": grant["party_id"]})).json()
    acting = {"authorization": f"Bearer {pair['access_token']}"}
    named = f"{grant['party_id']}; scope=helper"
    for path in ("/v1/home", "/v1/fee-orders", "/v1/messages", "/v1/fee-orders/F0"):
        reply = await chen.get(path, headers=acting)
        assert reply.headers["x-acting-for"] == named, path
    assert "x-acting-for" not in (await chen.get("/v1/home")).headers
    refusal = await chen.get("/v1/me/acted-for", headers=acting)
    assert (refusal.status_code, refusal.json()["code"]) == (403, "identity.acted_not_shown")
    acts = (await elder.get("/v1/me/acted-for")).json()["items"]
    assert [(act["by"], act["what"]) for act in acts] == [("陈*", "开始代办")]


async def test_what_was_not_agreed_to_is_refused_with_the_right_that_it_needs(
    elder: httpx.AsyncClient, chen: httpx.AsyncClient
) -> None:
    sent = await _asked(chen)
    grant = (await elder.post("/v1/invitations/acceptance", json={"token": sent["token"]})).json()
    pair = (await chen.post("/v1/sessions/acting", json={"party_id": grant["party_id"]})).json()
    acting = {"authorization": f"Bearer {pair['access_token']}"}

    reply = await chen.put(
        "/v1/fee-orders/F0/payments/0190c2a9-7d6f-7c3e-8a52-2f1d3b4c5d6e",
        json={"channel": "wechat"},
        headers=acting,
    )

    assert (reply.status_code, reply.json()["code"]) == (403, "identity.acting_right_required")
    assert reply.json()["details"] == {"right": "pay"}


async def test_to_all_but_who_is_meant_an_invitation_is_like_none(
    client: httpx.AsyncClient, chen: httpx.AsyncClient, app: Litestar, vault: Vault
) -> None:
    stranger = "330100195006010014"
    account = await real_name_account(
        name="李四", id_number=_valid(stranger), vault=vault, subject="openid-li"
    )
    assert account.person_id is not None
    assert await get_person(account.person_id)
    phone = await _phone(app, "openid-li")
    sent = await _asked(chen)

    replies = [
        await phone.post("/v1/invitations/opening", json={"token": token})
        for token in (sent["token"], "x" * 43)
    ]

    bodies = [{**reply.json(), "trace_id": ""} for reply in replies]
    assert bodies[0] == bodies[1]
    assert {reply.status_code for reply in replies} == {404}


def _valid(number: str) -> str:
    return number[:17] + str(ric.calc_check_digit(number[:17] + "0"))
