"""A gate with nobody at it checks what is held to it, as a verifier does. 机构系统核验"""

import asyncio

import httpx
import pytest

from core.clock import now
from core.models import AuditEntry
from core.sealing import Vault
from identity.machine_clients import add_machine_key, register_machine_client
from identity.models import MachineClient, Person, VerifierOrganisation
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from licences.models import Licence, Verification
from tests.agency_api.test_machines import ASSERTED
from tests.fakes.devices import DeviceKey
from tests.fakes.identity import FakeProvider
from tests.licences import make

PATH = "/agency/v1/client/verifications"
Headers = dict[str, str]


@pytest.fixture
async def licence(wang: Person, vault: Vault) -> Licence:
    return await make.licence(vault, wang.id)


@pytest.fixture
async def holder(wang: Person, issuer: TokenIssuer) -> Headers:
    signed_in = await log_in("openid-wang", provider=FakeProvider(), issuer=issuer, at=now())
    return {"authorization": f"Bearer {signed_in.access_token}"}


async def gate(
    client: httpx.AsyncClient, name: str = "闸机", *, scope: str = "verifications:write"
) -> Headers:
    """A program of the bus company, let in by a key of its own."""
    organisation, _ = await VerifierOrganisation.get_or_create(
        name="临溪公共交通有限公司",
        defaults={
            "department": "330199-transport",
            "division": "330199",
            "licence_types": ["elder-card"],
            "fields_allowed": ["name", "benefit_class"],
            "purpose": "乘车优待核验",
        },
    )
    program = await register_machine_client(
        organisation_id=organisation.id,
        name=name,
        scopes=[scope],
        networks=["127.0.0.0/8"],
        daily_quota=1000,
        actor="system:test",
    )
    key = DeviceKey()
    await add_machine_key(program.id, key.jwk, actor="system:test", at=now())
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTED,
        "client_assertion": key.assertion(program.id, at=now()),
    }
    token = (await client.post("/agency/v1/token", data=form)).json()["access_token"]
    return {"authorization": f"Bearer {token}"}


async def show(
    client: httpx.AsyncClient, holder: Headers, licence: Licence, *fields: str
) -> dict[str, str]:
    path = f"/v1/licences/{licence.id}/presentations"
    reply = await client.post(path, json={"fields": list(fields)}, headers=holder)
    assert reply.status_code == 201, reply.text
    shown: dict[str, str] = reply.json()
    return shown


async def check(
    client: httpx.AsyncClient, program: Headers, code: str, request_id: str = "request-0001"
) -> httpx.Response:
    return await client.post(PATH, json={"code": code, "request_id": request_id}, headers=program)


async def test_a_gate_checks_a_code_once_and_the_holder_sees_it(
    client: httpx.AsyncClient, holder: Headers, licence: Licence
) -> None:
    """C02, C06: once, and of what was agreed to only what is registered for the company."""
    program = await gate(client)
    shown = await show(client, holder, licence, "benefit_class", "number")

    first = await check(client, program, shown["code"])
    same = await check(client, program, shown["code"])
    again = await client.get(f"{PATH}/request-0001", headers=program)
    second = await check(client, program, shown["code"], "request-0002")
    history = await client.get(f"/v1/licences/{licence.id}/verifications", headers=holder)

    assert (first.status_code, first.json()["outcome"]) == (201, "valid"), first.text
    assert [field["value"] for field in first.json()["fields"]] == ["公交免费"]
    assert make.SENSITIVE_NUMBER not in first.text
    assert first.json() == same.json() == again.json()
    assert (second.status_code, second.json()["code"]) == (409, "licences.code_already_used")
    assert [one["outcome"] for one in history.json()["items"]] == ["already_used", "valid"]
    assert history.json()["items"][1]["organisation_name"] == "临溪公共交通有限公司"
    actors = await AuditEntry.filter(action="licences.verify").values_list("actor", flat=True)
    machine = await MachineClient.get()
    assert set(actors) == {f"machine:{machine.id}"}


