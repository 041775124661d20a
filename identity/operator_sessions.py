"""Operators sign in with password and one-time code; a cookie then stands for them. 工作会话"""

import hmac
import secrets
from datetime import datetime, timedelta

import pyotp
from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit
from core.errors import NotSignedIn
from core.sealing import Vault
from identity.callers import OperatorCaller
from identity.models import Operator, OperatorSession
from identity.operators import totp_place
from identity.passwords import password_fits
from identity.sessions import token_hash

IDLE = timedelta(minutes=30)
LIFETIME = timedelta(hours=12)
_STEP_SECONDS = 30
_SEEN_EVERY = timedelta(minutes=1)


class OperatorSignInFailed(NotSignedIn):
    code = "identity.operator_sign_in_failed"
    message = "用户名、口令或动态码不正确"


class OperatorSessionEnded(NotSignedIn):
    code = "identity.operator_session_ended"
    message = "登录已失效，请重新登录"


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
    if operator is None or not fits or not await _use_code(operator, totp_code, vault, at):
        raise OperatorSignInFailed()
    token = secrets.token_urlsafe(32)
    async with in_transaction():
        session = await OperatorSession.create(
            operator_id=operator.id,
            token_hash=token_hash(token),
            created_at=at,
            seen_at=at,
            expires_at=at + LIFETIME,
        )
        actor = f"operator:{operator.id}"
        await audit.record(actor, "operator_session.start", f"operator_session:{session.id}")
    return OperatorSignedIn(token=token, expires_at=session.expires_at, operator=operator)


async def authenticate_operator(token: str, *, at: datetime) -> OperatorCaller:
    """The operator behind a cookie, with the roles of now; refused when idle for 30 minutes."""
    session = await OperatorSession.get_or_none(
        token_hash=token_hash(token), ended_at=None, expires_at__gt=at, seen_at__gt=at - IDLE
    ).select_related("operator")
    if session is None or session.operator.disabled_at is not None:
        raise OperatorSessionEnded()
    if at - session.seen_at >= _SEEN_EVERY:
        await OperatorSession.filter(id=session.id, seen_at__lt=at).update(seen_at=at)
    operator = session.operator
    return OperatorCaller(
        operator_id=operator.id,
        session_id=session.id,
        person_id=operator.person_id,
        roles=frozenset(operator.roles),
        department=operator.department,
        division=operator.division,
    )


async def sign_out_operator(operator: OperatorCaller, *, at: datetime) -> None:
    """End this session. Twice is once."""
    subject = f"operator_session:{operator.session_id}"
    async with in_transaction():
        living = OperatorSession.filter(id=operator.session_id, ended_at=None)
        if await living.update(ended_at=at):
            await audit.record(operator.actor(), "operator_session.end", subject)


async def _use_code(operator: Operator, code: str, vault: Vault, at: datetime) -> bool:
    """Whether the code is right now, or half a minute to either side, and newer than any used."""
    secret = vault.open(totp_place(operator.id), operator.totp_sealed)
    totp, now_step = pyotp.TOTP(secret), int(at.timestamp()) // _STEP_SECONDS
    fitting = [
        step
        for step in (now_step - 1, now_step, now_step + 1)
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
    ]
    if not fitting:
        return False
    unused = Operator.filter(id=operator.id, totp_step__lt=fitting[0])
    return bool(await unused.update(totp_step=fitting[0]))
