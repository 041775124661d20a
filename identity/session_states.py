"""What a session may do now, as every process sees it within seconds. 会话状态

PostgreSQL is the truth. The cache holds a copy for four seconds, so that ending a session,
disabling an account or revoking a grant is refused everywhere within five. A dead cache means
reading PostgreSQL.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.clock import date_in_china
from core.prepared import Prepared
from identity.kinds import EVERY_RIGHT, EntityStatus, Right, Scope
from identity.levels import level_now
from identity.models import ActingGrant, Session

_COPY_SECONDS = 4
_ANSWER_SECONDS = 0.5
_PAUSE_SECONDS = 1.0

ReadCopy = Callable[[str], Awaitable[object]]
"""What the cache has under a name, as bytes; None when it has nothing, or does not answer."""

_SESSION = Prepared(
    lambda session_id: Session.filter(id=session_id).select_related(
        "account",
        "grant",
        "party__entity",
        "verifier__organisation",
        "verifier__account",
        "binding__terminal",
    ),
    UUID,
)


class SessionState(Struct, frozen=True, kw_only=True):
    """One session, judged by its row. `living` already weighs its holder and its grant."""

    living: bool
    epoch: int
    token_subject: UUID
    expires_at: datetime
    account_id: UUID | None = None
    provider: str = ""
    appid: str = ""
    subject: str = ""
    person_id: UUID | None = None
    party_id: UUID | None = None
    level: int = 0
    face_at: datetime | None = None
    scope: str = Scope.CONFIRMER
    rights: frozenset[str] = EVERY_RIGHT
    language: str = "zh-CN"
    elder_mode: bool = False
    verifier_id: UUID | None = None
    organisation_id: UUID | None = None
    organisation_name: str = ""
    licence_types: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    purpose: str = ""
    terminal_id: UUID | None = None
    terminal_jwk: dict[str, str] | None = None


class SessionStates:
    """Reads states through the cache. Without one, every read goes to PostgreSQL."""

    def __init__(self, cache: Redis | None) -> None:
        self._cache = cache
        self._paused_until = 0.0

    async def find(
        self, session_id: UUID, *, at: datetime, read: ReadCopy | None = None
    ) -> SessionState | None:
        """The state of a session, at most four seconds old; None when there is no such one.

        Who asks the cache for something anyhow may `read` the copy by its name on that way.
        """
        name = _name(session_id)
        copy = await (read(name) if read else self._ask(lambda cache: cache.get(name)))
        if isinstance(copy, bytes):
            with suppress(msgspec.MsgspecError):  # made by another version of us
                return msgspec.msgpack.decode(copy, type=SessionState)
        state = await load_state(session_id, at=at)
        if state is not None:
            packed = msgspec.msgpack.encode(state)
            await self._ask(lambda cache: cache.set(name, packed, ex=_COPY_SECONDS))
        return state

    async def forget(self, session_ids: Iterable[UUID]) -> None:
        """Make a change felt at once. If it cannot be, it is felt when the copies end."""
        names = [_name(session_id) for session_id in session_ids]
        if names:
            await self._ask(lambda cache: cache.delete(*names))

    async def _ask(self, command: Callable[[Redis], Awaitable[object]]) -> object:
        if self._cache is None or time.monotonic() < self._paused_until:
            return None
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await command(self._cache)
        except (RedisError, OSError, TimeoutError):
            self._paused_until = time.monotonic() + _PAUSE_SECONDS
            return None


async def load_state(session_id: UUID, *, at: datetime) -> SessionState | None:
    """The state as PostgreSQL has it."""
    session = await _SESSION.first(session_id)
    if session is None:
        return None
    return _verifier_state(session) if session.verifier_id else _resident_state(session, at)


def grant_holds(grant: ActingGrant, *, at: datetime) -> bool:
    """Whether a grant counts today. Both of its days count."""
    today = date_in_china(at)
    begun, over = grant.from_on <= today, grant.until_on is not None and grant.until_on < today
    return grant.revoked_at is None and begun and not over


def rights_of(grant: ActingGrant) -> frozenset[str]:
    """What a grant lets its agent do. Whoever may do something may look."""
    if grant.scope is Scope.PREPARER:
        return frozenset({Right.VIEW, Right.PAY})
    if grant.scope is Scope.HELPER:
        return frozenset({Right.VIEW, *(grant.rights or ())})
    return EVERY_RIGHT


def _resident_state(session: Session, at: datetime) -> SessionState:
    account, grant = session.account, session.grant
    if account is None:
        raise LookupError("a resident's session has an account")
    acting_holds = grant_holds(grant, at=at) if grant else _acts_without_grant(session)
    return SessionState(
        living=session.ended_at is None and account.disabled_at is None and acting_holds,
        epoch=account.epoch,
        token_subject=account.token_subject,
        expires_at=session.expires_at,
        account_id=account.id,
        provider=account.provider.value,
        appid=account.appid,
        subject=account.subject,
        person_id=account.person_id,
        party_id=session.party_id,
        level=level_now(account.level, account.face_at, at=at),
        face_at=account.face_at,
        scope=grant.scope.value if grant else Scope.CONFIRMER,
        rights=rights_of(grant) if grant else EVERY_RIGHT,
        language=account.language,
        elder_mode=account.elder_mode,
    )


def _acts_without_grant(session: Session) -> bool:
    """For nobody yet, for oneself, or for an active entity that one represents by law."""
    account, party = session.account, session.party
    if party is None or account is None or party.id == account.person_id:
        return True
    entity = getattr(party, "entity", None)
    if entity is None or entity.status is not EntityStatus.ACTIVE:
        return False
    represents: bool = entity.legal_representative_id == account.person_id
    return represents


def _verifier_state(session: Session) -> SessionState:
    verifier = session.verifier
    if verifier is None:
        raise LookupError("a verifier's session has a verifier")
    organisation, account = verifier.organisation, verifier.account
    terminal = binding.terminal if (binding := getattr(session, "binding", None)) else None
    holders = [held for held in (verifier, organisation, account) if held is not None]
    disabled = any(held.disabled_at is not None for held in holders)
    return SessionState(
        living=session.ended_at is None
        and not disabled
        and (terminal is None or terminal.revoked_at is None),
        epoch=verifier.epoch,
        token_subject=verifier.token_subject,
        expires_at=session.expires_at,
        verifier_id=verifier.id,
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        licence_types=frozenset(organisation.licence_types),
        fields=frozenset(organisation.fields_allowed),
        purpose=organisation.purpose,
        terminal_id=terminal.id if terminal else None,
        terminal_jwk=terminal.public_jwk if terminal else None,
    )


def _name(session_id: UUID) -> str:
    return f"identity:session:{session_id}"
