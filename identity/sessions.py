"""One-tap login, and the sessions it makes. 一键登录 / 会话

A session lasts seven days at most. Its access tokens last ten minutes, and its refresh token is
replaced at every use (`identity.refreshing`).
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from msgspec import Struct
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import audit
from core.crashpoints import crashpoint
from core.errors import DomainError, NotFound
from core.ids import new_id
from identity.callers import Caller, VerifierCaller
from identity.login_devices import DeviceHint, note_login, their_sessions
from identity.models import RefreshToken, Session
from identity.proofs import claim_once, give_back
from identity.providers import CodeUsed, IdentityProvider
from identity.session_states import SessionStates, load_state
from identity.subjects import AccountDisabled as AccountDisabled
from identity.subjects import account_of
from identity.tokens import Audience, Claims, TokenIssuer

LIFETIME = timedelta(days=7)
_CODE_LIFETIME = timedelta(days=2)  # Alipay's may live for one


class SessionNotFound(NotFound):
    code = "identity.session_not_found"
    message = "没有找到该登录设备"


class SignedIn(Struct, frozen=True, kw_only=True):
    """What a device keeps: a token for each request, and one to get the next. Shown once."""

    access_token: str
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime
    session_id: UUID
    level: int
    party_id: UUID | None

    def __repr__(self) -> str:
        return f"SignedIn(session_id={self.session_id})"


async def log_in(
    code: str,
    *,
    provider: IdentityProvider,
    issuer: TokenIssuer,
    at: datetime,
    device: DeviceHint | None = None,
) -> SignedIn:
    """One tap: a provider's one-time code in, a session out. The first tap opens the account.

    A code works once, also for two at once. No phone number is needed, and none is asked for.
    """
    kind = f"login:{provider.name}:{provider.appid}"
    if not await claim_once(kind, code, at=at, forget_after=at + _CODE_LIFETIME):
        raise CodeUsed()
    try:
        subject = await provider.exchange(code, at=at)
    except DomainError:
        await give_back(kind, code)
        raise
    crashpoint("identity.after_exchange")
    async with in_transaction():
        account = await account_of(provider.name, provider.appid, subject, at=at)
        session, refresh_token = await start_session(
            Session(account_id=account.id, party_id=account.person_id), at=at
        )
        await note_login(account, session, device, at=at)
        actor = f"person:{account.person_id}" if account.person_id else f"account:{account.id}"
        await audit.record(actor, "session.start", f"session:{session.id}")
    return await signed_in(session.id, refresh_token, issuer=issuer, at=at)


async def start_session(session: Session, *, at: datetime) -> tuple[Session, str]:
    """Write a session and its first refresh token, in the caller's transaction.

    A session with a `login_id` is taken up from another and ends when that one would have.
    """
    session.id = new_id()
    if session.login_id is None:
        session.login_id, session.expires_at = session.id, at + LIFETIME
    session.created_at = at
    await session.save(force_create=True)
    return session, await add_refresh_token(session.id, at=at)


async def add_refresh_token(session_id: UUID, *, at: datetime) -> str:
    """The next link of a session's chain. The token itself is not kept."""
    token = secrets.token_urlsafe(32)
    await RefreshToken.create(session_id=session_id, token_hash=token_hash(token), issued_at=at)
    return token


async def signed_in(
    session_id: UUID, refresh_token: str, *, issuer: TokenIssuer, at: datetime
) -> SignedIn:
    """The pair for a session as it stands now."""
    state = await load_state(session_id, at=at)
    if state is None:
        raise SessionNotFound(session_id=session_id)
    audience = Audience.RESIDENT if state.verifier_id is None else Audience.VERIFIER
    claims = Claims(
        sub=state.token_subject,
        sid=session_id,
        epoch=state.epoch,
        level=state.level,
        party=state.party_id,
        scope=state.scope if state.party_id else None,
    )
    access_token, access_expires_at = issuer.issue(audience, claims, at=at)
    return SignedIn(
        access_token=access_token,
        access_expires_at=access_expires_at,
        refresh_token=refresh_token,
        refresh_expires_at=state.expires_at,
        session_id=session_id,
        level=state.level,
        party_id=state.party_id,
    )


async def log_out(caller: Caller | VerifierCaller, *, states: SessionStates, at: datetime) -> None:
    """End this device's login, with every session taken up from it. Twice is once."""
    session = await Session.get(id=caller.session_id)
    async with in_transaction():
        ended = await end_login(session.login_id, because="logout", at=at)
        await audit.record(caller.actor(), "session.end", f"session:{caller.session_id}")
    await states.forget(ended)


async def end_session(
    session_id: UUID, *, caller: Caller, states: SessionStates, at: datetime
) -> None:
    """Sign out another device of the caller, on whichever of the person's accounts it is."""
    session = await their_sessions(caller).get_or_none(id=session_id, ended_at=None)
    if session is None:
        raise SessionNotFound(session_id=session_id)
    async with in_transaction():
        ended = await end_login(session.login_id, because="logout", at=at)
        await audit.record(caller.actor(), "session.end", f"session:{session_id}")
    await states.forget(ended)


async def lock_session(session_id: UUID) -> Session:
    """A session, locked with all of its login: what begins in a login and what ends it take turns.

    In the caller's transaction.
    """
    session = await Session.get(id=session_id)
    await lock_sessions(Session.filter(login_id=session.login_id))
    await session.refresh_from_db()
    return session


async def lock_sessions(sessions: QuerySet[Session]) -> None:
    """Wait for whoever is at work on one of these. What a statement after this reads is theirs too,
    as a session that was begun meanwhile.
    """
    await sessions.order_by("id").select_for_update(no_key=True)


async def end_login(login_id: UUID, *, because: str, at: datetime) -> list[UUID]:
    """End all sessions of one login, in the caller's transaction; say which they were."""
    await lock_sessions(Session.filter(login_id=login_id))
    ids = await Session.filter(login_id=login_id, ended_at=None).values_list("id", flat=True)
    living = Session.filter(login_id=login_id, ended_at=None)
    await living.update(ended_at=at, ended_because=because)
    return [UUID(str(session_id)) for session_id in ids]


def token_hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
