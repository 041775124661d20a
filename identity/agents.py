"""Who may act for whom, as both sides see it; changed and ended by those who may. 代办关系"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit
from core.clock import date_in_china
from core.errors import NotFound
from core.sealing import Vault
from identity.acting import revoke_acting, tell_of_change
from identity.callers import Caller
from identity.choices import masked_name
from identity.invitations import AGENT_DAYS, HELPER_DAYS, InvitationIncomplete
from identity.kinds import ConsentWay, GrantKind, Right, Scope
from identity.models import ActingGrant, LegalEntity
from identity.session_states import grant_holds, rights_of


class GrantNotFound(NotFound):
    code = "identity.grant_not_found"
    message = "没有找到该代办关系"


class Side(StrEnum):
    AGENT = "agent"  # 我替别人办
    PARTY = "party"  # 别人替我（或我的单位）办


class ActingRelation(Struct, frozen=True, kw_only=True):
    """One grant that holds, with the name of the other side: masked when it is a person's.

    `questioned` says that who gave it no longer represents the party: keep it or end it.
    """

    id: UUID
    side: Side
    party_id: UUID
    kind: GrantKind
    name: str
    scope: Scope
    rights: list[str]
    notified: bool
    consent: ConsentWay | None
    from_on: date
    until_on: date | None
    questioned: bool


class Change(Struct, frozen=True, kw_only=True):
    """New terms of a grant. Those of a helper are `rights`, of an agent `scope`."""

    scope: Scope
    rights: frozenset[Right] = frozenset()
    until_on: date
    notified: bool = True


async def list_relations(caller: Caller, *, vault: Vault, at: datetime) -> list[ActingRelation]:
    """What the caller's party gave, and, when the caller acts for nobody else, what it holds."""
    person_id = caller.required_person()
    given = ActingGrant.filter(party_id=caller.required_party(), revoked_at=None)
    relations = [
        await _relation(grant, Side.PARTY, vault)
        for grant in await given.order_by("id")
        if grant_holds(grant, at=at)
    ]
    if caller.acts_for_another():
        return relations
    held = ActingGrant.filter(agent_id=person_id, revoked_at=None)
    return relations + [
        await _relation(grant, Side.AGENT, vault)
        for grant in await held.order_by("id")
        if grant_holds(grant, at=at)
    ]


async def change_relation(
    grant_id: UUID, change: Change, *, caller: Caller, at: datetime
) -> ActingGrant:
    """New terms, felt within 5 s, by who gives the grant: an elder, or who represents by law.

    Whoever keeps what a former representative gave answers for it from then on.
    """
    today = date_in_china(at)
    async with in_transaction():
        grant = await _locked(grant_id, caller)
        helps = grant.kind is GrantKind.HELPER
        _check(change, helps=helps, today=today)
        grant.scope = change.scope
        grant.rights = sorted(change.rights) if helps else None
        grant.from_on, grant.until_on, grant.notified = today, change.until_on, change.notified
        grant.given_by_id, grant.questioned_at = caller.required_person(), None
        await grant.save(
            update_fields=[
                "scope",
                "rights",
                "from_on",
                "until_on",
                "notified",
                "given_by_id",
                "questioned_at",
            ]
        )
        await audit.record(caller.actor(), "acting.change", f"acting_grant:{grant.id}")
        await tell_of_change(grant.id, "changed")
    return grant


async def end_relation(grant_id: UUID, *, caller: Caller, at: datetime) -> None:
    """End a grant, from either side. What the law gave, guardianship, is not for them to end."""
    grant = await ActingGrant.exclude(kind=GrantKind.GUARDIAN).get_or_none(id=grant_id)
    if grant is None:
        raise GrantNotFound(grant_id=grant_id)
    mine = grant.agent_id == caller.required_person()
    if not mine and not await _gives(grant, caller):
        raise GrantNotFound(grant_id=grant_id)
    await revoke_acting(grant_id, actor=caller.actor(), at=at)


async def end_all_helpers(party_id: UUID, *, actor: str, at: datetime) -> int:
    """An elder takes back every consent at once; how many there were."""
    helpers = ActingGrant.filter(party_id=party_id, kind=GrantKind.HELPER, revoked_at=None)
    ids = [grant.id for grant in await helpers]
    for grant_id in ids:
        await revoke_acting(grant_id, actor=actor, at=at)
    return len(ids)


async def show_relation(grant: ActingGrant, side: Side, *, vault: Vault) -> ActingRelation:
    return await _relation(grant, side, vault)


async def _locked(grant_id: UUID, caller: Caller) -> ActingGrant:
    ours = ActingGrant.filter(id=grant_id, revoked_at=None).exclude(kind=GrantKind.GUARDIAN)
    grant = await ours.select_for_update().first()
    if grant is None or not await _gives(grant, caller):
        raise GrantNotFound(grant_id=grant_id)
    return grant


async def _gives(grant: ActingGrant, caller: Caller) -> bool:
    """Whether the caller is the party, or represents it by law; an agent does not make agents."""
    if grant.party_id != caller.required_party():
        return False
    if grant.party_id == caller.person_id:
        return True
    return await LegalEntity.filter(
        id=grant.party_id, legal_representative_id=caller.person_id
    ).exists()


def _check(change: Change, *, helps: bool, today: date) -> None:
    last = today + timedelta(days=HELPER_DAYS if helps else AGENT_DAYS)
    if not today <= change.until_on <= last:
        raise InvitationIncomplete(missing="until_on")
    if helps != (change.scope is Scope.HELPER) or helps != bool(change.rights):
        raise InvitationIncomplete(missing="rights")


async def _relation(grant: ActingGrant, side: Side, vault: Vault) -> ActingRelation:
    other = grant.agent_id if side is Side.PARTY else grant.party_id
    return ActingRelation(
        id=grant.id,
        side=side,
        party_id=grant.party_id,
        kind=grant.kind,
        name=await masked_name(other, vault=vault),
        scope=grant.scope,
        rights=sorted(rights_of(grant)),
        notified=grant.notified,
        consent=grant.consent,
        from_on=grant.from_on,
        until_on=grant.until_on,
        questioned=grant.questioned_at is not None,
    )
