"""Operators sign in with password and one-time code; a cookie then stands for them. 工作会话

A session acts for its operator, or on behalf of a colleague who lent roles (`delegations`). What is
worth most needs a code given in the last minutes: `step_up`.
"""

import secrets
from datetime import datetime, timedelta

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit
from core.errors import NotSignedIn, Rejected
from core.sealing import Vault
from identity.callers import OperatorCaller
from identity.delegations import delegation_holds
from identity.models import Operator, OperatorSession
from identity.operator_codes import use_code
from identity.passwords import password_fits
from identity.sessions import token_hash

IDLE = timedelta(minutes=30)
LIFETIME = timedelta(hours=12)
_SEEN_EVERY = timedelta(minutes=1)


class OperatorSignInFailed(NotSignedIn):
    code = "identity.operator_sign_in_failed"
    message = "用户名、口令或动态码不正确"


class OperatorSessionEnded(NotSignedIn):
    code = "identity.operator_session_ended"
    message = "登录已失效，请重新登录"


class OperatorCodeRefused(Rejected):
    code = "identity.operator_code_refused"
    message = "动态码不正确或已使用过"


class OperatorSignedIn(Struct, frozen=True, kw_only=True):
    """The cookie's value, shown once, and who it stands for."""

    token: str
    expires_at: datetime
    operator: Operator

    def __repr__(self) -> str:
        return f"OperatorSignedIn(operator={self.operator.id})"


async def sign_in_operator(
    login_name: str, password: str, totp_code: str, *, vault: Vault, at: datetime
) -> OperatorSignedIn:
    """A session for who knows the password and holds the authenticator. A code works once.

    Every refusal looks and takes the same, whichever part was wrong.
    """
    operator = await Operator.get_or_none(login_name=login_name, disabled_at=None)
    fits = await password_fits(password, operator.password_hash if operator else None)
    if operator is None or not fits or not await use_code(operator, totp_code, vault=vault, at=at):
        raise OperatorSignInFailed()
    return await start_operator_session(operator, proved_at=at, at=at)


async def start_operator_session(
    operator: Operator, *, proved_at: datetime | None, at: datetime
) -> OperatorSignedIn:
    """A session under a token of its own, whatever the browser had before."""
    token = secrets.token_urlsafe(32)
    async with in_transaction():
        session = await OperatorSession.create(
            operator_id=operator.id,
            token_hash=token_hash(token),
            created_at=at,
            seen_at=at,
            expires_at=at + LIFETIME,
            proved_at=proved_at,
        )
        actor = f"operator:{operator.id}"
        await audit.record(actor, "operator_session.start", f"operator_session:{session.id}")
    return OperatorSignedIn(token=token, expires_at=session.expires_at, operator=operator)


async def authenticate_operator(token: str, *, at: datetime) -> OperatorCaller:
    """The operator behind a cookie, with the roles of now; refused when idle for 30 minutes."""
    session = await OperatorSession.get_or_none(
        token_hash=token_hash(token), ended_at=None, expires_at__gt=at, seen_at__gt=at - IDLE
    ).select_related("operator", "delegation__lender")
    if session is None or session.operator.disabled_at is not None:
        raise OperatorSessionEnded()
    if at - session.seen_at >= _SEEN_EVERY:
        await OperatorSession.filter(id=session.id, seen_at__lt=at).update(seen_at=at)
    return _caller(session, at)


async def step_up(
    operator: OperatorCaller, totp_code: str, *, vault: Vault, at: datetime
) -> datetime:
    """Note that the operator itself sits there now; says when. A code works once. 再次验证"""
    row = await Operator.get(id=operator.operator_id)
    if not await use_code(row, totp_code, vault=vault, at=at):
        raise OperatorCodeRefused(operator_id=operator.operator_id)
    await OperatorSession.filter(id=operator.session_id).update(proved_at=at)
    return at


async def end_session_of(token: str, *, at: datetime) -> None:
    """End the session that a browser brought to a new sign-in: it is worth nothing any more."""
    await OperatorSession.filter(token_hash=token_hash(token), ended_at=None).update(ended_at=at)


async def sign_out_operator(operator: OperatorCaller, *, at: datetime) -> None:
    """End this session. Twice is once."""
    subject = f"operator_session:{operator.session_id}"
    async with in_transaction():
        living = OperatorSession.filter(id=operator.session_id, ended_at=None)
        if await living.update(ended_at=at):
            await audit.record(operator.actor(), "operator_session.end", subject)


def _caller(session: OperatorSession, at: datetime) -> OperatorCaller:
    """As itself, or with what a colleague lent, for as long as it is lent."""
    operator, lent = session.operator, session.delegation
    if lent is None or not delegation_holds(lent, lent.lender, at=at):
        return OperatorCaller(
            operator_id=operator.id,
            session_id=session.id,
            person_id=operator.person_id,
            roles=frozenset(operator.roles),
            department=operator.department,
            division=operator.division,
            proved_at=session.proved_at,
        )
    return OperatorCaller(
        operator_id=operator.id,
        session_id=session.id,
        person_id=operator.person_id,
        roles=frozenset(lent.roles) & frozenset(lent.lender.roles),
        department=lent.lender.department,
        division=lent.lender.division,
        proved_at=session.proved_at,
        behalf_of=lent.lender.id,
        behalf_person_id=lent.lender.person_id,
    )
