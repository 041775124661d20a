"""Links by which somebody is let act for another: once, in time, for who is meant. 邀请

An enterprise invites agents; an elder invites who helps; who would help asks the elder. The link
holds 256 random bits, and we keep their hash. To all but the person meant there is no invitation.
"""

import secrets
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit
from core.clock import date_in_china
from core.errors import Conflict, NotAllowed, NotFound, Rejected
from core.ids import new_id
from core.sealing import Place, Vault
from identity import persons
from identity.acting import Terms, of_age_on, replace_acting
from identity.callers import Caller
from identity.contacts import find_phone
from identity.kinds import ConsentWay, GrantKind, InvitationKind, Right, Scope
from identity.models import ActingGrant, Invitation, LegalEntity
from identity.persons import get_person
from identity.providers import BusinessRegister
from identity.representing import NotRepresentative, represents_today

LIFETIME = timedelta(days=7)
AGENT_DAYS, HELPER_DAYS = 3 * 365, 365
_TABLE = "identity_invitation"


class InvitationNotFound(NotFound):
    code = "identity.invitation_not_found"
    message = "邀请不存在、已失效，或不是发给您的"


class InvitationIncomplete(Rejected):
    code = "identity.invitation_incomplete"
    message = "请写明被邀请人的姓名或手机号，以及截止日期和权限"
    shown = ("missing",)


class OwnAccountRequired(NotAllowed):
    code = "identity.own_account_required"
    message = "此事须本人办理，请先切换回本人"


class GrownUpRequired(Conflict):
    code = "identity.grown_up_required"
    message = "未满十八周岁，由监护人代办"


class Offer(Struct, frozen=True, kw_only=True):
    """What the person who accepts will be able to do, or lets the inviter do."""

    kind: InvitationKind
    scope: Scope
    rights: frozenset[Right] = frozenset()
    until_on: date
    notified: bool = True


class Meant(Struct, frozen=True, kw_only=True):
    """Who is meant: by name, by phone, or by both."""

    name: str | None = None
    phone: str | None = None

    def __repr__(self) -> str:
        return "Meant(…)"


class Sent(Struct, frozen=True, kw_only=True):
    """A new invitation. The token is shown this once, and only to who invites."""

    invitation: Invitation
    token: str

    def __repr__(self) -> str:
        return f"Sent({self.invitation.id})"


async def invite(
    caller: Caller,
    offer: Offer,
    meant: Meant,
    *,
    register: BusinessRegister,
    vault: Vault,
    at: datetime,
) -> Sent:
    """Make a link. Who invites for an enterprise represents it now, by the register. 邀请代办"""
    person_id = caller.required_person()
    party_id = await _party(caller, offer.kind, register, vault, at)
    _check(offer, meant, on=date_in_china(at))
    token, invitation_id = secrets.token_urlsafe(32), new_id()
    async with in_transaction():
        invitation = await Invitation.create(
            id=invitation_id,
            kind=offer.kind,
            inviter_id=person_id,
            party_id=party_id,
            scope=offer.scope,
            rights=sorted(offer.rights) if offer.scope is Scope.HELPER else None,
            notified=offer.notified,
            until_on=offer.until_on,
            token_hash=_hash(token),
            name_sealed=_sealed_name(meant, invitation_id, vault),
            phone_index=None if meant.phone is None else _phone_index(meant.phone, vault),
            expires_at=at + LIFETIME,
            created_at=at,
        )
        await audit.record(caller.actor(), "acting.invite", f"invitation:{invitation_id}")
    return Sent(invitation=invitation, token=token)


async def open_invitation(token: str, *, caller: Caller, vault: Vault, at: datetime) -> Invitation:
    """The invitation behind a link, for who is meant by it and nobody else; nothing is accepted."""
    invitation = await Invitation.get_or_none(token_hash=_hash(token))
    if invitation is None or not await _is_meant(invitation, caller, vault):
        raise InvitationNotFound()
    if not _is_open(invitation, at) and invitation.accepted_by_id != caller.person_id:
        raise InvitationNotFound(invitation_id=invitation.id)
    return invitation


async def accept_invitation(
    token: str, *, caller: Caller, register: BusinessRegister, vault: Vault, at: datetime
) -> ActingGrant:
    """The grant that an invitation makes: once, however many open the link. 接受邀请

    Accepted again by the same person it is that grant, as it stands. An enterprise's is worth
    nothing any more when who sent it no longer represents it.
    """
    person_id = _oneself(caller)
    invitation = await open_invitation(token, caller=caller, vault=vault, at=at)
    if invitation.accepted_by_id == person_id:
        return await ActingGrant.get(id=invitation.grant_id)
    await _still_stands(invitation, register, vault, at)
    for someone in (person_id, invitation.inviter_id):
        if invitation.kind is not InvitationKind.AGENT:
            await require_grown_up(someone, at=at)
    async with in_transaction():
        open_now = Invitation.filter(
            id=invitation.id, accepted_at=None, withdrawn_at=None, expires_at__gt=at
        )
        if not await open_now.update(accepted_at=at, accepted_by_id=person_id):
            raise InvitationNotFound(invitation_id=invitation.id)
        grant = await _grant(invitation, person_id, caller, at=at)
        await Invitation.filter(id=invitation.id).update(grant_id=grant.id)
    return grant


