"""How a person becomes a verifier with an account of their own, and signs in with it. 核验员邀请

No password is made: who logs in with WeChat, Alipay or a phone and proved the real name takes up an
invitation once, and from then on verifies under that account.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.transactions import in_transaction

from core import audit
from core.errors import NotFound, Rejected
from core.ids import new_id
from identity.callers import Caller
from identity.models import Session, Verifier, VerifierInvitation
from identity.sessions import SignedIn, signed_in, start_session, token_hash
from identity.tokens import TokenIssuer
from identity.verifiers import TerminalRequired

LIFETIME = timedelta(days=7)


class InvitationRefused(Rejected):
    code = "identity.invitation_refused"
    message = "邀请不正确、已使用或已过期"


class NotAVerifier(NotFound):
    code = "identity.not_a_verifier"
    message = "您不是该机构的核验员"


async def invite_verifier(organisation_id: UUID, *, actor: str, at: datetime) -> str:
    """A code for one person, shown once; it opens nothing but joining."""
    code = secrets.token_urlsafe(24)
    async with in_transaction():
        invitation = await VerifierInvitation.create(
            organisation_id=organisation_id,
            code_hash=token_hash(code),
            created_at=at,
            expires_at=at + LIFETIME,
        )
        subject = f"verifier_organisation:{organisation_id}"
        await audit.record(
            actor, "verifier_organisation.invite", subject, invitation=str(invitation.id)
        )
    return code


async def take_up(code: str, *, caller: Caller, at: datetime) -> Verifier:
    """Join. The first to bring a code has it; who belongs there already is told the same."""
    person_id = caller.required_person()
    async with in_transaction():
        open_ones = VerifierInvitation.filter(
            code_hash=token_hash(code), used_at=None, expires_at__gt=at
        )
        invitation = await open_ones.select_for_update().first().prefetch_related("organisation")
        if invitation is None or invitation.organisation.disabled_at is not None:
            raise InvitationRefused()
        await VerifierInvitation.filter(id=invitation.id).update(used_at=at)
        verifier, fresh = await Verifier.get_or_create(
            organisation_id=invitation.organisation_id,
            account_id=caller.account_id,
            defaults={"id": new_id()},
        )
        if verifier.disabled_at is not None:
            raise InvitationRefused(verifier_id=verifier.id)
        if fresh:
            await audit.record(f"person:{person_id}", "verifier.join", f"verifier:{verifier.id}")
    await verifier.fetch_related("organisation")
    return verifier


async def list_own(caller: Caller, *, after: UUID | None, limit: int) -> list[Verifier]:
    """For which organisations an account verifies, newest first."""
    living = Verifier.filter(
        account_id=caller.account_id, disabled_at=None, organisation__disabled_at=None
    )
    older = living if after is None else living.filter(id__lt=after)
    return await older.select_related("organisation").order_by("-id").limit(limit)


async def sign_in_with_account(
    verifier_id: UUID, *, caller: Caller, issuer: TokenIssuer, at: datetime
) -> SignedIn:
    """A verifier's session for who is logged in with the account that joined."""
    person_id = caller.required_person()
    verifier = await Verifier.get_or_none(
        id=verifier_id,
        account_id=caller.account_id,
        disabled_at=None,
        organisation__disabled_at=None,
    ).select_related("organisation")
    if verifier is None:
        raise NotAVerifier(verifier_id=verifier_id)
    if verifier.organisation.terminals_only:
        raise TerminalRequired(verifier_id=verifier_id)
    async with in_transaction():
        session, refresh_token = await start_session(Session(verifier_id=verifier.id), at=at)
        await audit.record(f"person:{person_id}", "session.start", f"session:{session.id}")
    return await signed_in(session.id, refresh_token, issuer=issuer, at=at)
