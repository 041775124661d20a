"""For whom somebody may act: themselves, wards, enterprises, whoever named them. 可代办的对象"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct, field

from core import broken_seals
from core.masking import mask_name
from core.prepared import Prepared
from core.sealing import SealBroken, Vault
from identity import persons
from identity.acting import living_grants
from identity.callers import Caller
from identity.kinds import EVERY_RIGHT, EntityStatus, GrantKind, PartyKind, Scope
from identity.models import ActingGrant, LegalEntity
from identity.session_states import grant_holds, rights_of

UNREADABLE = "***"
"""A name that does not open."""

_REPRESENTED = Prepared(
    lambda person_id: LegalEntity.filter(
        legal_representative_id=person_id, status=EntityStatus.ACTIVE
    ).order_by("id"),
    UUID,
)
_GRANTS = Prepared(lambda person_id: living_grants(person_id).order_by("id"), UUID)


class Relation(StrEnum):
    SELF = "self"  # 本人
    GUARDIAN = "guardian"  # 监护人
    REPRESENTATIVE = "representative"  # 法定代表人
    AGENT = "agent"  # 受托代办人
    HELPER = "helper"  # 长辈的帮办人


_RELATIONS = {
    GrantKind.GUARDIAN: Relation.GUARDIAN,
    GrantKind.AGENT: Relation.AGENT,
    GrantKind.HELPER: Relation.HELPER,
}


class ActingChoice(Struct, frozen=True, kw_only=True):
    """One party the caller may act for. The name of a person is masked unless it is one's own."""

    party_id: UUID
    kind: PartyKind
    name: str
    relation: Relation
    scope: Scope
    until_on: date | None = None
    rights: list[str] = field(default_factory=lambda: sorted(EVERY_RIGHT))
    grant_id: UUID | None = None


async def list_choices(caller: Caller, *, vault: Vault, at: datetime) -> list[ActingChoice]:
    """Everybody the caller may act for today, oneself first; each once, with the best scope.

    A name that cannot be opened stands as stars, and hides nobody else.
    """
    person_id = caller.required_person()
    own_name = await _name_or_stars(person_id, vault)
    choices = [_choice(person_id, PartyKind.PERSON, own_name, Relation.SELF)]
    choices += [represented_choice(entity) for entity in await _REPRESENTED.rows(person_id)]
    grants = [g for g in await _GRANTS.rows(person_id) if grant_holds(g, at=at)]
    return _once_each(choices + [await _granted_choice(grant, vault) for grant in grants])


def represented_choice(entity: LegalEntity) -> ActingChoice:
    return _choice(entity.id, PartyKind.ENTITY, entity.name, Relation.REPRESENTATIVE)


async def masked_name(party_id: UUID, *, vault: Vault) -> str:
    """What a party is called to others: an enterprise by its name, a person by a masked one."""
    entity = await LegalEntity.get_or_none(id=party_id)
    return mask_name(await _name_or_stars(party_id, vault)) if entity is None else entity.name


async def _granted_choice(grant: ActingGrant, vault: Vault) -> ActingChoice:
    entity = await LegalEntity.get_or_none(id=grant.party_id)
    if entity is not None:
        name, party_kind = entity.name, PartyKind.ENTITY
    else:
        name = mask_name(await _name_or_stars(grant.party_id, vault))
        party_kind = PartyKind.PERSON
    return ActingChoice(
        party_id=grant.party_id,
        kind=party_kind,
        name=name,
        relation=_RELATIONS[grant.kind],
        scope=grant.scope,
        until_on=grant.until_on,
        rights=sorted(rights_of(grant)),
        grant_id=grant.id,
    )


async def _name_or_stars(person_id: UUID, vault: Vault) -> str:
    try:
        return await persons.full_name(person_id, vault=vault)
    except SealBroken as broken:
        await broken_seals.report(broken)
        return UNREADABLE


def _once_each(choices: Sequence[ActingChoice]) -> list[ActingChoice]:
    """Of several ways to act for one party, the first that lets one confirm, or else the first."""
    best: dict[UUID, ActingChoice] = {}
    for choice in choices:
        known = best.setdefault(choice.party_id, choice)
        if known.scope is not Scope.CONFIRMER and choice.scope is Scope.CONFIRMER:
            best[choice.party_id] = choice
    return list(best.values())


def _choice(party_id: UUID, kind: PartyKind, name: str, relation: Relation) -> ActingChoice:
    return ActingChoice(
        party_id=party_id, kind=kind, name=name, relation=relation, scope=Scope.CONFIRMER
    )
