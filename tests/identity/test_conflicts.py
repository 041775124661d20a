"""What of a proof does not fit is put before a human, and what they decide happens."""

import asyncio

import pytest

from core.models import HumanTask
from core.sealing import Vault
from core.tasks import Desk, TaskOutcome, close_task
from identity.joining import settle_claim
from identity.kinds import RealNameStatus
from identity.models import Account, IdentityClaim, Person
from identity.persons import full_name, register_person
from identity.real_names import RealNameConflict
from identity.tokens import TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import NO_CACHE, FakePopulationRegister
from tests.identity.proving import CHEN, DEPARTMENT, WANG, arrive, make_register, prove
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def register() -> FakePopulationRegister:
    return make_register()


class TestConflicts:
    async def test_resolved_gives_the_account_to_whoever_claimed_it(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        await prove(await arrive(issuer), register, vault, "王桂兰", WANG)
        with pytest.raises(RealNameConflict):
            await prove(await arrive(issuer, "openid-a#2"), register, vault, "陈丽", CHEN)

        await decide(TaskOutcome.RESOLVED, vault)

        assert (await Account.get()).person_id is None
        chen = await prove(await arrive(issuer, "openid-a#3"), register, vault, "陈丽", CHEN)
        assert (await Account.get()).person_id == chen.id

    async def test_not_needed_leaves_it_where_it_is_and_a_new_claim_is_a_new_task(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        wang = await prove(await arrive(issuer), register, vault, "王桂兰", WANG)

        for number in range(2):
            caller = await arrive(issuer, f"openid-a#{number}")
            with pytest.raises(RealNameConflict):
                await prove(caller, register, vault, "陈丽", CHEN)
            await decide(TaskOutcome.NOT_NEEDED, vault)

        assert (await Account.get()).person_id == wang.id
        assert await HumanTask.filter(kind="identity.second_person").count() == 2

    async def test_a_new_name_is_taken_over_once_a_human_says_so(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        person = await register_person(name="王桂蘭", id_number=WANG, vault=vault)
        await prove(await arrive(issuer), register, vault, "王桂兰", WANG)
        assert await full_name(person.id, vault=vault) == "王桂蘭"

        await decide(TaskOutcome.RESOLVED, vault)

        person = await Person.get(id=person.id)
        assert await full_name(person.id, vault=vault) == "王桂兰"
        assert person.real_name_status is RealNameStatus.CONFIRMED
        assert (await IdentityClaim.get()).name_sealed is None

    async def test_is_settled_once_however_often_the_job_runs(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        await prove(await arrive(issuer), register, vault, "王桂兰", WANG)
        with pytest.raises(RealNameConflict):
            await prove(await arrive(issuer, "openid-a#2"), register, vault, "陈丽", CHEN)

        settled = await asyncio.gather(
            *(settle(TaskOutcome.RESOLVED, vault) for _ in range(4)), return_exceptions=True
        )

        assert sorted(map(str, settled)) == ["False", "False", "False", "True"]


async def decide(outcome: TaskOutcome, vault: Vault) -> None:
    task = await HumanTask.get(closed_at=None)
    desk = Desk(DEPARTMENT, "330199")
    await close_task(task.id, desk=desk, outcome=outcome, actor="operator:x", at=AT)
    assert {"task_id": str(task.id)} in await jobs_asked("core.task_closed")
    await settle(outcome, vault)


async def settle(outcome: TaskOutcome, vault: Vault) -> bool:
    claim = await IdentityClaim.all().order_by("-id").first()
    assert claim is not None
    return await settle_claim(
        claim.id, outcome, actor="operator:x", vault=vault, states=NO_CACHE, at=AT
    )