async def list_invitations(caller: Caller) -> list[Invitation]:
    """What the caller sent in this capacity, newest first; the token of none can be had again."""
    sent = Invitation.filter(inviter_id=caller.required_person())
    ours = sent.filter(party_id=caller.party_id) if caller.acts_for_another() else sent
    return await ours.order_by("-id").limit(100)


async def withdraw_invitation(invitation_id: UUID, *, caller: Caller, at: datetime) -> None:
    """Make a link worth nothing. Twice is once; accepted it stays, and its grant is revoked."""
    ours = Invitation.filter(id=invitation_id, inviter_id=caller.required_person())
    if not await ours.exists():
        raise InvitationNotFound(invitation_id=invitation_id)
    async with in_transaction():
        if await ours.filter(accepted_at=None, withdrawn_at=None).update(withdrawn_at=at):
            subject = f"invitation:{invitation_id}"
            await audit.record(caller.actor(), "acting.withdraw", subject)


async def require_grown_up(person_id: UUID, *, at: datetime) -> None:
    """Children neither help nor are helped by consent: their guardians act for them."""
    person = await get_person(person_id)
    if date_in_china(at) < of_age_on(person.birth_date):
        raise GrownUpRequired(person_id=person_id)


async def _party(
    caller: Caller, kind: InvitationKind, register: BusinessRegister, vault: Vault, at: datetime
) -> UUID | None:
    if kind is not InvitationKind.AGENT:
        person_id = _oneself(caller)
        return person_id if kind is InvitationKind.HELPER else None
    entity = await LegalEntity.get_or_none(id=caller.party_id)
    if entity is None or not await represents_today(
        entity, caller.required_person(), register=register, vault=vault, at=at
    ):
        raise NotRepresentative(party_id=caller.party_id)
    return entity.id


def _oneself(caller: Caller) -> UUID:
    person_id = caller.required_person()
    if caller.acts_for_another():
        raise OwnAccountRequired(account_id=caller.account_id)
    return person_id


def _check(offer: Offer, meant: Meant, *, on: date) -> None:
    helps = offer.kind is not InvitationKind.AGENT
    longest = on + timedelta(days=HELPER_DAYS if helps else AGENT_DAYS)
    if not meant.name and not meant.phone:
        raise InvitationIncomplete(missing="name")
    if not on <= offer.until_on <= longest:
        raise InvitationIncomplete(missing="until_on")
    if helps != (offer.scope is Scope.HELPER) or helps != bool(offer.rights):
        raise InvitationIncomplete(missing="rights")


async def _is_meant(invitation: Invitation, caller: Caller, vault: Vault) -> bool:
    """Whether the caller is proved to be who the invitation is for. Nobody invites themselves."""
    person_id = caller.required_person()
    if person_id == invitation.inviter_id:
        return False
    if invitation.name_sealed is not None:
        meant = vault.open(_place(invitation.id), invitation.name_sealed)
        if persons.plain_name(await persons.full_name(person_id, vault=vault)) != meant:
            return False
    if invitation.phone_index is None:
        return True
    phone = await find_phone(caller.account_id, vault=vault)
    return phone is not None and _phone_index(phone, vault) == invitation.phone_index


def _is_open(invitation: Invitation, at: datetime) -> bool:
    ended = invitation.accepted_at is not None or invitation.withdrawn_at is not None
    in_time = at < invitation.expires_at and date_in_china(at) <= invitation.until_on
    return not ended and in_time


async def _still_stands(
    invitation: Invitation, register: BusinessRegister, vault: Vault, at: datetime
) -> None:
    if invitation.kind is not InvitationKind.AGENT:
        return
    entity = await LegalEntity.get(id=invitation.party_id)
    inviter_id = invitation.inviter_id
    if not await represents_today(entity, inviter_id, register=register, vault=vault, at=at):
        raise InvitationNotFound(invitation_id=invitation.id)


async def _grant(
    invitation: Invitation, person_id: UUID, caller: Caller, *, at: datetime
) -> ActingGrant:
    asked = invitation.kind is InvitationKind.CARE
    party_id = person_id if asked else invitation.party_id
    if party_id is None:
        raise LookupError("an invitation to act names the party")
    helps = invitation.scope is Scope.HELPER
    return await replace_acting(
        kind=GrantKind.HELPER if helps else GrantKind.AGENT,
        agent_id=invitation.inviter_id if asked else person_id,
        party_id=party_id,
        scope=invitation.scope,
        from_on=date_in_china(at),
        until_on=invitation.until_on,
        actor=caller.actor(),
        at=at,
        terms=Terms(
            rights=invitation.rights,
            notified=invitation.notified,
            given_by_id=party_id if helps else invitation.inviter_id,
            consent=ConsentWay.OWN_PHONE,
            evidence=f"invitation:{invitation.id}",
        ),
    )


def _sealed_name(meant: Meant, invitation_id: UUID, vault: Vault) -> bytes | None:
    if not meant.name:
        return None
    return vault.seal(_place(invitation_id), persons.plain_name(meant.name))


def _phone_index(phone: str, vault: Vault) -> UUID:
    return UUID(bytes=vault.blind_index(f"{_TABLE}.phone", phone))


def _place(invitation_id: UUID) -> Place:
    return Place(_TABLE, "name_sealed", invitation_id)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
