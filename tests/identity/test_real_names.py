import asyncio
from typing import Any

import pytest

from core.models import AuditEntry, HumanTask
from core.sealing import Vault
from identity.callers import Caller, RealNameRequired
from identity.kinds import RealNameStatus
from identity.models import Account, Person, Session
from identity.persons import full_name, register_person
from identity.providers import RegisterFailed
from identity.real_names import RealNameConflict, RealNameMismatch, verify_real_name
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import (
    NO_CACHE,
    FakeAlipay,
    FakePopulationRegister,
    FakeProvider,
    caller_of,
)
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")

WANG, CHEN, DEAD = "330100195103089023", "330100197609219066", "330100194906129039"
PEOPLE = {WANG: ("王桂兰", True), CHEN: ("陈丽", True), DEAD: ("陈福贵", False)}


async def tap(issuer: TokenIssuer, code: str = "openid-a", **fields: Any) -> Caller:
    provider = fields.pop("provider", None) or FakeProvider(**fields)
    return await caller_of(await log_in(code, provider=provider, issuer=issuer, at=AT), at=AT)


@pytest.fixture
def register() -> FakePopulationRegister:
    return FakePopulationRegister(PEOPLE)


async def prove(
    caller: Caller, register: FakePopulationRegister, vault: Vault, name: str, number: str
) -> Person:
    return await verify_real_name(
        caller,
        name=name,
        id_number=number,
        register=register,
        vault=vault,
        states=NO_CACHE,
        department="330199-data",
        at=AT,
    )


async def test_proof_makes_the_account_a_persons_and_raises_its_level(
    issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
) -> None:
    caller = await tap(issuer)
    with pytest.raises(RealNameRequired):
        caller.required_party()

    person = await prove(caller, register, vault, " 王桂兰 ", WANG)

    account, session = await Account.get(), await Session.get()
    assert (account.person_id, account.level) == (person.id, 2)
    assert session.party_id == person.id
    assert (person.real_name_status, person.real_name_at) == (RealNameStatus.CONFIRMED, AT)
    assert await AuditEntry.filter(action="account.real_name", actor=f"person:{person.id}").exists()


async def test_whoever_waits_for_the_account_hears_of_it_once(
    issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
) -> None:
    caller = await tap(issuer)

    for _ in range(2):
        person = await prove(caller, register, vault, "王桂兰", WANG)

    assert await jobs_asked("identity.account_linked") == [
        {"person_id": str(person.id), "account_id": str(caller.account_id)}
    ]


async def test_wechat_and_alipay_are_one_person_also_when_proved_at_once(
    issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
) -> None:
    callers = [await tap(issuer), await tap(issuer, "openid-b", provider=FakeAlipay())]

    people = await asyncio.gather(
        *(prove(caller, register, vault, "王桂兰", WANG) for caller in callers)
    )

    assert people[0].id == people[1].id
    assert await Account.filter(person_id=people[0].id).count() == 2


async def test_again_changes_nothing(
    issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
) -> None:
    caller = await tap(issuer)
    first = await prove(caller, register, vault, "王桂兰", WANG)

    again = await prove(await tap(issuer, "openid-a#2"), register, vault, "王桂兰", WANG)

    assert first.id == again.id
    assert await HumanTask.all().count() == 0


@pytest.mark.parametrize(("name", "number"), [("王桂花", WANG), ("王桂兰", "330100195103089031")])
async def test_what_the_register_does_not_know_is_refused(
    name: str, number: str, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
) -> None:
    with pytest.raises(RealNameMismatch):
        await prove(await tap(issuer), register, vault, name, number)

    assert await Person.all().count() == 0


async def test_a_dead_persons_name_is_refused_and_shown_to_a_human(
    issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
) -> None:
    with pytest.raises(RealNameMismatch):
        await prove(await tap(issuer), register, vault, "陈福贵", DEAD)

    task = await HumanTask.get()
    assert (task.kind, task.department) == ("identity.dead_person_claimed", "330199-data")
    assert (await Account.get()).person_id is None


async def test_an_account_never_goes_from_one_person_to_another(
    issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
) -> None:
    before = await tap(issuer)
    wang = await prove(before, register, vault, "王桂兰", WANG)

    # Both with the caller of now and with one who was told an older state.
    for caller in (await tap(issuer, "openid-a#2"), before):
        with pytest.raises(RealNameConflict):
            await prove(caller, register, vault, "陈丽", CHEN)

    assert (await Account.get()).person_id == wang.id
    assert [task.kind for task in await HumanTask.all()] == ["identity.second_person"]


async def test_a_new_name_is_shown_to_a_human_and_the_citizen_goes_on(
    issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
) -> None:
    person = await register_person(name="王桂蘭", id_number=WANG, vault=vault)

    await prove(await tap(issuer), register, vault, "王桂兰", WANG)

    assert (await Account.get()).person_id == person.id
    assert (await HumanTask.get()).kind == "identity.name_differs"
    assert await full_name(person.id, vault=vault) == "王桂蘭"


async def test_a_shared_unionid_never_merges_two_people(
    issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
) -> None:
    """A04"""
    first = await tap(issuer, "openid-a", appid="wx-1", unionid="u")
    second = await tap(issuer, "openid-b", appid="wx-2", unionid="u")

    wang = await prove(first, register, vault, "王桂兰", WANG)
    chen = await prove(second, register, vault, "陈丽", CHEN)

    assert wang.id != chen.id
    assert (await HumanTask.get()).kind == "identity.unionid_conflict"


async def test_a_register_that_is_away_changes_nothing(issuer: TokenIssuer, vault: Vault) -> None:
    class Away(FakePopulationRegister):
        async def check(self, **asked: object) -> Any:
            raise RegisterFailed(register="population")

    with pytest.raises(RegisterFailed):
        await prove(await tap(issuer), Away({}), vault, "王桂兰", WANG)

    assert (await Account.get()).level == 0
