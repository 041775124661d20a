"""Who can come into a policy's reach: the parties of its kind in its division. 范围"""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from uuid import UUID

from identity.kinds import EntityStatus, GrantKind, PartyKind
from identity.models import ActingGrant, LegalEntity, Party, Person
from proactive.rules.spans import day_of_age

BATCH = 500
ADULT_YEARS = 18


async def population(entity: str, division: str, *, on: date) -> AsyncIterator[list[UUID]]:
    """The parties of one kind in a division, in batches and in the order of their ids.

    Households, hires and vehicles have no register here yet: nobody is in reach.
    """
    last = UUID(int=0)
    while batch := await _after(last, entity, division, on):
        yield batch
        last = batch[-1]


async def find_deceased(party_ids: Sequence[UUID]) -> set[UUID]:
    """Those of them whom the base register knows to have died."""
    return {person.id for person in await Person.filter(id__in=party_ids, alive=False)}


async def recipients(beneficiary_id: UUID, entity: str, *, on: date) -> list[UUID]:
    """Who is told of a benefit and may be paid it: oneself, or a child's guardians."""
    if entity != "child":
        return [beneficiary_id]
    grants = await ActingGrant.filter(
        party_id=beneficiary_id, kind=GrantKind.GUARDIAN, revoked_at=None, from_on__lte=on
    ).order_by("id")
    living = [grant for grant in grants if grant.until_on is None or on <= grant.until_on]
    return [grant.agent_id for grant in living]


async def is_person(party_id: UUID) -> bool:
    return await Party.filter(id=party_id, kind=PartyKind.PERSON).exists()


async def _after(last: UUID, entity: str, division: str, on: date) -> list[UUID]:
    match entity:
        case "person":
            found = Person.filter(id__gt=last, division__startswith=division)
        case "child":
            found = Person.filter(id__gt=last, division__startswith=division).exclude(
                birth_date__lte=_adult_since(on)
            )
        case "enterprise":
            entities = LegalEntity.filter(
                id__gt=last, division__startswith=division, status=EntityStatus.ACTIVE
            )
            return [row.id for row in await entities.order_by("id").limit(BATCH)]
        case _:
            return []
    return [person.id for person in await found.order_by("id").limit(BATCH)]


def _adult_since(on: date) -> date:
    """Born on this day or before: of age today."""
    return day_of_age(on, -ADULT_YEARS)
