"""用证 through the front door: a holder agrees, an agency's system takes, the holder sees it."""

from datetime import timedelta

import httpx
import pytest

from core.clock import date_in_china, now
from core.sealing import Vault
from identity.machine_clients import add_machine_key, register_machine_client
from identity.models import MachineClient, Person
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from identity.verifiers import register_organisation
from licences.models import Licence
from tests.agency_api.test_machines import ASSERTED
from tests.fakes.devices import DeviceKey
from tests.fakes.identity import FakeProvider
from tests.licences import make

KEY = DeviceKey()


@pytest.fixture
async def licence(wang: Person, vault: Vault) -> Licence:
    return await make.licence(vault, wang.id, number="LX-LNZ-1951")


@pytest.fixture
async def program(licence: Licence) -> MachineClient:
    organisation = await register_organisation(
        name="临溪市政务服务中心",
        department="330199-data",
        division="330199",
        licence_types=["elder-card"],
        fields=["name", "number"],
        purpose="窗口办事",
        actor="system:test",
    )
    client = await register_machine_client(
        organisation_id=organisation.id,
        name="综窗系统",
        scopes=["licences:take"],
        networks=["127.0.0.0/8"],
        daily_quota=100,
        actor="system:test",
    )
    await add_machine_key(client.id, KEY.jwk, actor="system:test", at=now())
    return client


async def bearer(client: httpx.AsyncClient, program: MachineClient) -> dict[str, str]:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTED,
        "client_assertion": KEY.assertion(program.id, at=now()),
    }
    token = (await client.post("/agency/v1/token", data=form)).json()["access_token"]
    return {"authorization": f"Bearer {token}"}


async def test_a_licence_is_taken_under_a_consent_until_it_is_taken_back(
    client: httpx.AsyncClient, licence: Licence, program: MachineClient, issuer: TokenIssuer
) -> None:
    signed_in = await log_in("openid-wang", provider=FakeProvider(), issuer=issuer, at=now())
    wang = {"authorization": f"Bearer {signed_in.access_token}"}
    machine = await bearer(client, program)
    takers = await client.get(f"/v1/use-consents/takers/{licence.id}", headers=wang)
    [taker] = takers.json()["items"]
    wanted = {
        "licence_id": str(licence.id),
        "organisation_id": taker["organisation_id"],
        "fields": ["name", "number"],
        "until": (date_in_china(now()) + timedelta(days=30)).isoformat(),
    }
    given = (await client.post("/v1/use-consents", json=wanted, headers=wang)).json()
    use = {
        "authority": {"by": "consent", "consent_id": given["id"]},
        "request_id": "lx-case-0001",
        "reference_no": "LX-2026-004512",
        "licence_type": "elder-card",
        "fields": ["number"],
    }

    taken = await client.post("/agency/v1/licence-uses", json=use, headers=machine)
    listed = (await client.get("/v1/use-consents", headers=wang)).json()
    revoked = await client.delete(f"/v1/use-consents/{given['id']}", headers=wang)
    after = await client.post(
        "/agency/v1/licence-uses", json=use | {"request_id": "lx-case-0002"}, headers=machine
    )
    history = await client.get(f"/v1/licences/{licence.id}/verifications", headers=wang)
    as_resident = await client.post("/agency/v1/licence-uses", json=use, headers=wang)

    assert taken.status_code == 201, taken.text
    assert [field["value"] for field in taken.json()["fields"]] == ["LX-LNZ-1951"]
    assert [one["living"] for one in listed["items"]] == [True]
    assert (revoked.status_code, revoked.json()["living"]) == (200, False)
    assert (after.status_code, after.json()["code"]) == (404, "licences.consent_not_found")
    [past] = history.json()["items"]
    assert (past["way"], past["reference_no"]) == ("used", "LX-2026-004512")
    assert as_resident.status_code == 401


async def test_an_authority_of_no_known_kind_is_a_400(
    client: httpx.AsyncClient, program: MachineClient
) -> None:
    """G02"""
    machine = await bearer(client, program)
    use = {
        "authority": {"by": "favour"},
        "request_id": "lx-case-0001",
        "reference_no": "1",
        "licence_type": "elder-card",
        "fields": ["number"],
    }

    reply = await client.post("/agency/v1/licence-uses", json=use, headers=machine)

    assert (reply.status_code, reply.json()["code"]) == (400, "web.body_invalid")
