"""Two persons say under which law licences are taken unasked; one ends it. 用证依据"""

import httpx
import pytest
from litestar import Litestar

from core.models import AuditEntry
from core.sealing import Vault
from identity.kinds import Role
from identity.models import VerifierOrganisation
from licences import uses
from licences.models import LegalBasis
from tests.conftest import AT
from tests.licences import make
from tests.operator_api.test_policies import operator
from tests.operator_api.test_staff import decided
from tests.proactive.make import facts_catalogue

BASIS = {
    "licence_type": "elder-card",
    "fields": ["name", "number"],
    "citation": "《浙江省老年人权益保障条例》第二十条",
}


@pytest.fixture
async def admin(app: Litestar, vault: Vault, db: None) -> httpx.AsyncClient:
    await facts_catalogue()
    await make.elder_card_type()
    return await operator(app, vault, Role.SECURITY_ADMIN)


@pytest.fixture
async def second(admin: httpx.AsyncClient, app: Litestar, vault: Vault) -> httpx.AsyncClient:
    return await operator(app, vault, Role.SECURITY_ADMIN)


@pytest.fixture
async def organisation(db: None) -> VerifierOrganisation:
    return await hall()


async def hall(division: str = "330199") -> VerifierOrganisation:
    return await VerifierOrganisation.create(
        name=f"临溪市政务服务中心{division}",
        department="330199-data",
        division=division,
        licence_types=["elder-card"],
        fields_allowed=["name", "number"],
        purpose="窗口办事",
    )


def path_of(organisation: VerifierOrganisation) -> str:
    return f"/operator/v1/verifier-organisations/{organisation.id}/legal-bases"


async def test_a_basis_counts_once_a_second_person_agreed_and_until_it_is_ended(
    admin: httpx.AsyncClient, second: httpx.AsyncClient, organisation: VerifierOrganisation
) -> None:
    path = path_of(organisation)
    asked = await admin.post(path, json=BASIS)
    own = await admin.post(f"/operator/v1/staff-changes/{asked.json()['change_id']}/approval")
    before = (await admin.get(path)).json()["items"]

    basis_id = (await decided(asked, second))["result"]

    assert (own.status_code, own.json()["code"], before) == (409, "identity.same_person_twice", [])
    [row] = (await admin.get(path)).json()["items"]
    assert (row["id"], row["fields_allowed"], row["citation"], row["ended_at"]) == (
        basis_id,
        BASIS["fields"],
        BASIS["citation"],
        None,
    )
    ended = [await admin.post(f"{path}/{basis_id}/ending") for _ in range(2)]
    assert [reply.status_code for reply in ended] == [204, 204]
    assert (await LegalBasis.get()).ended_at is not None
    said = await AuditEntry.filter(subject=f"legal_basis:{basis_id}").order_by("id")
    assert [entry.action for entry in said] == ["licences.register_basis", "licences.end_basis"]
    assert said[0].actor != said[1].actor
    assert all(entry.actor.startswith("operator:") for entry in said)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"licence_type": "driving"}, 404, "licences.type_not_found"),
        ({"fields": ["name", "colour"]}, 422, "licences.unknown_field"),
        ({"fields": ["benefit_class"]}, 403, "licences.beyond_purpose"),
        ({"fields": []}, 400, "web.body_invalid"),
        ({"citation": ""}, 400, "web.body_invalid"),
    ],
)
async def test_what_the_organisation_may_not_have_is_not_even_asked_for(
    admin: httpx.AsyncClient,
    organisation: VerifierOrganisation,
    changes: dict[str, object],
    status: int,
    code: str,
) -> None:
    reply = await admin.post(path_of(organisation), json=BASIS | changes)

    assert (reply.status_code, reply.json()["code"]) == (status, code)


async def test_what_was_taken_from_the_organisation_meanwhile_is_not_approved(
    admin: httpx.AsyncClient, second: httpx.AsyncClient, organisation: VerifierOrganisation
) -> None:
    asked = await admin.post(path_of(organisation), json=BASIS)
    path = f"/operator/v1/staff-changes/{asked.json()['change_id']}/approval"

    await VerifierOrganisation.all().update(fields_allowed=["name"])
    narrowed = await second.post(path)
    await VerifierOrganisation.all().update(fields_allowed=["name", "number"], disabled_at=AT)
    ended = await second.post(path)

    assert (narrowed.status_code, narrowed.json()["code"]) == (403, "licences.beyond_purpose")
    assert (ended.status_code, ended.json()["code"]) == (404, "identity.organisation_not_found")
    assert await LegalBasis.all().count() == 0


async def test_the_same_law_is_registered_once(
    admin: httpx.AsyncClient, second: httpx.AsyncClient, organisation: VerifierOrganisation
) -> None:
    first, other = [await admin.post(path_of(organisation), json=BASIS) for _ in range(2)]
    await decided(first, second)

    path = f"/operator/v1/staff-changes/{other.json()['change_id']}/approval"
    late = await second.post(path)
    again = await admin.post(path_of(organisation), json=BASIS)

    for reply in (late, again):
        assert (reply.status_code, reply.json()["code"]) == (409, "licences.basis_taken")


async def test_another_divisions_organisation_or_anothers_basis_is_not_found(
    admin: httpx.AsyncClient, organisation: VerifierOrganisation
) -> None:
    """F03"""
    elsewhere = await hall("330299")
    basis = await uses.register_basis(
        organisation_id=elsewhere.id,
        licence_type="elder-card",
        fields=["name"],
        citation="《政务服务电子证照管理办法》第十二条",
        actor="system:test",
        at=AT,
    )

    asked = await admin.post(path_of(elsewhere), json=BASIS)
    listed = await admin.get(path_of(elsewhere))
    ended = await admin.post(f"{path_of(organisation)}/{basis.id}/ending")

    assert [reply.status_code for reply in (asked, listed, ended)] == [404, 404, 404]
    assert ended.json()["code"] == "licences.basis_not_found"
    assert (await LegalBasis.get()).ended_at is None


async def test_whoever_has_another_duty_registers_none(
    admin: httpx.AsyncClient, app: Litestar, vault: Vault, organisation: VerifierOrganisation
) -> None:
    editor = await operator(app, vault, Role.EDITOR)

    replies = [
        await editor.post(path_of(organisation), json=BASIS),
        await editor.get(path_of(organisation)),
    ]

    assert [reply.json()["code"] for reply in replies] == ["web.role_required"] * 2
