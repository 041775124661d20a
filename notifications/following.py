"""Who else is told what a party is told: those who may act for it, if that was agreed. 代办人同收

They are asked about twice, when it is told and when it is sent: whoever may no longer act for the
party is not sent what was told before.
"""

from datetime import datetime
from uuid import UUID

from core.prepared import Prepared
from identity.kinds import EntityStatus
from identity.models import ActingGrant, LegalEntity
from identity.session_states import grant_holds

_GRANTS = Prepared(
    lambda party_id: ActingGrant.filter(party_id=party_id, revoked_at=None).order_by("id"), UUID
)
_ENTITY = Prepared(lambda party_id: LegalEntity.filter(id=party_id), UUID)


async def followers(party_id: UUID, *, at: datetime) -> list[UUID]:
    """Guardians, helpers and agents by a grant that holds, and who represents an enterprise."""
    told = [
        grant.agent_id
        for grant in await _GRANTS.rows(party_id)
        if grant.notified and grant_holds(grant, at=at)
    ]
    entity = await _ENTITY.first(party_id)
    if entity is not None and entity.status is EntityStatus.ACTIVE:
        told.append(entity.legal_representative_id or party_id)
    return [person_id for person_id in dict.fromkeys(told) if person_id != party_id]


async def still_follows(person_id: UUID, party_id: UUID, *, at: datetime) -> bool:
    """Whether this person may be sent what the party was told, now."""
    return person_id in await followers(party_id, at=at)
