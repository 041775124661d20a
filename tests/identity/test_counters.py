"""A person at a counter, and the officer who acts for them. 窗口办理"""

from datetime import date, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from core.files import FileNotFound
from core.ids import new_id
from core.models import AuditEntry, StoredFile
from core.sealing import Vault
from identity import persons
from identity.agents import GrantNotFound
from identity.callers import OperatorCaller
from identity.counter_codes import CounterCodeWrong, give_counter_code, prove_account
from identity.counter_helping import Agreed, end_help, let_help, list_help
from identity.counters import (
    CounterCaseEnded,
    CounterCaseNotFound,
    Present,
    end_case,
    living_case,
    open_case,
    person_present,
)
from identity.kinds import ConsentWay, DocumentKind, Level, Right
from identity.models import Account, ActingGrant, CounterCase, Operator, Session
from identity.real_names import RealNameConflict, RealNameMismatch
from identity.session_states import SessionStates
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from tests.fakes.identity import (
    NO_CACHE,
    FakePopulationRegister,
    FakeProvider,
    caller_of,
    real_name_account,
)
from tests.given import AT
from tests.identity.acting_people import LATER, UNTIL, number

pytestmark = pytest.mark.usefixtures("db")

WANG, CHEN = number(), number("19760921", 906)


@pytest.fixture
def register() -> FakePopulationRegister:
    return FakePopulationRegister({WANG: ("王桂兰", True), CHEN: ("陈丽", True)})


async def officer(vault: Vault, name: str = "何军", serial: int = 300) -> OperatorCaller:
    person = await persons.register_person(
        name=name, id_number=number("19800101", serial), vault=vault
    )
    operator = await Operator.create(
        person_id=person.id,
        login_name=f"officer-{serial}",
        department="330199-civil-affairs",
        division="330199",
        roles=["window_officer"],
        password_hash="",
        totp_sealed=b"",
    )
    return OperatorCaller(
        operator_id=operator.id,
        person_id=person.id,
        session_id=operator.id,
        roles=frozenset({"window_officer"}),
        department="330199-civil-affairs",
        division="330199",
    )


async def evidence(owner: OperatorCaller) -> UUID:
    file = await StoredFile.create(
        id=new_id(),
        owner=owner.actor(),
        media_type="image/jpeg",
        size=1,
        sha256="0" * 64,
        created_at=AT,
        expires_at=AT + timedelta(days=90),
    )
    return UUID(str(file.id))


async def present(owner: OperatorCaller, name: str = "王桂兰", id_number: str = WANG) -> Present:
    return Present(
        name=name,
        id_number=id_number,
        document=DocumentKind.READER,
        evidence_id=await evidence(owner),
    )


async def visit(
    owner: OperatorCaller, register: FakePopulationRegister, vault: Vault
) -> CounterCase:
    there = await present(owner)
    return await open_case(owner, there, register=register, vault=vault, at=AT)


class TestVisit:
    async def test_the_officer_acts_for_the_person_and_audit_names_both(
        self, vault: Vault, register: FakePopulationRegister
    ) -> None:
        he = await officer(vault)
        case = await visit(he, register, vault)

        caller = await person_present(case.id, operator=he, at=LATER)

        actor = f"operator:{he.operator_id} for party:{case.person_id}"
        assert (caller.party_id, caller.level, caller.actor()) == (case.person_id, 2, actor)
        assert await AuditEntry.filter(actor=actor, action="counter.open").count() == 1
        kept = await StoredFile.get(id=case.evidence_id)
        assert kept.expires_at > AT + timedelta(days=1000)

    @pytest.mark.parametrize("end", ["half an hour", "it was ended", "the next one began"])
    async def test_it_ends(self, end: str, vault: Vault, register: FakePopulationRegister) -> None:
        he, at = await officer(vault), LATER
        case = await visit(he, register, vault)

        if end == "half an hour":
            at = AT + timedelta(minutes=30)
        elif end == "it was ended":
            await end_case(case.id, operator=he, at=AT)
        else:
            await visit(he, register, vault)

        with pytest.raises(CounterCaseEnded):
            await living_case(case.id, operator=he, at=at)

    async def test_it_is_one_officers_and_of_their_department(
        self, vault: Vault, register: FakePopulationRegister
    ) -> None:
        he, other = await officer(vault), await officer(vault, "罗敏", 302)
        case = await visit(he, register, vault)

        for stranger in (other, replace(he, department="330199-finance")):
            with pytest.raises(CounterCaseNotFound):
                await person_present(case.id, operator=stranger, at=LATER)

    async def test_it_rests_on_the_officers_own_evidence_and_on_the_register(
        self, vault: Vault, register: FakePopulationRegister
    ) -> None:
        he, other = await officer(vault), await officer(vault, "罗敏", 302)
        foreign = replace(await present(he), evidence_id=await evidence(other))
        unknown = await present(he, name="王桂英")

        with pytest.raises(FileNotFound):
            await open_case(he, foreign, register=register, vault=vault, at=AT)
        with pytest.raises(RealNameMismatch):
            await open_case(he, unknown, register=register, vault=vault, at=AT)

        assert await CounterCase.all().count() == 0


