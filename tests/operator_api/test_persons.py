"""Accounts parted by an operator, and who left. 自然人"""

from uuid import uuid4

import httpx
import pyotp
import pytest

from app.retention import retention
from core.clock import now
from core.sealing import Vault
from identity.erasure import erase_person
from identity.kinds import Role
from identity.models import Account, Person
from identity.operators import new_totp_secret, register_operator
from tests.fakes.identity import NO_CACHE
from tests.payments import make
from web.doors import CONSOLE_HEADER

PASSWORD, SECRET = "临溪-账号-5127-willow", new_totp_secret()
DIVISION = "330199"


async def sign_in(client: httpx.AsyncClient, vault: Vault, role: Role) -> httpx.AsyncClient:
    officer = await make.person(vault, "沈岚")
    await register_operator(
        person_id=officer.id,
        login_name="shenlan",
        password=PASSWORD,
        totp_secret=SECRET,
        roles=[role],
        department="330199-data",
        division=DIVISION,
        vault=vault,
        actor="system:test",
    )
    code = pyotp.TOTP(SECRET).at(now())
    body = {"username": "shenlan", "password": PASSWORD, "totp_code": code}
    client.headers.update({"Sec-Fetch-Site": "same-origin", CONSOLE_HEADER: "1"})
    reply = await client.post("/operator/v1/sessions", json=body)
    assert reply.status_code == 201, reply.text
    return client


async def test_a_window_officer_parts_an_account_of_its_division_with_a_reason(
    client: httpx.AsyncClient, vault: Vault
) -> None:
    desk = await sign_in(client, vault, Role.WINDOW_OFFICER)
    wang, elsewhere = await make.caller(vault), await make.caller(vault)
    await Person.filter(id=elsewhere.person_id).update(division="330188")
    body = {"reason": "stolen"}

    parted = await desk.post(f"/operator/v1/accounts/{wang.account_id}/parting", json=body)
    others = [
        await desk.post(f"/operator/v1/accounts/{account_id}/parting", json=body)
        for account_id in (wang.account_id, elsewhere.account_id, uuid4())
    ]

    assert parted.status_code == 204, parted.text
    assert (await Account.get(id=wang.account_id)).person_id is None
    assert {(reply.status_code, reply.json()["code"]) for reply in others} == {
        (404, "identity.account_not_found")
    }


@pytest.mark.parametrize("inside", [True, False])
async def test_a_data_steward_sees_who_left_its_division_by_id_only(
    inside: bool, client: httpx.AsyncClient, vault: Vault
) -> None:
    desk = await sign_in(client, vault, Role.DATA_STEWARD)
    wang = await make.caller(vault)
    if not inside:
        await Person.filter(id=wang.person_id).update(division="330188")
    await make.fee_order(wang.required_person())
    await erase_person(wang, retention(), vault=vault, states=NO_CACHE, at=now())

    rows = (await desk.get("/operator/v1/erasures")).json()["items"]

    assert [row["person_id"] for row in rows] == ([str(wang.person_id)] if inside else [])
    for row in rows:
        kept = {item["data_class"]: item["kept_until"] for item in row["items"]}
        assert kept["vouchers"] == "2057-01-01"
        assert "王" not in str(row)
