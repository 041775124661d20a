"""Acting for somebody: a ward, an enterprise one represents, a party that named one. 代办"""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from msgspec import Struct
from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import audit, jobs
from core.clock import CHINA
from core.errors import NotFound
from core.ids import new_id
from core.sealing import Vault
from identity.authentication import SessionEnded
from identity.callers import Caller
from identity.kinds import ConsentWay, GrantKind, Scope
from identity.models import ActingGrant, LegalEntity, Person, Session
from identity.providers import BusinessRegister
from identity.representing import NotRepresentative, represents_today
from identity.session_states import grant_holds, load_state
from identity.sessions import SignedIn, lock_session, signed_in, start_session
from identity.tokens import TokenIssuer

OF_AGE = 18


class PartyNotFound(NotFound):
    code = "identity.party_not_found"
    message = "没有找到可以代办的对象"


class Terms(Struct, frozen=True, kw_only=True):
    """What else is said of a grant: what a helper may do, and how the party agreed to it."""

    rights: list[str] | None = None
    notified: bool = True
    given_by_id: UUID | None = None
    consent: ConsentWay | None = None
    evidence: str | None = None


PLAIN = Terms()


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
    terms: Terms = PLAIN,
) -> ActingGrant:
    """Let a person act for a party. A second call while one is living changes nothing.

    A child's guardians are its guardians until it is of age, whatever was said; who guards a
    grown-up is named as that, from a day when they were grown up. 监护 / 委托
    """
    if kind is GrantKind.GUARDIAN:
        until_on = await _while_a_child(party_id, from_on, until_on)
    try:
        async with in_transaction():
            await _end_lapsed(kind, agent_id, party_id, from_on)
            grant = await ActingGrant.create(
                kind=kind,
                agent_id=agent_id,
                party_id=party_id,
                scope=scope,
                from_on=from_on,
                until_on=until_on,
                rights=terms.rights,
                notified=terms.notified,
                given_by_id=terms.given_by_id,
                consent=terms.consent,
                evidence=terms.evidence,
            )
            await audit.record(actor, "acting.grant", f"acting_grant:{grant.id}")
            if terms.consent is not None:
                await tell_of_change(grant.id, "granted")
            return grant
    except IntegrityError:
        return await ActingGrant.get(
            kind=kind, agent_id=agent_id, party_id=party_id, revoked_at=None
        )


async def replace_acting(
    *,
    kind: GrantKind,
    agent_id: UUID,
    party_id: UUID,
    scope: Scope,
    from_on: date,
    until_on: date,
    actor: str,
    at: datetime,
    terms: Terms,
) -> ActingGrant:
    """The same on new terms: what was agreed before ends, with the sessions that rest on it."""
    async with in_transaction():
        before = ActingGrant.filter(kind=kind, agent_id=agent_id, party_id=party_id)
        for grant in await before.filter(revoked_at=None).select_for_update():
            await ActingGrant.filter(id=grant.id).update(revoked_at=at)
            await audit.record(actor, "acting.revoke", f"acting_grant:{grant.id}")
        return await grant_acting(
            kind=kind,
            agent_id=agent_id,
            party_id=party_id,
            scope=scope,
            from_on=from_on,
            until_on=until_on,
            actor=actor,
            terms=terms,
        )


async def revoke_acting(grant_id: UUID, *, actor: str, at: datetime) -> None:
    """End a grant; sessions that rest on it are refused within 5 s. Twice is once."""
    async with in_transaction():
        if await ActingGrant.filter(id=grant_id, revoked_at=None).update(revoked_at=at):
            await audit.record(actor, "acting.revoke", f"acting_grant:{grant_id}")
            await tell_of_change(grant_id, "revoked")


async def tell_of_change(grant_id: UUID, what: str) -> None:
    """Have both sides told what became of a grant, in the caller's transaction."""
    await jobs.enqueue(
        "identity.acting_changed", grant_id=str(grant_id), what=what, change=str(new_id())
    )


def of_age_on(birth_date: date) -> date:
    """The day on which somebody is eighteen; born on 29 February, it is 1 March. 成年"""
    year = birth_date.year + OF_AGE
    leap_day = (birth_date.month, birth_date.day) == (2, 29)
    return date(year, 3, 1) if leap_day and year % 4 else birth_date.replace(year=year)


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
    entity = await represented.first()
    if entity is None:
        raise PartyNotFound(party_id=party_id)
    if await represents_today(entity, person_id, register=register, vault=vault, at=at):
        return None
    if grant is None:
        raise NotRepresentative(party_id=party_id)
    return grant


async def _while_a_child(party_id: UUID, from_on: date, until_on: date | None) -> date | None:
    person = await Person.get(id=party_id)
    of_age = of_age_on(person.birth_date)
    if from_on >= of_age:
        return until_on
    last = of_age - timedelta(days=1)
    return last if until_on is None else min(last, until_on)


async def _end_lapsed(kind: GrantKind, agent_id: UUID, party_id: UUID, from_on: date) -> None:
    """A grant that is over by its own end makes room for the next."""
    over = ActingGrant.filter(
        kind=kind, agent_id=agent_id, party_id=party_id, revoked_at=None, until_on__lt=from_on
    )
    await over.update(revoked_at=datetime.combine(from_on, time.min, CHINA))
