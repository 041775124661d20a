"""Real-name proof: an account becomes a person's, by the population register. 实名认证"""

from datetime import datetime
from typing import NoReturn
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit, jobs, tasks
from core.crashpoints import crashpoint
from core.errors import Conflict, Rejected
from core.sealing import Vault
from identity.callers import Caller
from identity.id_numbers import read_id_number
from identity.kinds import Level, RealNameStatus
from identity.models import Account, Person, Session
from identity.persons import find_by_id_number, full_name, plain_name, register_person
from identity.providers import PopulationRegister, RegisterResult
from identity.session_states import SessionStates


class RealNameMismatch(Rejected):
    code = "identity.real_name_mismatch"
    message = "姓名与身份证号码不一致，请核对后重新填写"


class RealNameConflict(Conflict):
    code = "identity.real_name_conflict"
    message = "该账号已认证为另一人，已转人工处理"


async def verify_real_name(
    caller: Caller,
    *,
    name: str,
    id_number: str,
    register: PopulationRegister,
    vault: Vault,
    states: SessionStates,
    department: str,
    at: datetime,
) -> Person:
    """Join the caller's account to the one person with this name and number, and raise its level.

    Again with the same number changes nothing. An account never changes from one person to another:
    that goes to a human of `department`. A dead person's name is refused, and goes there too.
    """
    desk = _Desk(department, caller)
    number, given_name = read_id_number(id_number).text, plain_name(name)
    if caller.person_id is not None:
        known = await find_by_id_number(number, vault=vault)
        if known is None or known.id != caller.person_id:
            await desk.refuse_second_person()
    answer = await register.check(name=given_name, id_number=number)
    if answer.result is not RegisterResult.MATCH:
        raise RealNameMismatch(account_id=caller.account_id)
    if not answer.alive:
        await desk.refuse_dead()
    person = await register_person(name=given_name, id_number=number, vault=vault)
    crashpoint("identity.after_register")
    await _join(caller, person, desk, at=at)
    await _note_differences(caller, person, given_name, desk, vault)
    await states.forget([caller.session_id])
    return await Person.get(id=person.id)


async def _join(caller: Caller, person: Person, desk: "_Desk", *, at: datetime) -> None:
    async with in_transaction():
        account = await Account.select_for_update().get(id=caller.account_id)
        if account.person_id is None:
            account.person_id = person.id
            account.level = max(account.level, int(Level.REAL_NAME))
            await account.save(update_fields=["person_id", "level"])
            await Session.filter(account_id=account.id, party_id=None).update(party_id=person.id)
            actor = f"person:{person.id}"
            await audit.record(actor, "account.real_name", f"account:{account.id}")
            await jobs.enqueue(
                "identity.account_linked",
                dedupe_key=f"identity.account_linked:{account.id}",
                person_id=str(person.id),
                account_id=str(account.id),
            )
        status = RealNameStatus.CONFIRMED
        await Person.filter(id=person.id).update(real_name_status=status, real_name_at=at)
    if account.person_id != person.id:
        await desk.refuse_second_person()


async def _note_differences(
    caller: Caller, person: Person, name: str, desk: "_Desk", vault: Vault
) -> None:
    """What does not fit together, but does not stop the citizen, is put before a human."""
    if await full_name(person.id, vault=vault) != name:
        await Person.filter(id=person.id).update(real_name_status=RealNameStatus.CONFLICT)
        await desk.raise_task("identity.name_differs", person.id)
    account = await Account.get(id=caller.account_id)
    same_hint = Account.filter(provider=account.provider, unionid=account.unionid)
    if account.unionid and await same_hint.exclude(person_id=person.id).exists():
        await desk.raise_task("identity.unionid_conflict", person.id)


class _Desk(Struct, frozen=True):
    """Where a human looks at what does not fit."""

    department: str
    caller: Caller

    async def refuse_second_person(self) -> NoReturn:
        await self.raise_task("identity.second_person", self.caller.account_id)
        raise RealNameConflict(account_id=self.caller.account_id)

    async def refuse_dead(self) -> NoReturn:
        await self.raise_task("identity.dead_person_claimed", self.caller.account_id)
        raise RealNameMismatch(account_id=self.caller.account_id, reason="not alive")

    async def raise_task(self, kind: str, subject: UUID) -> None:
        account_id = str(self.caller.account_id)
        await tasks.raise_task(
            kind, department=self.department, subject=str(subject), account_id=account_id
        )
