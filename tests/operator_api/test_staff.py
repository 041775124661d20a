"""Administrators at work over HTTP: people, verifiers, devices, programs."""

from typing import Any

import httpx
import pyotp
import pytest
from litestar import Litestar

from app.providers import Parts
from core.clock import date_in_china, now
from core.sealing import Vault
from identity.kinds import Role
from identity.models import Account, Operator
from tests.fakes.devices import DeviceKey
from tests.operator_api.test_policies import PASSWORD, operator
from tests.proactive import make

ORGANISATION = {
    "name": "临溪公共交通有限公司",
    "department": "330199-transport",
    "division": "330199",
    "licence_types": ["elder-card"],
    "fields": ["name"],
    "purpose": "乘车优待核验",
}
RULES = {"scopes": ["licences:take"], "networks": ["203.0.113.0/28"], "daily_quota": 5000}


@pytest.fixture
async def admin(app: Litestar, vault: Vault, db: None) -> httpx.AsyncClient:
    await make.facts_catalogue()
    return await operator(app, vault, Role.SECURITY_ADMIN)


@pytest.fixture
async def second(admin: httpx.AsyncClient, app: Litestar, vault: Vault) -> httpx.AsyncClient:
    return await operator(app, vault, Role.SECURITY_ADMIN)


async def decided(asked: httpx.Response, second: httpx.AsyncClient) -> dict[str, Any]:
    """What the second person's yes to it brings."""
    assert asked.status_code == 201, asked.text
    path = f"/operator/v1/staff-changes/{asked.json()['change_id']}/approval"
    reply = await second.post(path)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


