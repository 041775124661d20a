"""Real tokens and cookies at the doors. Row A06: what is no token of ours opens nothing."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pyotp
import pytest
from redis.asyncio import Redis

from core.clock import now
from core.sealing import Vault
from identity.kinds import Role
from identity.models import OperatorSession, Session
from identity.operator_sessions import sign_in_operator
from identity.operators import new_totp_secret, register_operator
from identity.persons import register_person
from identity.session_states import SessionStates
from identity.sessions import SignedIn, log_in
from identity.tokens import Audience, Claims
from tests.fakes.identity import FakeProvider, make_issuer
from tests.web import sample
from web.doors import CONSOLE_HEADER, OPERATOR_COOKIE, make_doors, operator_cookie
from web.limiter import RULES, Rule

pytestmark = pytest.mark.usefixtures("db")

ISSUER = make_issuer()


@pytest.fixture
async def client(cache: Redis) -> AsyncIterator[httpx.AsyncClient]:
    app = sample.make_app(cache, doors=make_doors(ISSUER, SessionStates(cache)))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://zb.test") as client:
        yield client


@pytest.fixture
async def signed_in(db: None) -> SignedIn:
    return await log_in("openid-a", provider=FakeProvider(), issuer=ISSUER, at=now())


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


class TestResidents:
    async def test_a_token_of_a_living_session_opens(
        self, client: httpx.AsyncClient, signed_in: SignedIn
    ) -> None:
        reply = await client.get("/mine", headers=_bearer(signed_in.access_token))

        assert (reply.status_code, reply.text) == (200, "openid-a")

    async def test_a_token_is_no_key_to_other_audiences(
        self, client: httpx.AsyncClient, signed_in: SignedIn
    ) -> None:
        for path in ("/checks", "/desk"):
            reply = await client.get(path, headers=_bearer(signed_in.access_token))
            assert reply.status_code == 401

    async def test_what_is_no_token_of_ours_opens_nothing(
        self, client: httpx.AsyncClient, signed_in: SignedIn
    ) -> None:
        good, at = signed_in.access_token, now()
        claims = Claims(sub=uuid4(), sid=signed_in.session_id, epoch=0)
        stranger, _ = make_issuer().issue(Audience.RESIDENT, claims, at=at)
        other, _ = ISSUER.issue(Audience.RESIDENT, claims, at=at)
        old, _ = ISSUER.issue(Audience.RESIDENT, claims, at=at - timedelta(hours=1))
        verifiers, _ = ISSUER.issue(Audience.VERIFIER, claims, at=at)

        for token in (good[:-8] + "AAAAAAAA", stranger, other, old, verifiers, "a.b.c", "x" * 9000):
            reply = await client.get("/mine", headers=_bearer(token))
            assert reply.status_code == 401
            assert token not in reply.text


class TestCounting:
    """A request is counted as its session is read, and only for whom it turns out to be from."""

    @pytest.fixture
    async def narrow(self, cache: Redis) -> AsyncIterator[httpx.AsyncClient]:
        rules = {**RULES, "read": Rule(3, timedelta(minutes=1), "local")}
        doors = make_doors(ISSUER, SessionStates(cache))
        transport = httpx.ASGITransport(sample.make_app(cache, rules=rules, doors=doors))
        async with httpx.AsyncClient(transport=transport, base_url="https://zb.test") as client:
            yield client

    async def test_each_request_counts_once_for_its_account(
        self, narrow: httpx.AsyncClient, signed_in: SignedIn
    ) -> None:
        again = await log_in("openid-a#2", provider=FakeProvider(), issuer=ISSUER, at=now())
        one, other = _bearer(signed_in.access_token), _bearer(again.access_token)

        replies = [await narrow.get("/mine", headers=sent) for sent in (one, other, one, other)]

        assert [reply.status_code for reply in replies] == [200, 200, 200, 429]

    async def test_what_an_ended_session_asks_for_does_not_count_for_its_account(
        self, narrow: httpx.AsyncClient, signed_in: SignedIn
    ) -> None:
        again = await log_in("openid-a#2", provider=FakeProvider(), issuer=ISSUER, at=now())
        await Session.filter(id=signed_in.session_id).update(ended_at=now())

        ended = [
            await narrow.get("/mine", headers=_bearer(signed_in.access_token)) for _ in range(5)
        ]
        living = await narrow.get("/mine", headers=_bearer(again.access_token))

        assert {reply.status_code for reply in ended} == {401}
        assert living.status_code == 200


class TestOperators:
    @pytest.fixture
    async def token(self, db: None, vault: Vault) -> str:
        return await _operator_session(vault)

    async def test_a_program_sends_its_token(self, client: httpx.AsyncClient, token: str) -> None:
        reply = await client.get("/desk", headers=_bearer(token))

        assert (reply.status_code, reply.text) == (200, "330199-civil-affairs")

    async def test_a_browser_sends_its_cookie(self, client: httpx.AsyncClient, token: str) -> None:
        reply = await client.get("/desk", headers={"cookie": f"{OPERATOR_COOKIE}={token}"})

        assert reply.status_code == 200

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 403),
            ({CONSOLE_HEADER: "1"}, 201),
            ({CONSOLE_HEADER: "1", "sec-fetch-site": "same-origin"}, 201),
            ({CONSOLE_HEADER: "1", "sec-fetch-site": "same-site"}, 403),
            ({CONSOLE_HEADER: "1", "sec-fetch-site": "cross-site"}, 403),
        ],
    )
    async def test_a_page_elsewhere_cannot_act_with_the_cookie(
        self, client: httpx.AsyncClient, token: str, headers: dict[str, str], status: int
    ) -> None:
        cookie = {"cookie": f"{OPERATOR_COOKIE}={token}"}

        reply = await client.post("/policies", headers=cookie | headers)

        assert reply.status_code == status
        assert status == 201 or reply.json()["code"] == "web.cross_site_refused"

    async def test_an_ended_session_opens_nothing(
        self, client: httpx.AsyncClient, token: str
    ) -> None:
        await OperatorSession.all().update(ended_at=now())

        assert (await client.get("/desk", headers=_bearer(token))).status_code == 401

    def test_the_cookie_is_for_this_host_and_out_of_the_pages_reach(self) -> None:
        cookie = operator_cookie("value", seconds=60).to_header(header="")

        assert cookie.startswith("__Host-")
        for part in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"):
            assert part in cookie
        assert "Domain" not in cookie


async def _operator_session(vault: Vault) -> str:
    """The cookie of an editor and publisher who has signed in."""
    person = await register_person(name="李四", id_number="330102195006011235", vault=vault)
    secret, at = new_totp_secret(), now()
    await register_operator(
        person_id=person.id,
        login_name="lisi",
        password="correct horse battery",
        totp_secret=secret,
        roles=[Role.EDITOR, Role.PUBLISHER],
        department="330199-civil-affairs",
        division="330199",
        vault=vault,
        actor="system:test",
    )
    code = pyotp.TOTP(secret).at(at)
    signed_in = await sign_in_operator("lisi", "correct horse battery", code, vault=vault, at=at)
    return signed_in.token
