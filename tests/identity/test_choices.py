from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from core.sealing import Vault
from identity.acting import grant_acting
from identity.callers import Caller, RealNameRequired
from identity.choices import ActingChoice, Relation, list_choices
from identity.entities import register_entity
from identity.kinds import GrantKind, Scope
from identity.models import ActingGrant, LegalEntity, Person
from identity.persons import register_person
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import FakeProvider, caller_of, real_name_account
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")

WANG, CHEN, USCC = "330100195103089023", "330100197609219066", "91110000600037341L"
TODAY = date(2026, 11, 22)


@pytest.fixture
async def caller(db: None, issuer: TokenIssuer, vault: Vault) -> Caller:
    await real_name_account(name="王桂兰", id_number=WANG, vault=vault)
    signed_in = await log_in("openid-wang", provider=FakeProvider(), issuer=issuer, at=AT)
    return await caller_of(signed_in, at=AT)


@pytest.fixture
async def child(db: None, vault: Vault) -> Person:
    return await register_person(name="陈丽", id_number=CHEN, vault=vault)


@pytest.fixture
async def entity(db: None, vault: Vault) -> LegalEntity:
    return await register_entity(
        uscc=USCC, name="某公司", division="330199", legal_representative_id=None, vault=vault
    )


async def grant(caller: Caller, party_id: UUID, **fields: Any) -> ActingGrant:
    defaults: dict[str, Any] = {
        "kind": GrantKind.AGENT,
        "scope": Scope.CONFIRMER,
        "from_on": TODAY,
        "until_on": TODAY,
    }
    assert caller.person_id is not None
    return await grant_acting(
        agent_id=caller.person_id, party_id=party_id, actor="system:test", **defaults | fields
    )


async def test_oneself_what_one_represents_and_what_one_was_granted_today(
    caller: Caller, child: Person, entity: LegalEntity, vault: Vault
) -> None:
    await LegalEntity.all().update(legal_representative_id=caller.person_id)
    await grant(caller, child.id, kind=GrantKind.GUARDIAN, until_on=date(2030, 1, 1))
    await grant(caller, entity.id, from_on=TODAY + timedelta(days=1), until_on=None)

    choices = await list_choices(caller, vault=vault, at=AT)

    def told(choice: ActingChoice) -> tuple[UUID, str, Relation]:
        return choice.party_id, choice.name, choice.relation

    assert [told(choice) for choice in choices] == [
        (caller.person_id, "王桂兰", Relation.SELF),
        (entity.id, "某公司", Relation.REPRESENTATIVE),
        (child.id, "陈*", Relation.GUARDIAN),
    ]


async def test_a_party_stands_once_with_the_best_scope(
    caller: Caller, child: Person, entity: LegalEntity, vault: Vault
) -> None:
    agent, guardian = GrantKind.AGENT, GrantKind.GUARDIAN
    await grant(caller, child.id, kind=agent, scope=Scope.PREPARER)
    await grant(caller, child.id, kind=guardian)
    await LegalEntity.all().update(legal_representative_id=caller.person_id)
    await grant(caller, entity.id, scope=Scope.PREPARER)

    _, represented, ward = await list_choices(caller, vault=vault, at=AT)

    assert (represented.relation, represented.scope) == (
        Relation.REPRESENTATIVE,
        Scope.CONFIRMER,
    )
    assert (ward.party_id, ward.relation, ward.scope) == (
        child.id,
        Relation.GUARDIAN,
        Scope.CONFIRMER,
    )


async def test_a_name_that_does_not_open_hides_nobody_else(
    caller: Caller, child: Person, entity: LegalEntity, vault: Vault
) -> None:
    """G10: a ciphertext moved to another row does not open; a person is asked, once."""
    await grant(caller, child.id, kind=GrantKind.GUARDIAN)
    await grant(caller, entity.id)
    whole = await Person.get(id=caller.person_id)
    await Person.filter(id=child.id).update(name_sealed=whole.name_sealed)

    for _ in range(2):
        choices = await list_choices(caller, vault=vault, at=AT)

    assert [choice.name for choice in choices] == ["王桂兰", "***", "某公司"]
    [asked] = await jobs_asked("core.seal_broken")
    assert (asked["table"], asked["row_id"]) == ("identity_person", str(child.id))


async def test_nobody_without_a_real_name(issuer: TokenIssuer, vault: Vault) -> None:
    signed_in = await log_in("openid-x", provider=FakeProvider(), issuer=issuer, at=AT)

    with pytest.raises(RealNameRequired):
        await list_choices(await caller_of(signed_in, at=AT), vault=vault, at=AT)
