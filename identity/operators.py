"""Operators: who they are, their roles, the department and division they serve. 工作人员"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import pyotp
from tortoise.transactions import in_transaction

from core import audit
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.sealing import Place, Vault
from identity.kinds import Role
from identity.models import Delegation, Operator, OperatorSession, Person
from identity.passwords import hash_password

WATCHERS = frozenset({Role.AUDITOR, Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN})
"""At most one of these for one person, over all logins that the person has. 三员分立"""

ADMIN_LOCK = 7_300_003


class DutiesNotSeparate(Conflict):
    code = "identity.duties_not_separate"
    message = "审计员、安全管理员、系统管理员不能由同一人担任"


class OperatorNotFound(NotFound):
    code = "identity.operator_not_found"
    message = "没有找到该工作人员"


class AdminExists(Conflict):
    code = "identity.admin_exists"
    message = "已有安全管理员，请由其添加工作人员"


class LoginNameTaken(Conflict):
    code = "identity.login_name_taken"
    message = "该登录名已被使用"


def new_totp_secret() -> str:
    """For an authenticator app; show it once."""
    return pyotp.random_base32()


def totp_uri(secret: str, login_name: str) -> str:
    """What an authenticator app scans to take the secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=login_name, issuer_name="掌上办")


async def register_operator(
    *,
    person_id: UUID,
    login_name: str,
    password: str,
    totp_secret: str,
    roles: Iterable[Role],
    department: str,
    division: str,
    vault: Vault,
    actor: str,
) -> Operator:
    """The operator with this login, made if unknown; a second call changes nothing."""
    found = await Operator.get_or_none(login_name=login_name)
    if found is not None:
        return found
    operator_id, given, hashed = new_id(), set(roles), await hash_password(password)
    async with in_transaction():
        await _check_duties(person_id, given, besides=operator_id)
        operator, fresh = await Operator.get_or_create(
            login_name=login_name,
            defaults={
                "id": operator_id,
                "person_id": person_id,
                "department": department,
                "division": division,
                "roles": sorted(given),
                "password_hash": hashed,
                "totp_sealed": vault.seal(totp_place(operator_id), totp_secret),
            },
        )
        if fresh:
            await audit.record(actor, "operator.register", f"operator:{operator_id}")
    return operator


async def create_first_admin(
    *,
    person_id: UUID,
    login_name: str,
    password: str,
    totp_secret: str,
    department: str,
    division: str,
    vault: Vault,
    actor: str,
) -> Operator:
    """The security administrator of a deployment that has none, from the command line. 首位管理员

    One only, however many ask at once: all others are for that one to add.
    """
    async with in_transaction() as connection:
        await connection.execute_query("SELECT pg_advisory_xact_lock($1)", [ADMIN_LOCK])
        admins = Operator.filter(roles__contains=[Role.SECURITY_ADMIN], disabled_at=None)
        if await admins.exists():
            raise AdminExists()
        if await Operator.exists(login_name=login_name):
            raise LoginNameTaken()
        return await register_operator(
            person_id=person_id,
            login_name=login_name,
            password=password,
            totp_secret=totp_secret,
            roles=[Role.SECURITY_ADMIN],
            department=department,
            division=division,
            vault=vault,
            actor=actor,
        )


async def change_roles(
    operator_id: UUID, roles: Iterable[Role], *, actor: str, at: datetime
) -> Operator:
    """Give an operator exactly these roles, from the next request on.

    Who begins to watch gives back what others lent.
    """
    given = set(roles)
    operator = await get_operator(operator_id)
    async with in_transaction():
        await _check_duties(operator.person_id, given, besides=operator_id)
        await Operator.filter(id=operator_id).update(roles=sorted(given))
        if given & WATCHERS:
            borrowed = Delegation.filter(borrower__person_id=operator.person_id, revoked_at=None)
            await borrowed.update(revoked_at=at)
        listed = ",".join(sorted(given))
        await audit.record(actor, "operator.roles", f"operator:{operator_id}", roles=listed)
    return await get_operator(operator_id)


async def check_duties_of(person_id: UUID, roles: Iterable[Role]) -> None:
    """Refuse roles for a new login of this person that its others rule out."""
    async with in_transaction():
        await _check_duties(person_id, set(roles), besides=new_id())


async def disable_operator(operator_id: UUID, *, actor: str, at: datetime) -> None:
    """Shut an operator out at once."""
    async with in_transaction():
        if await Operator.filter(id=operator_id, disabled_at=None).update(disabled_at=at):
            await OperatorSession.filter(operator_id=operator_id, ended_at=None).update(ended_at=at)
            await audit.record(actor, "operator.disable", f"operator:{operator_id}")


async def get_operator(operator_id: UUID) -> Operator:
    operator = await Operator.get_or_none(id=operator_id)
    if operator is None:
        raise OperatorNotFound(operator_id=operator_id)
    return operator


def totp_place(operator_id: UUID) -> Place:
    return Place("identity_operator", "totp_sealed", operator_id)


async def _check_duties(person_id: UUID, roles: set[Role], *, besides: UUID) -> None:
    """The person's row is the lock: two logins made at once count each other."""
    await Person.select_for_update().get(id=person_id)
    others = Operator.filter(person_id=person_id, disabled_at=None).exclude(id=besides)
    held = set(roles)
    for other in await others:
        held |= {Role(role) for role in other.roles}
    if len(held & WATCHERS) > 1:
        raise DutiesNotSeparate(person_id=person_id)
