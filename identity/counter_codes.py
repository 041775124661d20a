"""An account proved at a counter: the phone shows a code, the officer types it in. 窗口码"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.exceptions import IntegrityError

from core.errors import NotFound
from core.sealing import Vault
from identity import persons
from identity.callers import Caller, OperatorCaller
from identity.counters import living_case, record
from identity.models import Account, CounterCode, Session
from identity.providers import PopulationRegister
from identity.real_names import verify_real_name
from identity.session_states import SessionStates

LASTS = timedelta(minutes=10)


class CounterCodeWrong(NotFound):
    code = "identity.counter_code_wrong"
    message = "窗口码有误或已过期，请在手机上重新取码"


async def give_counter_code(caller: Caller, *, vault: Vault, at: datetime) -> tuple[str, datetime]:
    """What an account shows at a counter: eight figures for ten minutes, the newest only. 窗口码"""
    while True:
        code = f"{secrets.randbelow(10**8):08d}"
        try:
            await CounterCode.update_or_create(
                {"code_index": _code_index(code, vault), "expires_at": at + LASTS},
                account_id=caller.account_id,
            )
        except IntegrityError:
            continue
        return code, at + LASTS


async def prove_account(
    case_id: UUID,
    code: str,
    *,
    operator: OperatorCaller,
    register: PopulationRegister,
    vault: Vault,
    states: SessionStates,
    at: datetime,
) -> None:
    """Make the account that shows this code the person's who is present, at level 2. 窗口实名

    The phone that shows it is that person's at its next request. One that is another person's
    stays that: it goes to a human, as everywhere.
    """
    case = await living_case(case_id, operator=operator, at=at)
    shown = CounterCode.filter(code_index=_code_index(code, vault), expires_at__gt=at)
    known = await shown.first()
    if known is None or not await shown.delete():
        raise CounterCodeWrong(case_id=case_id)
    account = await Account.get(id=known.account_id)
    holder = Caller(
        account_id=account.id,
        session_id=case.id,
        provider=account.provider,
        appid=account.appid,
        subject=account.subject,
        person_id=account.person_id,
        party_id=account.person_id,
        level=account.level,
    )
    await verify_real_name(
        holder,
        name=await persons.full_name(case.person_id, vault=vault),
        id_number=await persons.id_number(case.person_id, vault=vault),
        register=register,
        vault=vault,
        states=states,
        department=operator.department,
        at=at,
    )
    await record(operator, case, "counter.account", account=str(account.id))
    on_the_phone = Session.filter(account_id=account.id, ended_at=None)
    await states.forget([session.id for session in await on_the_phone])


def _code_index(code: str, vault: Vault) -> UUID:
    return UUID(bytes=vault.blind_index("identity_counter_code.code", code))
