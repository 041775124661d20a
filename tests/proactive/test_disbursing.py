import asyncio
from datetime import timedelta

import pytest

from core.models import HumanTask
from core.sealing import Vault
from identity.models import Person
from notifications.models import Message
from proactive import disbursing
from proactive.disbursing import disburse_entitlement, finish_disbursement, pay_waiting
from proactive.entitlements import notify_entitlement
from proactive.kinds import EntitlementStatus
from proactive.models import Budget, DecisionRecord, Entitlement
from proactive.publishing import halt_policy, resume_policy
from tests.conftest import AT
from tests.payments.jobs_asked import jobs_asked
from tests.proactive import make

pytestmark = pytest.mark.usefixtures("city")

S = EntitlementStatus
LATER = AT + timedelta(hours=3)


async def confirmed(vault: Vault, count: int = 1, **fields: object) -> list[Entitlement]:
    """Old people matched by the elders' allowance, told, and so confirmed."""
    people = [await make.person(vault) for _ in range(count)]
    await make.matched(vault, **fields)
    rows = [await make.entitlement_of(person.id) for person in people]
    for row in rows:
        await notify_entitlement(row.id, at=AT)
    return rows


async def states(rows: list[Entitlement]) -> list[EntitlementStatus]:
    ordered = sorted(rows, key=lambda row: row.id)
    return [(await Entitlement.get(id=row.id)).status for row in ordered]


async def budget() -> tuple[int, int, int]:
    row = await Budget.get()
    return row.total_fen, row.reserved_fen, row.spent_fen


class TestDisbursing:
    async def test_the_money_is_set_aside_and_asked_for_once(self, vault: Vault) -> None:
        """E06: many jobs, one payment."""
        [row] = await confirmed(vault)

        await asyncio.gather(
            *(disburse_entitlement(row.id, vault=vault, at=LATER) for _ in range(5))
        )

        [asked] = await jobs_asked("payments.disburse")
        assert asked == {
            "reference": f"entitlement:{row.id}",
            "payee_id": str(row.beneficiary_id),
            "amount_fen": 15_000,
            "purpose": "老年综合津贴",
            "department": make.DEPARTMENT,
            "division": make.DIVISION,
        }
        assert await states([row]) == [S.PAYING]
        assert await budget() == (2_000_000, 15_000, 0)

    async def test_who_died_between_the_offer_and_the_money_is_not_paid(self, vault: Vault) -> None:
        """E09: by the fact, and by the base register alone."""
        by_fact, by_register = await confirmed(vault, 2)
        await make.tell(vault, by_fact.beneficiary_id, alive=False, at=AT + timedelta(hours=1))
        await Person.filter(id=by_register.beneficiary_id).update(alive=False)

        for row in (by_fact, by_register):
            await disburse_entitlement(row.id, vault=vault, at=LATER)

        assert await states([by_fact, by_register]) == [S.STOPPED, S.STOPPED]
        assert await jobs_asked("payments.disburse") == []
        assert not await Message.filter(kind="entitlement_stopped").exists()

    async def test_who_moved_away_is_not_paid_and_told_why(self, vault: Vault) -> None:
        """E09, E14"""
        [row] = await confirmed(vault)
        await make.tell(vault, row.beneficiary_id, hukou="310000", at=AT + timedelta(hours=1))

        await disburse_entitlement(row.id, vault=vault, at=LATER)

        await row.refresh_from_db()
        assert (row.status, row.reasons) == (S.STOPPED, ["不符合：户籍在本地"])
        assert (await DecisionRecord.get(id=row.decision_id)).failing == ["hukou"]
        assert await Message.filter(kind="entitlement_stopped").exists()

    async def test_a_fact_that_aged_meanwhile_makes_a_person_look_and_nobody_lose(
        self, vault: Vault
    ) -> None:
        """E08, E15: unknown is not no."""
        [row] = await confirmed(vault)

        await disburse_entitlement(row.id, vault=vault, at=AT + timedelta(days=181))

        assert await states([row]) == [S.HELD]
        assert await HumanTask.filter(kind="proactive.facts_missing").count() == 1

    async def test_another_amount_than_offered_is_for_a_person_to_see(self, vault: Vault) -> None:
        [row] = await confirmed(vault)
        await Entitlement.filter(id=row.id).update(quantity=99)

        await disburse_entitlement(row.id, vault=vault, at=LATER)

        assert await states([row]) == [S.HELD]
        assert await HumanTask.filter(kind="proactive.amount_changed").exists()

    async def test_a_halt_holds_what_is_not_on_its_way_until_it_ends(self, vault: Vault) -> None:
        """E03: the halt is read in the claim itself."""
        [row] = await confirmed(vault)
        publisher = make.operator("publisher")
        await halt_policy("sh-elder", operator=publisher, at=AT)
        await disburse_entitlement(row.id, vault=vault, at=LATER)
        assert await states([row]) == [S.HELD]

        await resume_policy("sh-elder", operator=publisher, at=AT)
        assert {"policy_id": str(row.policy_id)} in await jobs_asked("proactive.pay_waiting")
        await pay_waiting(row.policy_id, vault=vault, at=LATER)

        assert await states([row]) == [S.PAYING]

    async def test_once_a_halt_is_answered_nothing_more_gets_under_way(self, vault: Vault) -> None:
        """E03: claims that began before it are done, those after it see it."""
        rows = await confirmed(vault, 12)
        claims = [
            asyncio.create_task(disburse_entitlement(row.id, vault=vault, at=LATER)) for row in rows
        ]
        await asyncio.sleep(0.02)

        await halt_policy("sh-elder", operator=make.operator("publisher"), at=LATER)
        under_way = len(await jobs_asked("payments.disburse"))
        await asyncio.gather(*claims)

        assert len(await jobs_asked("payments.disburse")) == under_way
        assert (await states(rows)).count(S.PAYING) == under_way


