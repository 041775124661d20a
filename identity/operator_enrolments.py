"""How an operator comes by password and authenticator: by a code that works once. 启用

Who makes or resets an operator never knows either of them; until the code is used nobody can sign
in under that name.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit
from core.errors import Rejected
from core.sealing import Vault
from identity.kinds import Role
from identity.models import Operator, OperatorDevice, OperatorEnrolment, OperatorSession
from identity.operators import (
    LoginNameTaken,
    get_operator,
    new_totp_secret,
    register_operator,
    totp_place,
    totp_uri,
)
from identity.passwords import hash_password
from identity.sessions import token_hash

CODE_LIFETIME = timedelta(days=3)


class EnrolmentRefused(Rejected):
    code = "identity.enrolment_refused"
    message = "启用码不正确、已使用或已过期"


class Enrolled(Struct, frozen=True, kw_only=True):
    """What the authenticator app is to be given; shown once."""

    login_name: str
    totp_secret: str
    totp_uri: str

    def __repr__(self) -> str:
        return f"Enrolled(login_name={self.login_name!r})"


async def open_operator(
    *,
    person_id: UUID,
    login_name: str,
    roles: Iterable[Role],
    department: str,
    division: str,
    vault: Vault,
    actor: str,
    at: datetime,
) -> tuple[Operator, str]:
    """A new operator and the code to enrol with, which is shown once."""
    if await Operator.exists(login_name=login_name):
        raise LoginNameTaken()
    async with in_transaction():
        operator = await register_operator(
            person_id=person_id,
            login_name=login_name,
            password=secrets.token_urlsafe(32),
            totp_secret=new_totp_secret(),
            roles=roles,
            department=department,
            division=division,
            vault=vault,
            actor=actor,
        )
        if operator.person_id != person_id:  # made by somebody else at the same moment
            raise LoginNameTaken()
        code = await _new_code(operator.id, at=at)
    return operator, code


async def reset_operator(operator_id: UUID, *, vault: Vault, actor: str, at: datetime) -> str:
    """Take password and authenticator from an operator, end its sessions; say the new code."""
    operator = await get_operator(operator_id)
    unknown = await hash_password(secrets.token_urlsafe(32))
    sealed = vault.seal(totp_place(operator.id), new_totp_secret())
    async with in_transaction():
        await Operator.filter(id=operator.id).update(password_hash=unknown, totp_sealed=sealed)
        await _end_everything(operator.id, at)
        code = await _new_code(operator.id, at=at)
        await audit.record(actor, "operator.reset", f"operator:{operator.id}")
    return code


async def enrol(code: str, password: str, *, vault: Vault, at: datetime) -> Enrolled:
    """Set the password, and get the secret of the one-time codes. A code works once."""
    hashed, secret = await hash_password(password), new_totp_secret()
    async with in_transaction():
        living = OperatorEnrolment.filter(
            code_hash=token_hash(code), used_at=None, expires_at__gt=at
        )
        row = await living.select_for_update().first()
        operator = await Operator.get_or_none(id=row.operator_id) if row else None
        if row is None or operator is None or operator.disabled_at is not None:
            raise EnrolmentRefused()
        await OperatorEnrolment.filter(id=row.id).update(used_at=at)
        sealed = vault.seal(totp_place(operator.id), secret)
        await Operator.filter(id=operator.id).update(
            password_hash=hashed, totp_sealed=sealed, totp_step=0
        )
        await _end_everything(operator.id, at)
        await audit.record(f"operator:{operator.id}", "operator.enrol", f"operator:{operator.id}")
    uri = totp_uri(secret, operator.login_name)
    return Enrolled(login_name=operator.login_name, totp_secret=secret, totp_uri=uri)


async def _new_code(operator_id: UUID, *, at: datetime) -> str:
    """A code in the place of all before it."""
    code = secrets.token_urlsafe(24)
    await OperatorEnrolment.filter(operator_id=operator_id, used_at=None).update(used_at=at)
    await OperatorEnrolment.create(
        operator_id=operator_id,
        code_hash=token_hash(code),
        expires_at=at + CODE_LIFETIME,
        created_at=at,
    )
    return code


async def _end_everything(operator_id: UUID, at: datetime) -> None:
    await OperatorSession.filter(operator_id=operator_id, ended_at=None).update(ended_at=at)
    await OperatorDevice.filter(operator_id=operator_id).delete()
