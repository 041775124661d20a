"""Logging in by the unified identity service, and what that proves. 统一身份认证登录

The client holds a ticket; state, nonce and the PKCE verifier are made from it, so nothing is kept
here until it comes back with a code. Whoever catches the code on its way, or slips in another one,
has no ticket that it fits. Name and number are asked for once, and count when the population
register says so too.
"""

import hmac
import secrets
import struct
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit
from core.errors import DomainError, NotFound, NotSignedIn
from core.sealing import Vault
from core.signing import BadSignature, Signer
from identity.callers import Caller
from identity.kinds import Level
from identity.levels import FACE_LASTS
from identity.login_devices import note_login
from identity.models import Account, Session
from identity.proofs import claim_once, give_back
from identity.providers import CodeUsed, PopulationRegister, Subject
from identity.providers.unified import UnifiedIdentity, UnifiedLogin
from identity.real_names import verify_real_name
from identity.session_states import SessionStates, load_state
from identity.sessions import SignedIn, end_login, signed_in, start_session
from identity.subjects import account_of
from identity.tokens import TokenIssuer

LIFETIME = timedelta(minutes=15)
_REMEMBERED = timedelta(days=1)
_KIND = "unified"


class UnifiedNotOffered(NotFound):
    code = "identity.unified_not_offered"
    message = "这里没有开通统一身份认证登录"


class UnifiedTicketRefused(NotSignedIn):
    code = "identity.unified_ticket_refused"
    message = "本次登录已过期，请重新开始"


class UnifiedStart(Struct, frozen=True, kw_only=True):
    """Where to send the person; the ticket stays with the client and goes nowhere else."""

    authorization_url: str
    ticket: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "UnifiedStart(…)"


class UnifiedDoor(Struct, frozen=True):
    """The service that this deployment is registered with, if any, and who signs tickets."""

    provider: UnifiedIdentity | None
    signer: Signer

    def open(self) -> UnifiedIdentity:
        if self.provider is None:
            raise UnifiedNotOffered()
        return self.provider


class Means(Struct, frozen=True, kw_only=True):
    """What finishing a login takes beside the login itself."""

    door: UnifiedDoor
    issuer: TokenIssuer
    register: PopulationRegister
    vault: Vault
    states: SessionStates
    department: str


def begin_unified_login(door: UnifiedDoor, *, at: datetime) -> UnifiedStart:
    """Begin a login. Nothing is written."""
    provider, expires_at = door.open(), at + LIFETIME
    ticket = door.signer.sign(
        struct.pack(">Q", int(expires_at.timestamp())) + secrets.token_bytes(32)
    )
    return UnifiedStart(
        authorization_url=provider.authorization_url(
            state=_made("state", ticket),
            nonce=_made("nonce", ticket),
            verifier=_made("verifier", ticket),
        ),
        ticket=ticket,
        expires_at=expires_at,
    )


async def finish_unified_login(
    ticket: str, *, code: str, state: str, means: Means, at: datetime
) -> SignedIn:
    """A session for who came back with this code, at the level that is proved by now.

    A ticket is good once. What cannot be proved ends the login: there is no half of one.
    """
    provider = means.door.open()
    _check_ticket(ticket, state, means.door.signer, at)
    if not await claim_once(_KIND, ticket, at=at, forget_after=at + _REMEMBERED):
        raise CodeUsed()
    try:
        login = await provider.exchange(
            code, nonce=_made("nonce", ticket), verifier=_made("verifier", ticket), at=at
        )
    except DomainError:
        await give_back(_KIND, ticket)
        raise
    session, refresh_token = await _open(login, provider, at=at)
    try:
        await _prove(login, session, means, at=at)
    except DomainError:
        async with in_transaction():
            await end_login(session.login_id, because="not_proved", at=at)
        raise
    return await signed_in(session.id, refresh_token, issuer=means.issuer, at=at)


async def _open(
    login: UnifiedLogin, provider: UnifiedIdentity, *, at: datetime
) -> tuple[Session, str]:
    async with in_transaction():
        account = await account_of(provider.name, provider.appid, Subject(login.subject), at=at)
        session, refresh_token = await start_session(
            Session(account_id=account.id, party_id=account.person_id), at=at
        )
        await note_login(account, session, None, at=at)
        actor = f"person:{account.person_id}" if account.person_id else f"account:{account.id}"
        await audit.record(actor, "session.start", f"session:{session.id}")
    return session, refresh_token


async def _prove(login: UnifiedLogin, session: Session, means: Means, *, at: datetime) -> None:
    """What the service vouches for, as far as it is news to us."""
    if login.level < Level.REAL_NAME:
        return
    caller = await _caller(session, at=at)
    if caller.person_id is None:
        told = await means.door.open().read_person(login, at=at)
        await verify_real_name(
            caller,
            name=told.name,
            id_number=told.id_number,
            register=means.register,
            vault=means.vault,
            states=means.states,
            department=means.department,
            at=at,
        )
    if login.level is Level.FACE:
        await _take_face(caller, login, at=at)


async def _take_face(caller: Caller, login: UnifiedLogin, *, at: datetime) -> None:
    """A face that was shown at the service counts from then, as one that was shown to us."""
    if at - login.proved_at >= FACE_LASTS:
        return
    async with in_transaction():
        account = await Account.select_for_update().get(id=caller.account_id)
        if (
            account.level < Level.REAL_NAME
            or (account.face_at or login.proved_at) > login.proved_at
        ):
            return
        account.level, account.face_at = int(Level.FACE), login.proved_at
        await account.save(update_fields=["level", "face_at"])
        await audit.record(
            f"person:{account.person_id}", "account.face", f"account:{account.id}", purpose=_KIND
        )


async def _caller(session: Session, *, at: datetime) -> Caller:
    state = await load_state(session.id, at=at)
    if state is None or state.account_id is None:
        raise LookupError("a session that was just begun has a state")
    return Caller(
        account_id=state.account_id,
        session_id=session.id,
        provider=state.provider,
        appid=state.appid,
        subject=state.subject,
        person_id=state.person_id,
        party_id=state.party_id,
        level=state.level,
        face_at=state.face_at,
    )


def _check_ticket(ticket: str, state: str, signer: Signer, at: datetime) -> None:
    try:
        (ends,) = struct.unpack(">Q", signer.unsign(ticket)[:8])
    except (BadSignature, struct.error):
        raise UnifiedTicketRefused(reason="not ours") from None
    if at.timestamp() >= ends:
        raise UnifiedTicketRefused(reason="too late")
    if not hmac.compare_digest(state.encode(), _made("state", ticket).encode()):
        raise UnifiedTicketRefused(reason="another login's")


def _made(what: str, ticket: str) -> str:
    """Something only the holder of the ticket could make, and that tells nothing of the rest."""
    digest = sha256(f"unified {what}|{ticket}".encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
