import httpx
import pyotp
import pytest

from core.clock import now
from core.sealing import Vault
from identity.kinds import Role
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
