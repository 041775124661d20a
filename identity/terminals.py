"""Devices that verifiers work at, each known by a key that never leaves it (RFC 9449). 核验终端

A device brings a code once and shows the key that it made; from then on each request of a session
begun there carries a proof signed with it, made for that request and good once. A token copied from
the device opens nothing elsewhere.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from core import audit
from core.errors import NotFound, Rejected
from identity.device_proofs import Proof, check_bound, check_proof, refused, shown_key
from identity.machine_clients import PublicKeyTaken
from identity.models import RefreshToken, Session, Terminal, TerminalSession
from identity.sessions import token_hash

CODE_LIFETIME = timedelta(hours=24)


class TerminalNotFound(NotFound):
    code = "identity.terminal_not_found"
    message = "没有找到该终端"


class TerminalCodeRefused(Rejected):
    code = "identity.terminal_code_refused"
    message = "终端启用码不正确、已使用或已过期"


async def open_terminal(
    organisation_id: UUID, name: str, *, actor: str, at: datetime
) -> tuple[Terminal, str]:
    """A place for one device, and the code that it is to bring; the code is shown once."""
    code = secrets.token_urlsafe(24)
    async with in_transaction():
        terminal = await Terminal.create(
            organisation_id=organisation_id,
            name=name,
            code_hash=token_hash(code),
            code_expires_at=at + CODE_LIFETIME,
            created_at=at,
        )
        await audit.record(actor, "terminal.open", f"terminal:{terminal.id}")
    return terminal, code


async def enrol_terminal(code: str, proof: Proof, *, at: datetime) -> Terminal:
    """The device that brings this code first, known from now on by the key of its proof."""
    key = shown_key(proof)
    await check_proof(proof, key, at=at)
    async with in_transaction():
        waiting = Terminal.filter(
            code_hash=token_hash(code), enrolled_at=None, revoked_at=None, code_expires_at__gt=at
        )
        try:
            async with in_transaction():
                taken = await waiting.update(
                    thumbprint=key.thumbprint, public_jwk=key.jwk, enrolled_at=at
                )
        except IntegrityError:
            raise PublicKeyTaken() from None
        if not taken:
            raise TerminalCodeRefused()
        terminal = await Terminal.get(thumbprint=key.thumbprint)
        subject = f"terminal:{terminal.id}"
        await audit.record(subject, "terminal.enrol", subject, key=key.thumbprint)
    return terminal


async def revoke_terminal(
    terminal_id: UUID, *, organisation_id: UUID, actor: str, at: datetime
) -> list[UUID]:
    """Trust a device no longer; says which sessions ended. Twice is once."""
    async with in_transaction():
        terminal = await Terminal.select_for_update().get_or_none(
            id=terminal_id, organisation_id=organisation_id
        )
        if terminal is None:
            raise TerminalNotFound(terminal_id=terminal_id)
        bound = await TerminalSession.filter(terminal_id=terminal_id).values_list(
            "session_id", flat=True
        )
        ids = [UUID(str(session_id)) for session_id in bound]
        living = Session.filter(id__in=ids, ended_at=None)
        await living.update(ended_at=at, ended_because="terminal_revoked")
        if await Terminal.filter(id=terminal_id, revoked_at=None).update(revoked_at=at):
            await audit.record(actor, "terminal.revoke", f"terminal:{terminal_id}")
    return ids


async def identify(proof: Proof, *, at: datetime) -> Terminal:
    """The trusted device whose key signed this, or ProofRefused."""
    key = shown_key(proof)
    terminal = await Terminal.get_or_none(
        thumbprint=key.thumbprint, revoked_at=None, organisation__disabled_at=None
    )
    if terminal is None:
        raise refused("terminal")
    await check_proof(proof, key, at=at)
    return terminal


async def check_refresh(refresh_token: str, proof: Proof | None, *, at: datetime) -> None:
    """Refuse to renew a session of a device for anybody who is not that device."""
    row = await RefreshToken.get_or_none(token_hash=token_hash(refresh_token))
    bound = (
        await TerminalSession.get_or_none(session_id=row.session_id).select_related("terminal")
        if row
        else None
    )
    if bound is not None:
        await check_bound(bound.terminal.public_jwk or {}, proof, at=at)
