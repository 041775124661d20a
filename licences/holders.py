"""Whose licences somebody may look at without taking up another session. 可查看的持证人

Oneself; children and wards by guardianship; elders who agreed to be looked after; enterprises that
one represents or that named one. To look is all this opens: showing, using and unmasking a licence
of somebody else's need a session that acts for them.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from core.clock import date_in_china
from identity.acting import living_grants
from identity.callers import Caller
from identity.kinds import EntityStatus, GrantKind, PartyKind, Right
from identity.models import ActingGrant, LegalEntity, Person
from identity.session_states import grant_holds

OF_AGE = 18


class Relation(StrEnum):
    """What a holder is to who looks."""

    SELF = "self"  # 本人
    CHILD = "child"  # 未成年子女
    WARD = "ward"  # 被监护的成年人
    ELDER = "elder"  # 同意帮办的长辈
    ENTERPRISE = "enterprise"  # 单位
    OTHER = "other"  # 委托本人代办的人


class Holder(Struct, frozen=True, kw_only=True):
    """A party whose licences may be looked at. The name of an enterprise is public, and here."""

    party_id: UUID
    kind: PartyKind
    relation: Relation
    name: str | None = None


async def readable_holders(caller: Caller, *, at: datetime) -> list[Holder]:
    """Whose licences the caller may look at now, its own first; in an acting session, that party's.

    Judged anew each time: a grant that ended, or a child that came of age, is not among them.
    """
    party_id = caller.required_right(Right.VIEW)
    if party_id != caller.person_id:
        return [await _acted_for(party_id)]
    grants = [
        grant
        for grant in await living_grants(party_id)
        if grant_holds(grant, at=at) and _may_look(grant)
    ]
    own = Holder(party_id=party_id, kind=PartyKind.PERSON, relation=Relation.SELF)
    persons = await _persons(grants, on=date_in_china(at))
    return [own, *persons, *await _enterprises(party_id, grants)]


async def find_readable(party_id: UUID, caller: Caller, *, at: datetime) -> Holder | None:
    """This party, when the caller may look at its licences now."""
    holders = await readable_holders(caller, at=at)
    return next((holder for holder in holders if holder.party_id == party_id), None)


def _may_look(grant: ActingGrant) -> bool:
    return grant.rights is None or Right.VIEW in grant.rights


async def _acted_for(party_id: UUID) -> Holder:
    entity = await LegalEntity.get_or_none(id=party_id)
    if entity is not None:
        return _enterprise(entity)
    return Holder(party_id=party_id, kind=PartyKind.PERSON, relation=Relation.OTHER)


async def _persons(grants: list[ActingGrant], *, on: date) -> list[Holder]:
    """In the order of their age, the youngest first."""
    by_party = {grant.party_id: grant for grant in grants}
    found = await Person.filter(id__in=list(by_party)).order_by("-birth_date") if by_party else []
    related = ((person, _relation(by_party[person.id], person, on)) for person in found)
    return [
        Holder(party_id=person.id, kind=PartyKind.PERSON, relation=relation)
        for person, relation in related
        if relation is not None
    ]


def _relation(grant: ActingGrant, person: Person, on: date) -> Relation | None:
    """None for a child's guardian once the child is of age: that guardianship is over by law."""
    if grant.kind is GrantKind.HELPER:
        return Relation.ELDER
    if grant.kind is GrantKind.AGENT:
        return Relation.OTHER
    of_age_on = _birthday(person.birth_date, OF_AGE)
    if on < of_age_on:
        return Relation.CHILD
    return Relation.WARD if grant.from_on >= of_age_on or grant.until_on is None else None


def _birthday(born: date, age: int) -> date:
    """The day one is so old; who is born on 29 February is, in other years, on 1 March."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


async def _enterprises(person_id: UUID, grants: list[ActingGrant]) -> list[Holder]:
    named = [grant.party_id for grant in grants if grant.kind is GrantKind.AGENT]
    represented = LegalEntity.filter(
        legal_representative_id=person_id, status=EntityStatus.ACTIVE
    ).order_by("name")
    others = await LegalEntity.filter(id__in=named).order_by("name") if named else []
    entities = {entity.id: entity for entity in [*await represented, *others]}
    return [_enterprise(entity) for entity in entities.values()]


def _enterprise(entity: LegalEntity) -> Holder:
    return Holder(
        party_id=entity.id,
        kind=PartyKind.ENTITY,
        relation=Relation.ENTERPRISE,
        name=entity.name,
    )