class TestAccount:
    @pytest.fixture
    async def code(self, issuer: TokenIssuer, vault: Vault) -> str:
        pair = await log_in("openid-a", provider=FakeProvider(), issuer=issuer, at=AT)
        caller = await caller_of(pair, at=AT)
        return (await give_counter_code(caller, vault=vault, at=AT))[0]

    async def test_the_phone_that_shows_the_code_is_the_persons_from_then_on(
        self, code: str, vault: Vault, register: FakePopulationRegister
    ) -> None:
        he = await officer(vault)
        case = await visit(he, register, vault)

        await prove(case, code, he, register, vault)

        account = await Account.get(subject="openid-a")
        assert (account.person_id, account.level) == (case.person_id, Level.REAL_NAME)
        with pytest.raises(CounterCodeWrong):
            await prove(case, code, he, register, vault)

    async def test_the_phone_sees_it_at_its_next_request(
        self, code: str, vault: Vault, register: FakePopulationRegister, cache: Redis
    ) -> None:
        states = SessionStates(cache)
        session = await Session.get(account__subject="openid-a")
        before = await states.find(session.id, at=AT)
        he = await officer(vault)
        case = await visit(he, register, vault)

        await prove(case, code, he, register, vault, states=states)

        after = await states.find(session.id, at=LATER)
        assert before is not None
        assert after is not None
        assert (before.level, after.level, after.party_id) == (0, 2, case.person_id)

    async def test_a_code_ends_after_ten_minutes_and_with_the_next_one(
        self, code: str, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        he = await officer(vault)
        case = await visit(he, register, vault)
        with pytest.raises(CounterCodeWrong):
            await prove(case, code, he, register, vault, minutes=10)
        pair = await log_in("openid-a#2", provider=FakeProvider(), issuer=issuer, at=AT)
        await give_counter_code(await caller_of(pair, at=AT), vault=vault, at=AT)

        with pytest.raises(CounterCodeWrong):
            await prove(case, code, he, register, vault)

    async def test_another_persons_account_stays_another_persons(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        await real_name_account(name="陈丽", id_number=CHEN, vault=vault, subject="openid-chen")
        pair = await log_in("openid-chen", provider=FakeProvider(), issuer=issuer, at=AT)
        chen = await caller_of(pair, at=AT)
        code, _ = await give_counter_code(chen, vault=vault, at=AT)
        he = await officer(vault)
        case = await visit(he, register, vault)

        with pytest.raises(RealNameConflict):
            await prove(case, code, he, register, vault)

        assert (await Account.get(subject="openid-chen")).person_id == chen.person_id


class TestHelper:
    async def test_the_elder_lets_somebody_help_and_takes_it_back_at_the_counter(
        self, vault: Vault, register: FakePopulationRegister
    ) -> None:
        he = await officer(vault)
        case = await visit(he, register, vault)
        agreed = await _agreed(he, date(2027, 6, 30))

        grant = await let_help(
            case.id, agreed, operator=he, register=register, vault=vault, at=LATER
        )

        assert (grant.party_id, grant.consent) == (case.person_id, ConsentWay.COUNTER)
        assert grant.evidence == f"file:{agreed.agent.evidence_id}"
        [shown] = await list_help(case.id, operator=he, vault=vault, at=LATER)
        assert (shown.id, shown.name) == (grant.id, "陈*")
        await end_help(case.id, grant.id, operator=he, at=LATER)
        assert (await ActingGrant.get(id=grant.id)).revoked_at == LATER

    async def test_not_another_persons_helper(
        self, vault: Vault, register: FakePopulationRegister
    ) -> None:
        he = await officer(vault)
        case = await visit(he, register, vault)
        agreed = await _agreed(he, UNTIL)
        grant = await let_help(
            case.id, agreed, operator=he, register=register, vault=vault, at=LATER
        )
        chen = await present(he, "陈丽", CHEN)
        other = await open_case(he, chen, register=register, vault=vault, at=LATER)

        with pytest.raises(GrantNotFound):
            await end_help(other.id, grant.id, operator=he, at=LATER)


async def prove(
    case: CounterCase,
    code: str,
    operator: OperatorCaller,
    register: FakePopulationRegister,
    vault: Vault,
    *,
    minutes: int = 5,
    states: SessionStates = NO_CACHE,
) -> None:
    await prove_account(
        case.id,
        code,
        operator=operator,
        register=register,
        vault=vault,
        states=states,
        at=AT + timedelta(minutes=minutes),
    )


async def _agreed(operator: OperatorCaller, until_on: date) -> Agreed:
    agent = await present(operator, "陈丽", CHEN)
    return Agreed(agent=agent, rights=frozenset({Right.PAY}), until_on=until_on)
