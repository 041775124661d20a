"""Operators sign in by the bureau's own service: ours against the sandbox's reading of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from litestar import Litestar

from core.sealing import Vault
from identity.kinds import Role
from identity.models import Operator
from identity.oidc_sign_in import Begun, OidcNotOffered, OidcSignIn
from identity.operator_sessions import OperatorSignInFailed, authenticate_operator
from identity.operators import disable_operator, new_totp_secret, register_operator
from identity.persons import register_person
from identity.providers.operator_oidc import OidcFailed, OperatorOidc
from sandbox.world import World

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    base = "http://sandbox/operator-idp"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as client:
        yield client


@pytest.fixture
def service(client: httpx.AsyncClient, console: dict[str, Any]) -> OperatorOidc:
    return OperatorOidc(client, login_claim="preferred_username", **console["operator_oidc"])


@pytest.fixture
async def editor(vault: Vault, db: None) -> None:
    person = await register_person(name="沈岚", id_number="330100195103089023", vault=vault)
    await register_operator(
        person_id=person.id,
        login_name="shenlan",
        password="临溪-编辑-8613-willow",
        totp_secret=new_totp_secret(),
        roles=[Role.EDITOR],
        department="330199-civil-affairs",
        division="330199",
        vault=vault,
        actor="system:test",
    )


async def come_back(begun: Begun, client: httpx.AsyncClient, who: str = "shenlan") -> Any:
    """What the browser brings back from the service's page."""
    asked = dict(parse_qs(urlsplit(begun.authorization_url).query))
    query = {name: values[0] for name, values in asked.items()} | {"login_hint": who}
    reply = await client.get("/authorize", params=query)
    back = parse_qs(urlsplit(reply.headers["location"]).query)
    return back["code"][0], back["state"][0]


@pytest.mark.usefixtures("editor")
async def test_an_operator_signs_in_with_the_roles_that_we_gave(
    service: OperatorOidc, client: httpx.AsyncClient, world: World, vault: Vault
) -> None:
    """The service says security_admin; nobody is asked to believe it."""
    at, oidc = world.clock.now(), OidcSignIn(service)
    begun = await oidc.begin(vault=vault, at=at)
    code, state = await come_back(begun, client)

    signed_in = await oidc.finish(code, state, begun.browser_token, vault=vault, at=at)

    operator = await authenticate_operator(signed_in.token, at=at)
    assert (operator.roles, operator.proved_at) == ({"editor"}, None)


@pytest.mark.usefixtures("editor")
async def test_a_way_is_walked_once_and_in_its_own_browser_only(
    service: OperatorOidc, client: httpx.AsyncClient, world: World, vault: Vault
) -> None:
    """Login CSRF: a code of the attacker's own, planted in another browser, opens nothing."""
    at, oidc = world.clock.now(), OidcSignIn(service)
    begun, other = [await oidc.begin(vault=vault, at=at) for _ in range(2)]
    code, state = await come_back(begun, client)
    with pytest.raises(OperatorSignInFailed):
        await oidc.finish(code, state, other.browser_token, vault=vault, at=at)

    answers = await asyncio.gather(
        *(oidc.finish(code, state, begun.browser_token, vault=vault, at=at) for _ in range(4)),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, OperatorSignInFailed) for answer in answers) == 3


@pytest.mark.usefixtures("editor")
async def test_a_code_of_another_way_is_refused(
    service: OperatorOidc, client: httpx.AsyncClient, world: World, vault: Vault
) -> None:
    """PKCE: the code was not begun with our verifier."""
    at, oidc = world.clock.now(), OidcSignIn(service)
    begun, other = [await oidc.begin(vault=vault, at=at) for _ in range(2)]
    _, state = await come_back(begun, client)
    code, _ = await come_back(other, client)

    with pytest.raises(OperatorSignInFailed):
        await oidc.finish(code, state, begun.browser_token, vault=vault, at=at)


@pytest.mark.usefixtures("editor")
@pytest.mark.parametrize("why", ["unknown", "disabled", "late"])
async def test_nobody_becomes_an_operator_by_coming_from_there(
    why: str, service: OperatorOidc, client: httpx.AsyncClient, world: World, vault: Vault
) -> None:
    at, oidc = world.clock.now(), OidcSignIn(service)
    begun = await oidc.begin(vault=vault, at=at)
    code, state = await come_back(begun, client, "stranger" if why == "unknown" else "shenlan")
    if why == "disabled":
        operator = await Operator.get(login_name="shenlan")
        await disable_operator(operator.id, actor="system:test", at=at)
    later = at + timedelta(minutes=11) if why == "late" else at

    with pytest.raises(OperatorSignInFailed):
        await oidc.finish(code, state, begun.browser_token, vault=vault, at=later)


@pytest.mark.usefixtures("editor")
async def test_an_answer_with_another_nonce_or_for_another_client_is_refused(
    service: OperatorOidc,
    client: httpx.AsyncClient,
    console: dict[str, Any],
    world: World,
    vault: Vault,
) -> None:
    at = world.clock.now()
    begun = await OidcSignIn(service).begin(vault=vault, at=at)
    code, _ = await come_back(begun, client)
    wrong = {**console["operator_oidc"], "issuer": "https://elsewhere.example"}
    elsewhere = OperatorOidc(client, login_claim="preferred_username", **wrong)

    assert await service.login_name(code, nonce="another", verifier="x", at=at) is None
    assert await elsewhere.login_name("none", nonce="", verifier="", at=at) is None


async def test_a_silent_service_is_said_to_be_silent_and_none_is_not_offered(
    console: dict[str, Any], world: World, vault: Vault
) -> None:
    def broken(_: httpx.Request) -> httpx.Response:
        return httpx.Response(502)

    transport = httpx.MockTransport(broken)
    async with httpx.AsyncClient(transport=transport, base_url="http://silent") as silent:
        service = OperatorOidc(silent, login_claim="sub", **console["operator_oidc"])
        with pytest.raises(OidcFailed):
            await service.login_name("x", nonce="x", verifier="x", at=world.clock.now())
    with pytest.raises(OidcNotOffered):
        await OidcSignIn(None).begin(vault=vault, at=world.clock.now())
