from datetime import date
from uuid import UUID

import msgspec
import pytest
from stdnum.cn import ric

from core.sealing import Vault
from identity.acting import grant_acting, revoke_acting
from identity.callers import ActingRightRequired, Caller
from identity.entities import register_entity
from identity.kinds import EntityStatus, GrantKind, Scope
from identity.models import ActingGrant, LegalEntity, Person
from identity.persons import register_person
from licences.holders import Relation, readable_holders
from tests.conftest import AT
from tests.licences import make

pytestmark = pytest.mark.usefixtures("db")


async def born_on(vault: Vault, day: str, name: str = "林乐乐") -> Person:
    body = f"330199{day}001"
    number = body + ric.calc_check_digit(body + "0")
    return await register_person(name=name, id_number=number, vault=vault, division="330199")


async def guard(agent: Caller, ward: Person, **days: date | None) -> ActingGrant:
    held = {"from_on": date(2020, 1, 1), "until_on": None} | days
    return await grant_acting(
        kind=GrantKind.GUARDIAN,
        agent_id=agent.required_person(),
        party_id=ward.id,
        scope=Scope.CONFIRMER,
        from_on=held["from_on"] or AT.date(),
        until_on=held["until_on"],
        actor="system:test",
    )


async def related(caller: Caller) -> dict[UUID, Relation]:
    holders = await readable_holders(caller, at=AT)
    return {holder.party_id: holder.relation for holder in holders}


async def test_oneself_comes_first_and_a_child_is_among_them(vault: Vault) -> None:
    mother, child = await make.caller(vault), await born_on(vault, "20200101")
    await guard(mother, child)

    holders = await readable_holders(mother, at=AT)

    assert [(holder.party_id, holder.relation) for holder in holders] == [
        (mother.person_id, Relation.SELF),
        (child.id, Relation.CHILD),
    ]


async def test_a_child_that_came_of_age_is_not_looked_at_any_more(vault: Vault) -> None:
    mother = await make.caller(vault)
    minor = await born_on(vault, "20081123")  # eighteen tomorrow
    of_age = await born_on(vault, "20081122", "林大乐")  # eighteen today
    for child in (minor, of_age):
        await guard(mother, child, from_on=child.birth_date)

    assert await related(mother) == {mother.person_id: Relation.SELF, minor.id: Relation.CHILD}


async def test_a_grant_that_was_taken_back_or_is_over_opens_nothing(vault: Vault) -> None:
    mother = await make.caller(vault)
    revoked = await guard(mother, await born_on(vault, "20200101"))
    await revoke_acting(revoked.id, actor="system:test", at=AT)
    over = await born_on(vault, "20200202", "林小乐")
    await guard(mother, over, until_on=date(2026, 11, 21))

    assert list(await related(mother)) == [mother.person_id]


async def test_an_elder_who_agreed_to_be_looked_after_is_looked_at(vault: Vault) -> None:
    helper = await make.caller(vault)
    elder, payer_only = await make.person(vault), await make.person(vault)
    for party, rights in ((elder, ["view"]), (payer_only, ["pay"])):
        await ActingGrant.create(
            kind=GrantKind.HELPER,
            agent_id=helper.person_id,
            party_id=party.id,
            scope=Scope.HELPER,
            rights=rights,
            from_on=date(2026, 1, 1),
            until_on=date(2026, 12, 31),
        )

    assert await related(helper) == {helper.person_id: Relation.SELF, elder.id: Relation.ELDER}


async def test_an_enterprise_is_looked_at_by_who_represents_it_while_it_lives(
    vault: Vault,
) -> None:
    head = await make.caller(vault)
    entity = await register_entity(
        uscc="91330199MA2LX801XY",
        name="临溪精密机械有限公司",
        division="330199",
        legal_representative_id=head.person_id,
        vault=vault,
    )

    seen = (await readable_holders(head, at=AT))[-1]
    await LegalEntity.filter(id=entity.id).update(status=EntityStatus.CLOSED)

    assert (seen.party_id, seen.relation, seen.name) == (
        entity.id,
        Relation.ENTERPRISE,
        "临溪精密机械有限公司",
    )
    assert entity.id not in await related(head)


async def test_in_a_session_that_acts_for_somebody_only_that_party_is_seen(vault: Vault) -> None:
    mother, child = await make.caller(vault), await born_on(vault, "20200101")
    await guard(mother, child)
    acting = msgspec.structs.replace(mother, party_id=child.id)

    assert list(await related(acting)) == [child.id]


async def test_a_helper_who_may_only_pay_sees_no_licence_in_the_elders_name_either(
    vault: Vault,
) -> None:
    helper, elder = await make.caller(vault), await make.person(vault)
    acting = msgspec.structs.replace(
        helper, party_id=elder.id, scope=Scope.HELPER, rights=frozenset({"pay"})
    )

    with pytest.raises(ActingRightRequired):
        await readable_holders(acting, at=AT)
