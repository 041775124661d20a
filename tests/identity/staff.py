"""Operators at work, made without the way there."""

from uuid import UUID

from core.clock import date_in_china
from core.ids import new_id
from core.sealing import Vault
from identity.callers import OperatorCaller
from identity.kinds import Role
from identity.models import Operator
from identity.operators import new_totp_secret, register_operator
from identity.persons import register_person
from identity.staffing import Staffed, add_operator
from tests.given import AT

PASSWORD, SECRET = "临溪-编辑-8613-willow", new_totp_secret()
NUMBERS = {
    "shenlan": "330100195103089023",
    "xubo": "330100199001011071",
    "luming": "330100198505052032",
}
TODAY = date_in_china(AT)


async def person(name: str, vault: Vault) -> UUID:
    known = await register_person(name=name, id_number=NUMBERS[name], vault=vault)
    return known.id


async def serve(
    login: str, *roles: Role, vault: Vault, who: str = "", division: str = "330199"
) -> OperatorCaller:
    """An operator at work: signed in as of now, without the way there."""
    operator = await register_operator(
        person_id=await person(who or login, vault),
        login_name=login,
        password=PASSWORD,
        totp_secret=SECRET,
        roles=roles,
        department="330199-civil-affairs",
        division=division,
        vault=vault,
        actor="system:test",
    )
    return await caller(operator)


async def caller(operator: Operator) -> OperatorCaller:
    return OperatorCaller(
        operator_id=operator.id,
        session_id=new_id(),
        person_id=operator.person_id,
        roles=frozenset(operator.roles),
        department=operator.department,
        division=operator.division,
    )


async def add(admin: OperatorCaller, vault: Vault, login: str, *roles: Role) -> Staffed:
    return await add_operator(
        person_id=await person(login, vault),
        login_name=login,
        roles=roles,
        department="330199-civil-affairs",
        division="330199",
        admin=admin,
        vault=vault,
        at=AT,
    )
