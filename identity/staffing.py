"""What a security administrator does with operators, alone or as one of two. 人员管理

Everyday roles one administrator gives alone. What would make or unmake a watcher (auditor, security
or system administrator) two persons do, but for the second security administrator of a deployment
that has one: there is nobody else yet.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core.sealing import Vault
from identity.callers import OperatorCaller
from identity.kinds import Role
from identity.models import Operator
from identity.operator_enrolments import open_operator, reset_operator
from identity.operators import (
    ADMIN_LOCK,
    WATCHERS,
    OperatorNotFound,
    change_roles,
    check_duties_of,
    disable_operator,
    get_operator,
)
from identity.staff_changes import Applied, Decision, propose


class Staffed(Struct, frozen=True, kw_only=True):
    """What happened: at once, or asked for and waiting for a second person. 办理结果"""

    operator_id: UUID | None = None
    enrolment_code: str | None = None
    change_id: UUID | None = None

    def __repr__(self) -> str:
        return f"Staffed(operator_id={self.operator_id}, change_id={self.change_id})"


async def find_operator(operator_id: UUID, *, admin: OperatorCaller) -> Operator:
    """An operator inside the administrator's division; any other is not found."""
    operator = await get_operator(operator_id)
    if not operator.division.startswith(admin.division):
        raise OperatorNotFound(operator_id=operator_id)
    return operator


async def list_operators(
    *, admin: OperatorCaller, after: UUID | None, limit: int
) -> list[Operator]:
    """Newest first, those inside the administrator's division."""
    found = Operator.filter(division__startswith=admin.division)
    if after is not None:
        found = found.filter(id__lt=after)
    return await found.order_by("-id").limit(limit)


async def add_operator(
    *,
    person_id: UUID,
    login_name: str,
    roles: Iterable[Role],
    department: str,
    division: str,
    admin: OperatorCaller,
    vault: Vault,
    at: datetime,
) -> Staffed:
    """A new operator with a code to enrol with, or a change that waits."""
    given = frozenset(roles)
    if not division.startswith(admin.division):
        raise OperatorNotFound()
    await check_duties_of(person_id, given)
    arguments = {
        "person_id": str(person_id),
        "login_name": login_name,
        "roles": sorted(given),
        "department": department,
        "division": division,
    }
    decision = Decision(arguments=arguments, actor=admin.actor(), vault=vault, at=at)
    async with in_transaction() as connection:
        await connection.execute_query("SELECT pg_advisory_xact_lock($1)", [ADMIN_LOCK])
        if given & WATCHERS and not await _second_of_two(given, person_id):
            change = await propose("operator.add", arguments, operator=admin, at=at)
            return Staffed(change_id=change.id)
        done = await apply_add(decision)
    return Staffed(operator_id=UUID(done.result), enrolment_code=done.enrolment_code)


async def give_roles(
    operator_id: UUID, roles: Iterable[Role], *, admin: OperatorCaller, at: datetime
) -> Staffed:
    """Exactly these roles, from the next request on; or a change that waits."""
    operator, given = await find_operator(operator_id, admin=admin), frozenset(roles)
    if (given | {Role(role) for role in operator.roles}) & WATCHERS:
        arguments = {"operator_id": str(operator_id), "roles": sorted(given)}
        change = await propose("operator.roles", arguments, operator=admin, at=at)
        return Staffed(change_id=change.id)
    await change_roles(operator_id, given, actor=admin.actor(), at=at)
    return Staffed(operator_id=operator_id)


async def reset(operator_id: UUID, *, admin: OperatorCaller, vault: Vault, at: datetime) -> Staffed:
    """A new code to enrol with; or for a watcher a change that waits."""
    operator = await find_operator(operator_id, admin=admin)
    if set(operator.roles) & WATCHERS:
        arguments = {"operator_id": str(operator_id)}
        change = await propose("operator.reset", arguments, operator=admin, at=at)
        return Staffed(change_id=change.id)
    code = await reset_operator(operator_id, vault=vault, actor=admin.actor(), at=at)
    return Staffed(operator_id=operator_id, enrolment_code=code)


async def disable(operator_id: UUID, *, admin: OperatorCaller, at: datetime) -> None:
    """Shut an operator out at once: one is enough for what makes less possible."""
    await find_operator(operator_id, admin=admin)
    await disable_operator(operator_id, actor=admin.actor(), at=at)


async def apply_add(decision: Decision) -> Applied:
    said = decision.arguments
    operator, code = await open_operator(
        person_id=UUID(said["person_id"]),
        login_name=said["login_name"],
        roles=[Role(role) for role in said["roles"]],
        department=said["department"],
        division=said["division"],
        vault=decision.vault,
        actor=decision.actor,
        at=decision.at,
    )
    return Applied(result=str(operator.id), enrolment_code=code)


async def apply_roles(decision: Decision) -> Applied:
    operator_id = UUID(decision.arguments["operator_id"])
    roles = [Role(role) for role in decision.arguments["roles"]]
    await change_roles(operator_id, roles, actor=decision.actor, at=decision.at)
    return Applied(result=str(operator_id))


async def apply_reset(decision: Decision) -> Applied:
    operator_id = UUID(decision.arguments["operator_id"])
    code = await reset_operator(
        operator_id, vault=decision.vault, actor=decision.actor, at=decision.at
    )
    return Applied(result=str(operator_id), enrolment_code=code)


async def _second_of_two(given: frozenset[Role], person_id: UUID) -> bool:
    """Whether this makes the second security administrator where there is one person only."""
    if given != {Role.SECURITY_ADMIN}:
        return False
    admins = await Operator.filter(roles__contains=[Role.SECURITY_ADMIN], disabled_at=None)
    persons = {admin.person_id for admin in admins}
    return len(persons) == 1 and person_id not in persons
