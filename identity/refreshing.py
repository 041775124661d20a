"""Refresh tokens that are replaced at every use (RFC 9700 §4.14.2). 刷新令牌

The one just replaced is good for 30 seconds more and gives the same successor, because answers get
lost on phones. Used later than that, somebody else has it: the login ends and its owner is told.
"""

from datetime import datetime, timedelta
from secrets import token_bytes
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from tortoise.transactions import in_transaction

from core import audit, jobs
from core.crashpoints import crashpoint
from core.errors import NotSignedIn
from identity.login_devices import note_seen
from identity.models import RefreshToken, Session
from identity.session_states import SessionStates, load_state
from identity.sessions import (
    SignedIn,
    add_refresh_token,
    end_login,
    lock_session,
    signed_in,
    token_hash,
)
from identity.tokens import Audience, TokenIssuer

GRACE = timedelta(seconds=30)
_TOKEN_LENGTH = 43
_NONCE_SIZE = 12


class RefreshRefused(NotSignedIn):
    code = "identity.refresh_refused"
    message = "登录已过期，请重新登录"


class RefreshReused(NotSignedIn):
    code = "identity.refresh_reused"
    message = "为保护您的账号，已退出登录，请重新登录"


async def refresh(
    token: str,
    audience: Audience,
    *,
    issuer: TokenIssuer,
    states: SessionStates,
    at: datetime,
) -> SignedIn:
    """A new pair for a refresh token. Many at once with one token get the same successor."""
    known = len(token) == _TOKEN_LENGTH and token.isascii()
    row = await RefreshToken.get_or_none(token_hash=token_hash(token)) if known else None
    if row is None:
        raise RefreshRefused()
    ended: list[UUID] = []
    successor: str | None = None
    async with in_transaction():
        session = await lock_session(row.session_id)
        await _refuse_unless_living(session, audience, at)
        await row.refresh_from_db()
        if row.used_at is None:
            successor = await _replace(row, token, at=at)
            await note_seen(session.login_id, at=at)
        elif at - row.used_at <= GRACE and row.successor_sealed is not None:
            successor = _open(token, row.successor_sealed, row.session_id)
        else:
            ended = await _end_stolen(session, at=at)
    await states.forget(ended)
    if successor is None:
        raise RefreshReused(session_id=session.id)
    crashpoint("identity.after_refresh")
    return await signed_in(session.id, successor, issuer=issuer, at=at)


async def forget_successors(*, at: datetime) -> int:
    """Drop the sealed successors whose thirty seconds are over."""
    old = RefreshToken.filter(used_at__lt=at - GRACE, successor_sealed__isnull=False)
    return await old.update(successor_sealed=None)


async def _refuse_unless_living(session: Session, audience: Audience, at: datetime) -> None:
    wanted = Audience.RESIDENT if session.verifier_id is None else Audience.VERIFIER
    state = await load_state(session.id, at=at)
    if state is None or not state.living or at >= session.expires_at or audience is not wanted:
        raise RefreshRefused(session_id=session.id)


async def _replace(row: RefreshToken, token: str, *, at: datetime) -> str:
    """Used first, then the next one: a session has one living token at any time."""
    row.used_at = at
    await row.save(update_fields=["used_at"])
    successor = await add_refresh_token(row.session_id, at=at)
    row.successor_sealed = _seal(token, successor, row.session_id)
    await row.save(update_fields=["successor_sealed"])
    return successor


async def _end_stolen(session: Session, *, at: datetime) -> list[UUID]:
    ended = await end_login(session.login_id, because="reused", at=at)
    await audit.record("system:identity.refresh", "session.reused", f"session:{session.id}")
    if session.account_id is not None:
        await jobs.enqueue(
            "identity.token_reused",
            dedupe_key=f"identity.token_reused:{session.login_id}",
            account_id=str(session.account_id),
            login_id=str(session.login_id),
        )
    return ended


def _seal(token: str, successor: str, session_id: UUID) -> bytes:
    nonce = token_bytes(_NONCE_SIZE)
    return nonce + _cipher(token).encrypt(nonce, successor.encode(), session_id.bytes)


def _open(token: str, sealed: bytes, session_id: UUID) -> str:
    nonce, rest = bytes(sealed[:_NONCE_SIZE]), bytes(sealed[_NONCE_SIZE:])
    return _cipher(token).decrypt(nonce, rest, session_id.bytes).decode()


def _cipher(token: str) -> AESGCM:
    """Only who has the previous token can open its successor; we keep neither."""
    key = HKDF(SHA256(), 32, salt=None, info=b"identity refresh successor").derive(token.encode())
    return AESGCM(key)
