"""The counter through the front door. 窗口办理"""

import httpx
import pyotp
import pytest

from app.providers import Parts
from core.clock import now
from core.models import AuditEntry
from core.sealing import Vault
from identity import persons
from identity.kinds import Role
from identity.models import Operator, Person
from identity.operators import new_totp_secret, register_operator
from proactive.kinds import EntitlementStatus
from proactive.models import Entitlement, Policy
from tests.fakes.identity import FakePopulationRegister
from tests.payments import make
from tests.proactive import make as policy_make
from web.doors import CONSOLE_HEADER

PASSWORD, SECRET = "临溪-窗口-5127-willow", new_totp_secret()
CASES = "/operator/v1/counter-cases"


@pytest.fixture
async def officer(client: httpx.AsyncClient, vault: Vault) -> Operator:
    person = await make.person(vault, "何军")
    return await register_operator(
        person_id=person.id,
        login_name="hejun",
        password=PASSWORD,
        totp_secret=SECRET,
        roles=[Role.WINDOW_OFFICER],
        department="330199-civil-affairs",
        division="330199",
        vault=vault,
        actor="system:test",
    )


@pytest.fixture
async def desk(client: httpx.AsyncClient, officer: Operator) -> httpx.AsyncClient:
    code = pyotp.TOTP(SECRET).at(now())
    body = {"username": "hejun", "password": PASSWORD, "totp_code": code}
    client.headers.update({"Sec-Fetch-Site": "same-origin", CONSOLE_HEADER: "1"})
    await client.post("/operator/v1/sessions", json=body)
    return client


@pytest.fixture
async def wang(db: None, vault: Vault, parts: Parts) -> Person:
    await policy_make.facts_catalogue()
    person = await policy_make.person(vault)
    name = await persons.full_name(person.id, vault=vault)
    number = await persons.id_number(person.id, vault=vault)
    register = parts.population_register
    assert isinstance(register, FakePopulationRegister)
    register.people[number] = (name, True)
    return person


async def visit(desk: httpx.AsyncClient, person: Person, vault: Vault) -> httpx.Response:
    pdf = {"content-type": "application/pdf"}
    kept = await desk.post(f"{CASES}/evidence", content=b"%PDF-1.7 read", headers=pdf)
    assert kept.status_code == 201, kept.text
    return await desk.post(
        CASES,
        json={
            "name": await persons.full_name(person.id, vault=vault),
            "id_number": await persons.id_number(person.id, vault=vault),
            "document": "reader",
            "evidence_id": kept.json()["id"],
        },
    )


async def test_a_benefit_is_accepted_for_the_person_present_in_the_officers_name(
    desk: httpx.AsyncClient, officer: Operator, wang: Person, vault: Vault
) -> None:
    await policy_make.matched(vault, mode="CONFIRM")
    await Entitlement.all().update(status=EntitlementStatus.NOTIFIED)
    await Policy.all().update(department="330199-civil-affairs")
    opened = await visit(desk, wang, vault)
    case = opened.json()

    [offer] = (await desk.get(f"{CASES}/{case['id']}/entitlements")).json()["items"]
    path = f"{CASES}/{case['id']}/entitlements/{offer['id']}/confirmation"
    reply = await desk.post(path)

    assert (case["name"], case["id_number"][4:14]) == ("王*兰", "*" * 10)
    assert reply.status_code == 200, reply.text
    actor = f"operator:{officer.id} for party:{wang.id}"
    assert await AuditEntry.filter(actor=actor, action="entitlement.confirm").count() == 1
    assert (await Entitlement.get(id=offer["id"])).payee_id == wang.id
    await desk.post(f"{CASES}/{case['id']}/ending")
    over = await desk.post(path)
    assert (over.status_code, over.json()["code"]) == (409, "identity.counter_case_ended")


async def test_another_departments_benefit_is_not_found_at_this_counter(
    desk: httpx.AsyncClient, wang: Person, vault: Vault
) -> None:
    await policy_make.matched(vault, mode="CONFIRM")
    await Entitlement.all().update(status=EntitlementStatus.NOTIFIED)
    await Policy.all().update(department="330199-health")
    case = (await visit(desk, wang, vault)).json()
    entitlement = await Entitlement.all().first()
    assert entitlement is not None

    shown = (await desk.get(f"{CASES}/{case['id']}/entitlements")).json()["items"]
    reply = await desk.post(f"{CASES}/{case['id']}/entitlements/{entitlement.id}/confirmation")

    assert shown == []
    assert (reply.status_code, reply.json()["code"]) == (404, "proactive.entitlement_not_found")
