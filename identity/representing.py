"""Who represents an enterprise: whom the business register names today, and nobody else. 法定代表人

Our row says who showed that last. When the register names somebody else, the row changes with it
and their sessions end within 5 s; what they gave to others is questioned, their open invitations
are withdrawn, and a person is asked to look. Whoever begins to act, invites or is invited has the
register asked then; sessions under way, every ten minutes.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

from tortoise.expressions import F, Q, Subquery
from tortoise.transactions import in_transaction

from core import audit, jobs
from core.errors import NotAllowed
from core.sealing import Vault
from identity import persons
from identity.callers import Caller
from identity.entities import EntityNotFound, read_uscc, register_entity
from identity.kinds import EntityStatus
from identity.models import ActingGrant, Invitation, LegalEntity, Session
from identity.providers import BusinessRegister, RegisteredEntity

ASKED_EVERY = timedelta(minutes=10)
_AT_ONCE = 50
_ACTOR = "system:identity.representing"


class NotRepresentative(NotAllowed):
    code = "identity.not_representative"
    message = "登记系统中您不是该单位的法定代表人，或该单位已停业"


async def represent(
    caller: Caller, uscc: str, *, register: BusinessRegister, vault: Vault, at: datetime
) -> LegalEntity:
    """The enterprise with this code, when the register names the caller; whoever was known before
    is not, from then on. NotRepresentative otherwise. 认领单位
    """
    person_id, code = caller.required_person(), read_uscc(uscc)
    registered = await register.find_entity(code)
    if registered is None:
        raise EntityNotFound(uscc=code)
    if not await _names(registered, person_id, vault):
        raise NotRepresentative(uscc=code)
    entity = await register_entity(
        uscc=code,
        name=registered.name,
        division=registered.division,
        legal_representative_id=person_id,
        status=registered.status,
        vault=vault,
    )
    await _write_down(entity.id, registered.status, person_id, at=at)
    return await LegalEntity.get(id=entity.id)


async def represents_today(
    entity: LegalEntity, person_id: UUID, *, register: BusinessRegister, vault: Vault, at: datetime
) -> bool:
    """Whether a person represents an active entity, by our row and by the register now.

    What the register says otherwise is written down.
    """
    if entity.legal_representative_id != person_id:
        return False
    registered = await register.find_entity(entity.uscc)
    if registered is None:
        return False
    named = await _names_itself(registered, person_id, vault)
    await _write_down(entity.id, registered.status, person_id if named else None, at=at)
    return named and registered.status is EntityStatus.ACTIVE


async def ask_again(*, register: BusinessRegister, vault: Vault, at: datetime) -> int:
    """Ask the register about entities that somebody acts for as their representative now.

    A job of the timetable; says how many were asked about.
    """
    living = Session.filter(ended_at=None, grant_id=None, expires_at__gt=at)
    taken_up = living.filter(~Q(login_id=F("id")), party_id__isnull=False)
    due = LegalEntity.filter(
        Q(register_asked_at=None) | Q(register_asked_at__lt=at - ASKED_EVERY),
        legal_representative_id__isnull=False,
        id__in=Subquery(taken_up.values("party_id")),
    )
    entities = await due.order_by("register_asked_at", "id").limit(_AT_ONCE)
    for entity in entities:
        person_id = entity.legal_representative_id
        if person_id is not None:
            await represents_today(entity, person_id, register=register, vault=vault, at=at)
    return len(entities)


async def _names(registered: RegisteredEntity, person_id: UUID, vault: Vault) -> bool:
    active = registered.status is EntityStatus.ACTIVE
    return active and await _names_itself(registered, person_id, vault)


async def _names_itself(registered: RegisteredEntity, person_id: UUID, vault: Vault) -> bool:
    number = await persons.id_number(person_id, vault=vault)
    digest = sha256(number.encode()).hexdigest()
    return compare_digest(registered.representative_id_sha256.encode(), digest.encode())


async def _write_down(
    entity_id: UUID, status: EntityStatus, person_id: UUID | None, *, at: datetime
) -> None:
    """What the register says. Another representative questions what the last one gave."""
    async with in_transaction():
        entity = await LegalEntity.select_for_update().get(id=entity_id)
        former = entity.legal_representative_id
        entity.legal_representative_id, entity.status = person_id, status
        entity.register_asked_at = at
        columns = ["legal_representative_id", "status", "register_asked_at"]
        await entity.save(update_fields=columns)
        if former is None or former == person_id:
            return
        given = ActingGrant.filter(party_id=entity_id, given_by_id=former, revoked_at=None)
        questioned = await given.filter(questioned_at=None).update(questioned_at=at)
        sent = Invitation.filter(party_id=entity_id, inviter_id=former, accepted_at=None)
        withdrawn = await sent.filter(withdrawn_at=None).update(withdrawn_at=at)
        await audit.record(_ACTOR, "entity.representative", f"entity:{entity_id}")
        await jobs.enqueue(
            "identity.representative_changed",
            entity_id=str(entity_id),
            former_id=str(former),
            questioned=questioned,
            withdrawn=withdrawn,
        )
