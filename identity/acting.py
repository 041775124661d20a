"""Acting for somebody: a ward, an enterprise one represents, a party that named one. 代办"""

from datetime import date, datetime
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import audit
from core.errors import NotAllowed, NotFound
from core.sealing import Vault
from identity import persons
from identity.authentication import SessionEnded
from identity.callers import Caller
from identity.kinds import EntityStatus, GrantKind, Scope
from identity.models import ActingGrant, LegalEntity, Session
from identity.providers import BusinessRegister
from identity.session_states import grant_holds, load_state
from identity.sessions import SignedIn, lock_session, signed_in, start_session
from identity.tokens import TokenIssuer


class PartyNotFound(NotFound):
    code = "identity.party_not_found"
    message = "没有找到可以代办的对象"


class NotRepresentative(NotAllowed):
    code = "identity.not_representative"
    message = "登记系统中您不是该单位的法定代表人，或该单位已停业"


async def act_for(
    caller: Caller,
    party_id: UUID,
    *,
    register: BusinessRegister,
    vault: Vault,
    issuer: TokenIssuer,
    at: datetime,
) -> SignedIn:
    """A session in which the caller acts for `party_id`; the one it was asked in goes on.

    It ends with the login it comes from, and when what it rests on ends; none begins in a login
    that was ended meanwhile. A party that one may not act for is not found.
    """
    person_id = caller.required_person()
    grant = None
    if party_id != person_id:
        grant = await _right_to_act(person_id, party_id, register, vault, at)
    async with in_transaction():
        current = await lock_session(caller.session_id)
        state = await load_state(current.id, at=at)
        if state is None or not state.living:
            raise SessionEnded(session_id=current.id)
        session, refresh_token = await start_session(
            Session(
                login_id=current.login_id,
                account_id=caller.account_id,
                party_id=party_id,
                grant_id=grant.id if grant else None,
                expires_at=current.expires_at,
            ),
            at=at,
        )
        actor = f"person:{person_id} for party:{party_id}"
        await audit.record(actor, "session.act_for", f"session:{session.id}")
    return await signed_in(session.id, refresh_token, issuer=issuer, at=at)


async def grant_acting(
    *,
    kind: GrantKind,
    agent_id: UUID,
    party_id: UUID,
    scope: Scope,
    from_on: date,
    until_on: date | None,
    actor: str,
) -> ActingGrant:
    """Let a person act for a party. A second call while one is living changes nothing."""
    try:
        async with in_transaction():
            grant = await ActingGrant.create(
                kind=kind,
                agent_id=agent_id,
                party_id=party_id,
                scope=scope,
                from_on=from_on,
                until_on=until_on,
            )
            await audit.record(actor, "acting.grant", f"acting_grant:{grant.id}")
            return grant
    except IntegrityError:
        return await ActingGrant.get(
            kind=kind, agent_id=agent_id, party_id=party_id, revoked_at=None
        )


async def revoke_acting(grant_id: UUID, *, actor: str, at: datetime) -> None:
    """End a grant; sessions that rest on it are refused within 5 s. Twice is once."""
    async with in_transaction():
        if await ActingGrant.filter(id=grant_id, revoked_at=None).update(revoked_at=at):
            await audit.record(actor, "acting.revoke", f"acting_grant:{grant_id}")


def living_grants(person_id: UUID) -> QuerySet[ActingGrant]:
    """What a person was granted and nobody took back; whether it holds today is not asked."""
    return ActingGrant.filter(agent_id=person_id, revoked_at=None)


async def _find_grant(person_id: UUID, party_id: UUID, *, at: datetime) -> ActingGrant | None:
    """The strongest grant that holds today: one that may confirm before one that may not."""
    grants = [
        grant
        for grant in await living_grants(person_id).filter(party_id=party_id)
        if grant_holds(grant, at=at)
    ]
    return min(grants, key=lambda grant: grant.scope is not Scope.CONFIRMER, default=None)


async def _right_to_act(
    person_id: UUID, party_id: UUID, register: BusinessRegister, vault: Vault, at: datetime
) -> ActingGrant | None:
    """The grant to act on; None for who represents the party by law, or the refusal.

    An agent who only prepares may have become the one who represents it.
    """
    grant = await _find_grant(person_id, party_id, at=at)
    represented = LegalEntity.filter(id=party_id, legal_representative_id=person_id)
    if grant is not None and (grant.scope is Scope.CONFIRMER or not await represented.exists()):
        return grant
    try:
        await _check_representative(person_id, party_id, register, vault)
    except NotRepresentative:
        if grant is None:
            raise
        return grant
    return None


async def _check_representative(
    person_id: UUID, party_id: UUID, register: BusinessRegister, vault: Vault
) -> None:
    """Our row says who asks with good reason, the register says who represents today."""
    entity = await LegalEntity.get_or_none(id=party_id, legal_representative_id=person_id)
    if entity is None:
        raise PartyNotFound(party_id=party_id)
    registered = await register.find_entity(entity.uscc)
    number = await persons.id_number(person_id, vault=vault)
    digest = sha256(number.encode()).hexdigest()
    if (
        registered is None
        or registered.status is not EntityStatus.ACTIVE
        or not compare_digest(registered.representative_id_sha256.encode(), digest.encode())
    ):
        raise NotRepresentative(party_id=party_id)
