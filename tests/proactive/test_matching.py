import asyncio
from datetime import date, timedelta

import pytest

from core.sealing import Vault
from proactive.deciding import replay
from proactive.kinds import EntitlementStatus
from proactive.matching import match_policy, period_of
from proactive.models import BenefitKey, DecisionRecord, Entitlement, PolicyVersion
from proactive.publishing import halt_policy
from proactive.rules.evaluation import Outcome
from tests.conftest import AT
from tests.payments.jobs_asked import jobs_asked
from tests.proactive import make
from tests.proactive.make import TODAY

pytestmark = pytest.mark.usefixtures("city")


async def test_three_outcomes_each_with_its_reasons(vault: Vault) -> None:
    """E15: a missing fact is unknown and not no."""
    old, unsure, nearly, young = [
        await make.person(vault),
        await make.person(vault, hukou=None),
        await make.person(vault, birth=date(1961, 12, 1)),
        await make.person(vault, birth=date(1990, 1, 1)),
    ]

    await make.matched(vault)

    rows = {row.beneficiary_id: row for row in await Entitlement.all()}
    assert rows[old.id].status is EntitlementStatus.MATCHED
    assert rows[old.id].quantity == 15_000
    assert (rows[unsure.id].status, rows[unsure.id].reasons) == (
        EntitlementStatus.NEEDS_FACTS,
        ["缺少信息：户籍所在地"],
    )
    assert (rows[nearly.id].status, rows[nearly.id].reasons) == (
        EntitlementStatus.NOT_ELIGIBLE,
        ["不符合：年满 65 周岁"],
    )
    assert young.id not in rows
    assert await jobs_asked("proactive.notify") == [{"entitlement_id": str(rows[old.id].id)}]


async def test_matching_at_once_and_again_gives_one_entitlement_for_a_period(vault: Vault) -> None:
    """E06"""
    person = await make.person(vault)
    version = await make.published(vault)

    new = await asyncio.gather(
        *(match_policy(version.id, on=TODAY, vault=vault, at=AT) for _ in range(5))
    )
    new.append(await match_policy(version.id, on=date(2026, 11, 30), vault=vault, at=AT))

    assert sum(new) == 1
    assert await Entitlement.filter(beneficiary_id=person.id).count() == 1
    assert await DecisionRecord.all().count() == 1


async def test_the_next_period_brings_the_benefit_again(vault: Vault) -> None:
    await make.person(vault)
    version = await make.matched(vault)

    await match_policy(version.id, on=date(2026, 12, 1), vault=vault, at=AT + timedelta(days=9))

    assert sorted(key.period for key in await BenefitKey.all()) == ["2026-11", "2026-12"]


async def test_who_was_unknown_is_decided_again_once_the_fact_arrives(vault: Vault) -> None:
    person = await make.person(vault, hukou=None)
    version = await make.matched(vault)
    await make.tell(vault, person.id, hukou="330199001", at=AT + timedelta(hours=1))

    later = AT + timedelta(hours=2)
    assert await match_policy(version.id, on=TODAY, vault=vault, at=later) == 1

    entitlement = await make.entitlement_of(person.id)
    assert (entitlement.status, entitlement.outcome) == (
        EntitlementStatus.MATCHED,
        Outcome.ELIGIBLE,
    )
    assert await DecisionRecord.all().count() == 2


async def test_every_decision_replays_from_what_was_known_then(vault: Vault) -> None:
    """E14: version, facts with source and time, reasons; facts that came later change nothing."""
    people = [
        await make.person(vault),
        await make.person(vault, hukou=None),
        await make.person(vault, birth=date(1961, 12, 1)),
    ]
    await make.matched(vault)
    assert await DecisionRecord.all().count() == 3
    for person in people:
        await make.tell(vault, person.id, hukou="310000", alive=False, at=AT + timedelta(days=1))

    for record in await DecisionRecord.all():
        _, decision = await replay(record, vault=vault)

        assert decision.outcome is record.outcome
        assert decision.quantity == record.quantity
        assert list(decision.reasons) == record.reasons
        assert {node.id: node.truth for node in decision.nodes} == record.truths


async def test_a_decision_record_holds_no_value_of_a_sensitive_fact(vault: Vault) -> None:
    await make.person(vault, birth=date(1950, 6, 1))
    await make.matched(vault)

    record = await DecisionRecord.get()

    assert "1950" not in str(record.facts) + str(record.truths) + str(record.reasons)


async def test_the_dead_match_nothing_though_the_rule_forgets_to_ask(vault: Vault) -> None:
    """E09"""
    mother = await make.person(
        vault,
        birth=date(1995, 1, 1),
        alive=False,
        delivery_settled=True,
        maternity_months=12,
        employer_avg_wage_day=25_000,
        leave_days=158,
    )

    await make.matched(vault, "cn-maternity")

    assert not await Entitlement.filter(beneficiary_id=mother.id).exists()


async def test_enterprises_and_children_are_decided_as_such(vault: Vault) -> None:
    firm = await make.enterprise(vault, hightech_year=2024, hightech_first=True)
    child = await make.person(vault, birth=date(2024, 6, 1), legal_birth=True)
    await make.guardian(vault, child)

    await make.matched(vault, "px-hightech")
    await make.matched(vault, "cn-child")

    assert (await make.entitlement_of(firm.id)).quantity == 20_000_000
    assert (await make.entitlement_of(child.id)).quantity == 360_000


async def test_somebody_of_another_city_is_out_of_reach(vault: Vault) -> None:
    person = await make.person(vault)
    person.division = "340100001"
    await person.save(update_fields=["division"])

    await make.matched(vault)

    assert await Entitlement.all().count() == 0


async def test_a_halted_policy_matches_nobody(vault: Vault) -> None:
    """E03"""
    await make.person(vault)
    version = await make.published(vault)
    await halt_policy("sh-elder", operator=make.operator("publisher"), at=AT)

    assert await match_policy(version.id, on=TODAY, vault=vault, at=AT) == 0
    assert await Entitlement.all().count() == 0


async def test_a_policy_out_of_its_dates_or_replaced_matches_nobody(vault: Vault) -> None:
    await make.person(vault)
    version = await make.published(vault, valid_to="2026-11-22")
    assert await match_policy(version.id, on=date(2026, 11, 23), vault=vault, at=AT) == 0

    await PolicyVersion.filter(id=version.id).update(status="replaced")
    assert await match_policy(version.id, on=TODAY, vault=vault, at=AT) == 0


def test_periods_have_their_keys() -> None:
    day = date(2026, 11, 22)
    assert [period_of(period, day) for period in ("month", "quarter", "year", "once")] == [
        "2026-11",
        "2026-Q4",
        "2026",
        "once",
    ]