class TestBudget:
    async def test_it_is_spent_to_the_last_and_never_over_and_the_rest_wait_in_line(
        self, vault: Vault
    ) -> None:
        """E05: two of five can be paid; asked for all at once."""
        rows = await confirmed(vault, 5, budget_fen=44_999)

        await asyncio.gather(*(disburse_entitlement(row.id, vault=vault, at=LATER) for row in rows))

        found = await states(rows)
        assert sorted(found) == [S.PAYING] * 2 + [S.WAITING_BUDGET] * 3
        assert await budget() == (44_999, 30_000, 0)
        assert await HumanTask.filter(kind="proactive.budget_ended").count() == 1

    async def test_money_that_comes_free_goes_to_the_first_in_line(self, vault: Vault) -> None:
        rows = sorted(await confirmed(vault, 3, budget_fen=15_000), key=lambda row: row.id)
        for row in rows:
            await disburse_entitlement(row.id, vault=vault, at=LATER)
        await finish_disbursement(f"entitlement:{rows[0].id}", "failed", at=LATER)

        await pay_waiting(rows[0].policy_id, vault=vault, at=LATER)

        assert await states(rows) == [S.FAILED, S.PAYING, S.WAITING_BUDGET]
        assert await budget() == (15_000, 15_000, 0)

    async def test_a_long_line_is_looked_at_in_pieces(
        self, vault: Vault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """E05: all at once, they would not fit into the memory."""
        monkeypatch.setattr(disbursing, "_BATCH", 2)
        rows = await confirmed(vault, 5)
        publisher = make.operator("publisher")
        await halt_policy("sh-elder", operator=publisher, at=AT)
        for row in rows:
            await disburse_entitlement(row.id, vault=vault, at=LATER)
        await resume_policy("sh-elder", operator=publisher, at=AT)

        await pay_waiting(rows[0].policy_id, vault=vault, at=LATER)

        assert await states(rows) == [S.PAYING] * 5


class TestFinishing:
    async def test_paid_is_posted_to_the_budget_once_and_told(self, vault: Vault) -> None:
        [row] = await confirmed(vault)
        await disburse_entitlement(row.id, vault=vault, at=LATER)

        await asyncio.gather(
            *(finish_disbursement(f"entitlement:{row.id}", "paid", at=LATER) for _ in range(3))
        )

        assert await states([row]) == [S.PAID]
        assert await budget() == (2_000_000, 0, 15_000)
        assert await Message.filter(kind="entitlement_paid").count() == 1

    async def test_what_comes_back_later_is_budget_again_and_a_persons_matter(
        self, vault: Vault
    ) -> None:
        """E13"""
        [row] = await confirmed(vault)
        await disburse_entitlement(row.id, vault=vault, at=LATER)
        await finish_disbursement(f"entitlement:{row.id}", "paid", at=LATER)

        for _ in range(2):
            await finish_disbursement(f"entitlement:{row.id}", "returned", at=LATER)

        assert await states([row]) == [S.FAILED]
        assert await budget() == (2_000_000, 0, 0)
        assert await HumanTask.filter(kind="proactive.payout_failed").count() == 1
        assert await Message.filter(kind="payout_returned").count() == 1
