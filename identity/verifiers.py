"""Verifiers: the organisations that check licences, and their logins. 核验方 / 核验员"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from tortoise.expressions import F
from tortoise.transactions import in_transaction

from core import audit
from core.errors import NotAllowed, NotFound, NotSignedIn
from core.ids import new_id
from identity.models import Session, Terminal, TerminalSession, Verifier, VerifierOrganisation
from identity.passwords import hash_password, password_fits
from identity.sessions import SignedIn, signed_in, start_session
from identity.tokens import TokenIssuer


class VerifierSignInFailed(NotSignedIn):
    code = "identity.verifier_sign_in_failed"
    message = "用户名或口令不正确"


class VerifierNotFound(NotFound):
    code = "identity.verifier_not_found"
    message = "没有找到该核验员"


class TerminalRequired(NotAllowed):
    code = "identity.terminal_required"
    message = "本机构只能在已启用的核验终端上登录"


async def register_organisation(
    *,
    name: str,
    department: str,
    division: str,
    licence_types: Iterable[str],
    fields: Iterable[str],
    purpose: str,
    actor: str,
    terminals_only: bool = False,
) -> VerifierOrganisation:
    """The organisation of this name, made if unknown; a second call changes nothing."""
    async with in_transaction():
        organisation, fresh = await VerifierOrganisation.get_or_create(
            name=name,
            defaults={
                "department": department,
                "division": division,
                "licence_types": sorted(licence_types),
                "fields_allowed": sorted(fields),
                "purpose": purpose,
                "terminals_only": terminals_only,
            },
        )
        if fresh:
            subject = f"verifier_organisation:{organisation.id}"
            await audit.record(actor, "verifier_organisation.register", subject)
    return organisation


async def register_verifier(
    *, organisation_id: UUID, login_name: str, password: str, actor: str
) -> Verifier:
    """The verifier with this login, made if unknown; a second call changes nothing."""
    found = await Verifier.get_or_none(login_name=login_name)
    if found is not None:
        return found
    hashed = await hash_password(password)
    async with in_transaction():
        verifier, fresh = await Verifier.get_or_create(
            login_name=login_name,
            defaults={
                "id": new_id(),
                "organisation_id": organisation_id,
                "password_hash": hashed,
            },
        )
        if fresh:
            await audit.record(actor, "verifier.register", f"verifier:{verifier.id}")
    return verifier


async def sign_in_verifier(
    login_name: str,
    password: str,
    *,
    terminal: Terminal | None = None,
    issuer: TokenIssuer,
    at: datetime,
) -> SignedIn:
    """A verifier's session. Every refusal looks and takes the same.

    Begun at a terminal of its organisation, it is worth something there alone.
    """
    verifier = await Verifier.get_or_none(
        login_name=login_name, disabled_at=None, organisation__disabled_at=None
    ).select_related("organisation")
    fits = await password_fits(password, verifier.password_hash if verifier else None)
    if verifier is None or not fits:
        raise VerifierSignInFailed()
    if terminal is not None and terminal.organisation_id != verifier.organisation_id:
        raise VerifierSignInFailed()
    if terminal is None and verifier.organisation.terminals_only:
        raise TerminalRequired(verifier_id=verifier.id)
    async with in_transaction():
        session, refresh_token = await start_session(Session(verifier_id=verifier.id), at=at)
        if terminal is not None:
            await TerminalSession.create(session_id=session.id, terminal_id=terminal.id)
        await audit.record(f"verifier:{verifier.id}", "session.start", f"session:{session.id}")
    return await signed_in(session.id, refresh_token, issuer=issuer, at=at)


async def disable_verifier(verifier_id: UUID, *, actor: str, at: datetime) -> None:
    """Shut a verifier out everywhere within 5 s."""
    async with in_transaction():
        living = Verifier.filter(id=verifier_id, disabled_at=None)
        if await living.update(disabled_at=at, epoch=F("epoch") + 1):
            sessions = Session.filter(verifier_id=verifier_id, ended_at=None)
            await sessions.update(ended_at=at, ended_because="disabled")
            await audit.record(actor, "verifier.disable", f"verifier:{verifier_id}")


async def end_organisation(organisation_id: UUID, *, actor: str, at: datetime) -> None:
    """Let an organisation verify nothing any more, within 5 s. Twice is once."""
    living = VerifierOrganisation.filter(id=organisation_id, disabled_at=None)
    async with in_transaction():
        if await living.update(disabled_at=at):
            subject = f"verifier_organisation:{organisation_id}"
            await audit.record(actor, "verifier_organisation.end", subject)
