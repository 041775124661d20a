import httpx
import pyotp
import pytest

from core.clock import now
from core.sealing import Vault
from core.tasks import raise_task
from identity.kinds import Role
from identity.operators import new_totp_secret, register_operator
from payments.orders import issue_fee, register_agency
from tests.conftest import AT
from tests.payments import make

PASSWORD, SECRET = "临溪-财务-2741-willow", new_totp_secret()


@pytest.fixture
async def finance(client: httpx.AsyncClient, vault: Vault) -> httpx.AsyncClient:
    """Somebody of the department that the orders of `make` are owed to."""
    person = await make.person(vault, "沈岚")
    await register_operator(
        person_id=person.id,
        login_name="shenlan",
        password=PASSWORD,
        totp_secret=SECRET,
        roles=[Role.FINANCE],
        department=make.DEPARTMENT,
        division="330199",
        vault=vault,
        actor="system:test",
    )
    code = pyotp.TOTP(SECRET).at(now())
    body = {"username": "shenlan", "password": PASSWORD, "totp_code": code}
    await client.post("/operator/v1/sessions", json=body, headers={"Sec-Fetch-Site": "same-origin"})
    return client


async def test_an_operator_sees_its_own_departments_fees_only(
    finance: httpx.AsyncClient, vault: Vault
) -> None:
    """B25"""
    payer = await make.person(vault)
    order = await make.fee_order(payer.id)
    await register_agency("330199-public-security", division="330199", name="临溪市公安局")
    await issue_fee(
        "330199-public-security",
        "LX-9",
        payer_id=payer.id,
        title="工本费",
        amount_fen=order.amount_fen,
        actor="system:test",
        at=AT,
    )

    listed = (await finance.get("/operator/v1/fee-orders")).json()["items"]

    assert [line["order_no"] for line in listed] == [order.order_no]
    assert str(payer.id) not in str(listed)


async def test_an_operator_sees_what_waits_for_a_person(
    finance: httpx.AsyncClient,
) -> None:
    for department in (make.DEPARTMENT, "330199-public-security"):
        await raise_task(
            "payments.refund_due",
            department=department,
            division="330199",
            subject=f"fee_order:{department}",
            amount_fen=8000,
        )

    listed = (await finance.get("/operator/v1/payment-exceptions")).json()["items"]

    assert [line["subject"] for line in listed] == [f"fee_order:{make.DEPARTMENT}"]
    assert listed[0]["details"] == {"amount_fen": 8000}
    assert (await finance.get("/operator/v1/disbursements")).json()["items"] == []
