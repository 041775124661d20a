import asyncio
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from app.asgi import create_app
from app.embedded.valkey import EmbeddedValkey
from app.providers import Parts
from core.clock import date_in_china, now
from core.models import AuditEntry
from core.sealing import Vault
from identity.acting import grant_acting
from identity.kinds import GrantKind, Scope
from identity.models import Account
from identity.persons import register_person
from identity.session_states import SessionStates
from tests.deployment import make_settings
from tests.fakes.identity import FakePopulationRegister

WANG, CHEN = "330100195103089023", "330100197609219066"


async def sign_in(client: httpx.AsyncClient, code: str = "openid-a") -> dict[str, Any]:
    reply = await client.post("/v1/sessions", json={"provider": "wechat", "code": code})
    assert reply.status_code == 201, reply.text
    client.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
    return dict(reply.json())


async def prove(client: httpx.AsyncClient, parts: Parts) -> httpx.Response:
    register = parts.population_register
    assert isinstance(register, FakePopulationRegister)
    register.people[WANG] = ("王桂兰", True)
    return await client.put("/v1/me/real-name", json={"name": "王桂兰", "id_number": WANG})


class TestLogIn:
    async def test_one_tap_signs_in_without_a_phone_number(self, client: httpx.AsyncClient) -> None:
        signed_in = await sign_in(client)

        reply = await client.get("/v1/me")

        assert signed_in["party_id"] is None
        assert reply.json() == {
            "provider": "wechat",
            "level": 0,
            "name": None,
            "phone": None,
            "acting_for": None,
            "elder_mode": False,
            "language": "zh-CN",
        }

    async def test_a_code_sent_twice_at_once_signs_in_once(self, client: httpx.AsyncClient) -> None:
        """A01"""
        body = {"provider": "wechat", "code": "openid-a"}

        replies = await asyncio.gather(*(client.post("/v1/sessions", json=body) for _ in range(2)))

        assert sorted(reply.status_code for reply in replies) == [201, 401]
        refused = max(replies, key=lambda reply: reply.status_code)
        assert refused.json()["code"] == "identity.code_used"
        assert await Account.all().count() == 1

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"provider": "wechat", "code": "x"}, 401, "identity.login_code_rejected"),
            (
                {"provider": "wechat", "code": "x", "appid": "y"},
                404,
                "identity.provider_unknown",
            ),
            ({"provider": "qq", "code": "x"}, 400, "web.body_invalid"),
            ({"provider": "wechat", "code": "x" * 513}, 400, "web.body_invalid"),
            ({"provider": "wechat", "code": "openid-a", "level": 3}, 400, "web.body_invalid"),
        ],
    )
    async def test_anything_else_is_a_plain_refusal(
        self, body: dict[str, object], status: int, code: str, client: httpx.AsyncClient
    ) -> None:
        reply = await client.post("/v1/sessions", json=body)

        assert (reply.status_code, reply.json()["code"]) == (status, code)
        assert reply.json()["trace_id"]

    async def test_login_is_closed_when_the_cache_is_gone(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        """G04: here for login; what is signed in goes on."""
        with EmbeddedValkey() as server:
            gone = Redis.from_url(server.url())
        without = replace(parts, cache=gone, session_states=SessionStates(gone))
        await sign_in(client)
        transport = httpx.ASGITransport(create_app(make_settings(), without))

        async with httpx.AsyncClient(
            transport=transport, base_url="https://zb.test", headers=client.headers
        ) as client:
            reply = await client.post("/v1/sessions", json={"provider": "wechat", "code": "x"})
            me = await client.get("/v1/me")

        assert (reply.status_code, reply.json()["code"]) == (503, "web.limiter_unavailable")
        assert me.status_code == 200


class TestRefreshAndLogOut:
    async def test_a_pair_is_renewed_and_ended(self, client: httpx.AsyncClient) -> None:
        """A10"""
        first = await sign_in(client)
        reply = await client.post(
            "/v1/sessions/refresh", json={"refresh_token": first["refresh_token"]}
        )
        renewed = reply.json()
        client.headers["Authorization"] = f"Bearer {renewed['access_token']}"
        devices = (await client.get("/v1/sessions")).json()["items"]
        assert [device["current"] for device in devices] == [True]

        assert (await client.delete("/v1/sessions/current")).status_code == 204

        refused = await client.get("/v1/me")
        assert (refused.status_code, refused.json()["code"]) == (401, "identity.session_ended")
        again = await client.post(
            "/v1/sessions/refresh", json={"refresh_token": renewed["refresh_token"]}
        )
        assert (again.status_code, again.json()["code"]) == (401, "identity.refresh_refused")

    async def test_another_device_is_signed_out(self, client: httpx.AsyncClient) -> None:
        other = await sign_in(client)
        await sign_in(client, "openid-a#2")

        reply = await client.delete(f"/v1/sessions/{other['session_id']}")
        again = await client.delete(f"/v1/sessions/{other['session_id']}")

        assert (reply.status_code, again.status_code) == (204, 404)


class TestMe:
    async def test_real_name_proof_counts_for_the_token_in_hand(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        await sign_in(client)
        assert (await client.get("/v1/me/parties")).json()["details"] == {
            "needed": 2,
            "step": "real_name",
        }

        reply = await prove(client, parts)

        assert (reply.status_code, reply.json()) == (200, {"level": 2})
        me = (await client.get("/v1/me")).json()
        assert (me["level"], me["name"]) == (2, "王*兰")

    async def test_a_wrong_name_is_a_plain_refusal_without_what_was_sent(
        self, client: httpx.AsyncClient
    ) -> None:
        await sign_in(client)

        reply = await client.put("/v1/me/real-name", json={"name": "王桂花", "id_number": WANG})

        assert (reply.status_code, reply.json()["code"]) == (422, "identity.real_name_mismatch")
        assert WANG not in reply.text
        assert reply.json()["plain"].count("。") <= 2

    async def test_phone_and_preferences_are_kept(self, client: httpx.AsyncClient) -> None:
        await sign_in(client)

        phone = await client.put("/v1/me/phone", json={"proof": "phone-15401991001"})
        me = await client.put("/v1/me/preferences", json={"elder_mode": True, "language": "en"})

        assert phone.json() == {"phone": "154****1001"}
        shown = me.json()
        assert (shown["phone"], shown["elder_mode"], shown["language"], shown["level"]) == (
            "154****1001",
            True,
            "en",
            1,
        )


class TestActing:
    async def test_a_guardian_acts_for_the_child_until_switching_back(
        self, client: httpx.AsyncClient, parts: Parts, vault: Vault
    ) -> None:
        signed_in = await sign_in(client)
        await prove(client, parts)
        account = await Account.get()
        assert account.person_id is not None
        child = await register_person(name="陈丽", id_number=CHEN, vault=vault)
        await grant_acting(
            kind=GrantKind.GUARDIAN,
            agent_id=account.person_id,
            party_id=child.id,
            scope=Scope.CONFIRMER,
            from_on=date_in_china(now()),
            until_on=None,
            actor="system:test",
        )
        relations = [
            party["relation"] for party in (await client.get("/v1/me/parties")).json()["items"]
        ]
        assert relations == ["self", "guardian"]

        reply = await client.post("/v1/sessions/acting", json={"party_id": str(child.id)})

        assert (reply.status_code, reply.json()["party_id"]) == (201, str(child.id))
        client.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
        acting_for = (await client.get("/v1/me")).json()["acting_for"]
        assert (acting_for["party_id"], acting_for["name"]) == (str(child.id), "陈*")
        assert await AuditEntry.filter(actor__endswith=f"for party:{child.id}").count() == 1
        client.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
        assert (await client.get("/v1/me")).json()["acting_for"] is None

    async def test_a_strangers_party_is_not_found(
        self, client: httpx.AsyncClient, parts: Parts, vault: Vault
    ) -> None:
        await sign_in(client)
        await prove(client, parts)
        stranger = await register_person(name="陈丽", id_number=CHEN, vault=vault)

        reply = await client.post("/v1/sessions/acting", json={"party_id": str(stranger.id)})

        assert (reply.status_code, reply.json()["code"]) == (404, "identity.party_not_found")