async def test_an_operator_is_added_enrols_and_signs_in(
    admin: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    new = {
        "login_name": "zhaomin",
        "name": "赵敏",
        "id_number": "330102199003077579",
        "department": "330199-civil-affairs",
        "division": "330199",
        "roles": ["editor"],
    }
    made = await admin.post("/operator/v1/operators", json=new)
    again = await admin.post("/operator/v1/operators", json=new)
    body = {"code": made.json()["enrolment_code"], "password": PASSWORD}
    enrolled = (await client.post("/operator/v1/enrolments", json=body)).json()

    code = pyotp.TOTP(enrolled["totp_secret"]).at(now())
    body = {"username": "zhaomin", "password": PASSWORD, "totp_code": code}
    signed_in = await client.post("/operator/v1/sessions", json=body)

    assert signed_in.json()["roles"] == ["editor"]
    assert (again.status_code, again.json()["code"]) == (409, "identity.login_name_taken")
    rows = (await admin.get("/operator/v1/operators")).json()["items"]
    assert "zhaomin" in {row["login_name"] for row in rows}
    assert "password" not in str(rows)


async def test_a_watcher_takes_two_and_the_first_cannot_be_the_second(
    admin: httpx.AsyncClient, second: httpx.AsyncClient
) -> None:
    target = await Operator.all().order_by("id").first()
    assert target is not None
    roles = {"roles": ["security_admin", "editor"]}
    asked = await admin.put(f"/operator/v1/operators/{target.id}/roles", json=roles)
    change = asked.json()["change_id"]

    own = await admin.post(f"/operator/v1/staff-changes/{change}/approval")
    other = await second.post(f"/operator/v1/staff-changes/{change}/approval")
    late = await second.post(f"/operator/v1/staff-changes/{change}/refusal")

    assert (own.status_code, own.json()["code"]) == (409, "identity.same_person_twice")
    assert other.status_code == 200
    assert (late.status_code, late.json()["code"]) == (409, "identity.staff_change_over")
    (row,) = (await second.get("/operator/v1/staff-changes")).json()["items"]
    assert (row["outcome"], row["kind"]) == ("approved", "operator.roles")


async def test_a_person_joins_by_invitation_and_verifies_with_the_own_account(
    admin: httpx.AsyncClient,
    second: httpx.AsyncClient,
    client: httpx.AsyncClient,
    vault: Vault,
    parts: Parts,
) -> None:
    asked = await admin.post("/operator/v1/verifier-organisations", json=ORGANISATION)
    organisation = f"/operator/v1/verifier-organisations/{(await decided(asked, second))['result']}"
    code = (await admin.post(f"{organisation}/invitations")).json()["code"]
    body = {"provider": "wechat", "code": "openid-verifier"}
    token = (await client.post("/v1/sessions", json=body)).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    unproved = await client.post("/v1/verifying", json={"code": code})
    account = await Account.all().order_by("-id").first()
    assert account is not None
    person = await make.person(vault)
    await Account.filter(id=account.id).update(person_id=person.id, level=2)
    await parts.cache.flushall()

    joined = await client.post("/v1/verifying", json={"code": code})
    again = await client.post("/v1/verifying", json={"code": code})
    who = {"verifier_id": joined.json()["verifier_id"]}
    pair = (await client.post("/v1/verifying/sessions", json=who)).json()

    assert unproved.json()["code"] == "identity.real_name_required"
    assert (again.status_code, again.json()["code"]) == (422, "identity.invitation_refused")
    bearer = {"Authorization": f"Bearer {pair['access_token']}"}
    me = await client.get("/agency/v1/sessions/current", headers=bearer)
    assert me.json()["purpose"] == "乘车优待核验"
    await admin.post(f"{organisation}/verifiers/{who['verifier_id']}/disablement")
    assert (await client.post("/v1/verifying/sessions", json=who)).status_code == 404
    ended = await admin.post(f"{organisation}/ending")
    assert ended.status_code == 204
    assert (await admin.post(f"{organisation}/invitations")).status_code == 404


async def test_a_program_and_a_terminal_are_registered_and_ended(
    admin: httpx.AsyncClient, second: httpx.AsyncClient
) -> None:
    asked = await admin.post("/operator/v1/verifier-organisations", json=ORGANISATION)
    made = (await decided(asked, second))["result"]
    program = RULES | {"organisation_id": made, "name": "公交结算系统"}
    asked = await admin.post("/operator/v1/machine-clients", json=program)
    machine = f"/operator/v1/machine-clients/{(await decided(asked, second))['result']}"

    key = await admin.post(f"{machine}/keys", json={"jwk": DeviceKey().jwk})
    private = await admin.post(f"{machine}/keys", json={"jwk": {"kty": "RSA", "n": "x"}})
    wide = await admin.put(machine, json=RULES | {"networks": ["0.0.0.0/0"]})
    organisation = f"/operator/v1/verifier-organisations/{made}"
    terminal = await admin.post(f"{organisation}/terminals", json={"name": "3 号闸机"})
    revoked = await admin.post(
        f"{organisation}/terminals/{terminal.json()['terminal_id']}/revocation"
    )
    keys = (await admin.get(f"{machine}/keys")).json()["items"]
    ended = await admin.post(f"{machine}/keys/{key.json()['id']}/revocation")
    disabled = await admin.post(f"{machine}/disablement")

    assert (key.status_code, len(keys)) == (201, 1)
    assert private.json()["code"] == "identity.public_key_invalid"
    assert wide.json()["code"] == "identity.network_invalid"
    assert [revoked.status_code, ended.status_code, disabled.status_code] == [204] * 3
    rows = (await admin.get("/operator/v1/machine-clients")).json()["items"]
    assert rows[0]["disabled_at"]


async def test_a_colleague_stands_in_over_http(app: Litestar, vault: Vault, db: None) -> None:
    await make.facts_catalogue()
    lender = await operator(app, vault, Role.FINANCE)
    borrower = await operator(app, vault, Role.EDITOR)
    name = (await Operator.all().order_by("-created_at").first() or Operator()).login_name
    today = date_in_china(now()).isoformat()
    asked = {"login_name": name, "roles": ["finance"], "from_on": today, "until_on": today}
    lent = await lender.post("/operator/v1/delegations", json=asked)
    before = await borrower.get("/operator/v1/disbursements")

    acting = {"delegation_id": lent.json()}
    await borrower.put("/operator/v1/sessions/current/delegation", json=acting)

    me = (await borrower.get("/operator/v1/sessions/current")).json()
    during = await borrower.get("/operator/v1/disbursements")
    await borrower.delete("/operator/v1/sessions/current/delegation")
    after = await borrower.get("/operator/v1/disbursements")
    assert me["roles"] == ["finance"]
    assert me["behalf_of"]
    assert [reply.status_code for reply in (before, during, after)] == [403, 200, 403]
    (row,) = (await lender.get("/operator/v1/delegations")).json()["items"]
    assert row["borrower"] == name
