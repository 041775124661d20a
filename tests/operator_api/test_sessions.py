from datetime import timedelta

import httpx
import pyotp
import pytest
from litestar import Litestar

from core.clock import now, set_offset
from core.sealing import Vault
from identity.kinds import Role
from identity.models import Operator, OperatorSession
from identity.operator_sessions import OperatorSessionEnded, authenticate_operator
from identity.operators import new_totp_secret, register_operator
from identity.persons import register_person

PASSWORD, SECRET = "临溪-编辑-8613-willow", new_totp_secret()


@pytest.fixture
async def operator_client(client: httpx.AsyncClient, vault: Vault) -> httpx.AsyncClient:
    """A client of a deployment that has one editor."""
    person = await register_person(name="沈岚", id_number="330100195103089023", vault=vault)
    await register_operator(
        person_id=person.id,
        login_name="shenlan",
        password=PASSWORD,
        totp_secret=SECRET,
        roles=[Role.EDITOR],
        department="330199-civil-affairs",
        division="330199",
        vault=vault,
        actor="system:test",
    )
    return client


async def sign_in(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    code = pyotp.TOTP(SECRET).at(now())
    body = {"username": "shenlan", "password": PASSWORD, "totp_code": code}
    return await client.post("/operator/v1/sessions", json=body, headers=headers)


async def test_a_browser_gets_a_cookie_and_no_token(operator_client: httpx.AsyncClient) -> None:
    reply = await sign_in(operator_client, **{"Sec-Fetch-Site": "same-origin"})

    cookie = reply.headers["set-cookie"]
    assert (reply.status_code, reply.json()["token"]) == (201, None)
    assert cookie.startswith("__Host-")
    for part in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert part in cookie
    me = await operator_client.get("/operator/v1/sessions/current")
    assert (me.status_code, me.json()["roles"]) == (200, ["editor"])


async def test_signing_out_takes_everything_along(operator_client: httpx.AsyncClient) -> None:
    """F08"""
    await sign_in(operator_client, **{"Sec-Fetch-Site": "same-origin"})
    foreign = await operator_client.delete("/operator/v1/sessions/current")
    cookies = dict(operator_client.cookies)

    reply = await operator_client.delete(
        "/operator/v1/sessions/current", headers={"X-Zhangban-Console": "1"}
    )

    assert (foreign.status_code, reply.status_code) == (403, 204)
    assert "cookies" in reply.headers["clear-site-data"]
    operator_client.cookies.update(cookies)  # the back button, or a copy of the cookie
    again = await operator_client.get("/operator/v1/sessions/current")
    assert (again.status_code, again.json()["code"]) == (401, "identity.operator_session_ended")


async def test_a_program_uses_the_token(operator_client: httpx.AsyncClient) -> None:
    token = (await sign_in(operator_client)).json()["token"]
    operator_client.cookies.clear()

    me = await operator_client.get(
        "/operator/v1/sessions/current", headers={"Authorization": f"Bearer {token}"}
    )

    assert me.json()["department"] == "330199-civil-affairs"


async def test_a_code_used_before_is_refused_like_any_other(
    operator_client: httpx.AsyncClient,
) -> None:
    await sign_in(operator_client)

    reply = await sign_in(operator_client)

    assert (reply.status_code, reply.json()["code"]) == (401, "identity.operator_sign_in_failed")


BROWSER = {"Sec-Fetch-Site": "same-origin"}


class TestSessionsOfBrowsers:
    """F08"""

    async def test_a_session_that_was_there_before_signing_in_is_worth_nothing(
        self, operator_client: httpx.AsyncClient
    ) -> None:
        """Fixation: neither a value somebody planted nor the session of before goes on."""
        planted = "planted-by-somebody-else-0123456789abcdefghi"
        operator_client.cookies.set("__Host-zhangban-operator", planted)

        reply = await sign_in(operator_client, **BROWSER)

        assert planted not in reply.headers["set-cookie"]
        operator_client.cookies.clear()
        operator_client.cookies.set("__Host-zhangban-operator", planted)
        again = await operator_client.get("/operator/v1/sessions/current")
        assert again.status_code == 401

    async def test_signing_in_again_ends_the_session_the_browser_had(
        self, operator_client: httpx.AsyncClient
    ) -> None:
        await sign_in(operator_client, **BROWSER)
        old = operator_client.cookies["__Host-zhangban-operator"]
        await Operator.all().update(totp_step=0)  # as if the half minute were over

        await sign_in(operator_client, **BROWSER)

        new = operator_client.cookies["__Host-zhangban-operator"]
        assert new != old
        with pytest.raises(OperatorSessionEnded):
            await authenticate_operator(old, at=now())

    async def test_signing_out_in_one_tab_ends_the_others(
        self, operator_client: httpx.AsyncClient
    ) -> None:
        await sign_in(operator_client, **BROWSER)
        cookie = operator_client.cookies["__Host-zhangban-operator"]
        console = {"X-Zhangban-Console": "1"}
        await operator_client.delete("/operator/v1/sessions/current", headers=console)

        other_tab = {"Cookie": f"__Host-zhangban-operator={cookie}"}
        reply = await operator_client.get("/operator/v1/sessions/current", headers=other_tab)

        assert reply.status_code == 401

    async def test_the_back_button_finds_nothing_kept(
        self, operator_client: httpx.AsyncClient
    ) -> None:
        signed_in = await sign_in(operator_client, **BROWSER)
        page = await operator_client.get("/operator/v1/sessions/current")
        left = await operator_client.delete(
            "/operator/v1/sessions/current", headers={"X-Zhangban-Console": "1"}
        )

        for reply in (signed_in, page, left):
            assert reply.headers["cache-control"] == "no-store"
        assert '"cache"' in left.headers["clear-site-data"]

    @pytest.mark.parametrize("passed", [timedelta(minutes=31), timedelta(hours=12)])
    async def test_a_session_ends_when_idle_and_at_the_latest_after_twelve_hours(
        self, passed: timedelta, operator_client: httpx.AsyncClient
    ) -> None:
        await sign_in(operator_client, **BROWSER)
        if passed > timedelta(hours=1):  # busy all the while
            await OperatorSession.all().update(seen_at=now() + passed - timedelta(minutes=1))

        set_offset(passed)
        try:
            reply = await operator_client.get("/operator/v1/sessions/current")
        finally:
            set_offset(timedelta(0))

        assert (reply.status_code, reply.json()["code"]) == (
            401,
            "identity.operator_session_ended",
        )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Sec-Fetch-Site": "cross-site", "X-Zhangban-Console": "1"}, 403, id="origin"),
        pytest.param({"Sec-Fetch-Site": "same-site", "X-Zhangban-Console": "1"}, 403, id="sibling"),
        pytest.param({}, 403, id="no header of ours"),
        pytest.param({"X-Zhangban-Console": "0"}, 403, id="another value"),
        pytest.param(
            {"X-Zhangban-Console": "1", "Content-Type": "application/x-www-form-urlencoded"},
            415,
            id="a form",
        ),
        pytest.param({"X-Zhangban-Console": "1", "Content-Type": "text/plain"}, 415, id="text"),
    ],
)
async def test_a_page_elsewhere_can_do_nothing_with_our_cookie(
    headers: dict[str, str], status: int, operator_client: httpx.AsyncClient
) -> None:
    """F02"""
    await sign_in(operator_client, **BROWSER)

    reply = await operator_client.post(
        "/operator/v1/sessions/current/step-ups",
        content=b'{"totp_code": "123456"}',
        headers={"Content-Type": "application/json"} | headers,
    )

    assert reply.status_code == status
    (session,) = await OperatorSession.all()
    assert session.ended_at is None


async def test_wrong_tries_of_a_stranger_shut_out_the_stranger_alone(
    app: Litestar, operator_client: httpx.AsyncClient
) -> None:
    """The owner's own browser is known, and the owner at another address is not the stranger."""
    await sign_in(operator_client, **BROWSER)
    await Operator.all().update(totp_step=0)
    stranger = httpx.ASGITransport(app, client=("203.0.113.66", 1))
    wrong = {"username": "shenlan", "password": "not it, not it", "totp_code": "000000"}
    async with httpx.AsyncClient(transport=stranger, base_url="https://zb.test") as client:
        tries = [await client.post("/operator/v1/sessions", json=wrong) for _ in range(11)]
        owners_code = await sign_in(client)

    assert [reply.status_code for reply in tries] == [401] * 10 + [429]
    assert owners_code.status_code == 429  # also with the right password: a guess is not told
    assert (await sign_in(operator_client, **BROWSER)).status_code == 201
    operator_client.cookies.clear()
    await Operator.all().update(totp_step=0)
    assert (await sign_in(operator_client)).status_code == 201