async def test_of_two_gates_at_once_one_is_told_valid_by_number_or_picture(
    client: httpx.AsyncClient, holder: Headers, licence: Licence
) -> None:
    """C02."""
    one, other = await gate(client, "东闸机"), await gate(client, "西闸机")
    shown = await show(client, holder, licence, "name")

    replies = await asyncio.gather(
        check(client, one, shown["code"]), check(client, other, shown["fallback_no"])
    )

    assert sorted(reply.status_code for reply in replies) == [201, 409]
    assert await Verification.filter(outcome="valid").count() == 1


async def test_another_program_of_the_same_company_does_not_read_the_answer(
    client: httpx.AsyncClient, holder: Headers, licence: Licence
) -> None:
    one, other = await gate(client, "东闸机"), await gate(client, "西闸机")
    shown = await show(client, holder, licence, "name")
    await check(client, one, shown["code"])

    reply = await client.get(f"{PATH}/request-0001", headers=other)

    assert (reply.status_code, reply.json()["code"]) == (404, "licences.verification_not_found")


async def test_a_licence_that_is_not_registered_for_the_company_is_refused_unspent(
    client: httpx.AsyncClient, holder: Headers, licence: Licence
) -> None:
    """C05."""
    program = await gate(client)
    shown = await show(client, holder, licence, "name")
    await VerifierOrganisation.all().update(licence_types=["driving"])

    refused = await check(client, program, shown["code"])
    await VerifierOrganisation.all().update(licence_types=["elder-card"])
    checked = await check(client, program, shown["code"])

    assert (refused.status_code, refused.json()["code"]) == (403, "licences.verifier_not_entitled")
    assert checked.status_code == 201


async def test_without_the_scope_or_as_somebody_else_nothing_is_checked(
    client: httpx.AsyncClient, holder: Headers, licence: Licence
) -> None:
    """C05."""
    taker = await gate(client, scope="licences:take")
    shown = await show(client, holder, licence, "name")

    replies = [await check(client, who, shown["code"]) for who in (taker, holder, {})]
    read = await client.get(f"{PATH}/request-0001", headers=taker)

    told = [(reply.status_code, reply.json()["code"]) for reply in (*replies, read)]
    assert told[0] == told[3] == (403, "web.scope_required")
    assert [status for status, _ in told[1:3]] == [401, 401]
    assert await Verification.all().count() == 0


async def test_from_elsewhere_or_beyond_the_days_calls_nothing_is_checked(
    client: httpx.AsyncClient, holder: Headers, licence: Licence
) -> None:
    program = await gate(client)
    shown = await show(client, holder, licence, "name")

    await MachineClient.all().update(networks=["10.0.0.0/8"])
    elsewhere = await check(client, program, shown["code"])
    await MachineClient.all().update(networks=["127.0.0.0/8"], daily_quota=1)
    await client.get("/agency/v1/client", headers=program)
    spent = await check(client, program, shown["code"])

    assert (elsewhere.status_code, elsewhere.json()["code"]) == (
        403,
        "identity.address_not_allowed",
    )
    assert (spent.status_code, spent.json()["code"]) == (429, "identity.quota_spent")
    assert int(spent.headers["retry-after"]) > 0
    assert await Verification.all().count() == 0


async def test_a_program_that_guesses_is_limited(client: httpx.AsyncClient, db: None) -> None:
    """C07."""
    program = await gate(client)

    replies = [await check(client, program, f"{n:016d}", f"request-{n:04d}") for n in range(125)]

    codes = [reply.status_code for reply in replies]
    assert (set(codes), codes.count(422)) == ({422, 429}, 120)


async def test_a_request_that_makes_no_sense_is_a_400(client: httpx.AsyncClient, db: None) -> None:
    """G02."""
    program = await gate(client)

    reply = await check(client, program, "A" * 64, "short")

    assert (reply.status_code, reply.json()["code"]) == (400, "web.body_invalid")
