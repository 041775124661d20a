"""Everybody in reach decided by a published version; entitlements where it concerns. 匹配"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tortoise.transactions import in_transaction

from core import jobs
from core.clock import date_in_china
from core.crashpoints import crashpoint
from core.ids import new_id
from core.sealing import Vault
from proactive.deciding import Decided, decide_parties, record_of, rule_of
from proactive.dry_runs import is_valid
from proactive.gates import is_open
from proactive.kinds import UNDECIDED, EntitlementStatus, VersionStatus
from proactive.models import BenefitKey, DecisionRecord, Entitlement, Policy, PolicyVersion
from proactive.population import population
from proactive.publishing import ask_to_match, ask_to_pay_waiting
from proactive.rules.evaluation import Outcome
from proactive.rules.explanation import is_near, leaf_by_id
from proactive.rules.tree import Rule

_STATUS = {
    Outcome.ELIGIBLE: EntitlementStatus.MATCHED,
    Outcome.UNKNOWN: EntitlementStatus.NEEDS_FACTS,
    Outcome.REFUSED: EntitlementStatus.NOT_ELIGIBLE,
}


async def match_published(*, at: datetime) -> None:
    """Once a day: have every policy in force matched anew, and those waiting looked at."""
    on = date_in_china(at)
    published = PolicyVersion.filter(status=VersionStatus.PUBLISHED, policy__halted_at=None)
    for version in await published.select_related("policy").order_by("id"):
        if is_valid(version, on):
            await ask_to_match(version, on, at=at)
        await ask_to_pay_waiting(version.policy, f"day:{on}")


async def match_policy(version_id: UUID, *, on: date, vault: Vault, at: datetime) -> int:
    """Find everyone a published version benefits in the period of a day; say how many were new.

    Safe to run again, and at once in two places: a benefit comes once to a subject in a period.
    Those who could not be decided, or just missed it, are decided again.
    """
    version = await PolicyVersion.get(id=version_id).select_related("policy")
    if version.status is not VersionStatus.PUBLISHED or not is_valid(version, on):
        return 0
    rule = await rule_of(version)
    period = period_of(rule.document.unit.period, on)
    matched = 0
    async for party_ids in population(rule.document.entity, version.policy.division, on=on):
        decided = await decide_parties(rule, party_ids, on=on, known_at=at, vault=vault)
        new = await _keep_batch(version, rule, period, decided, at)
        if new is None:
            break
        crashpoint("proactive.after_match_batch")
        matched += new
    return matched


def period_of(period: str, on: date) -> str:
    """The key of the period a day lies in: "2026-11", "2026-Q4", "2026", or "once"."""
    match period:
        case "month":
            return f"{on:%Y-%m}"
        case "quarter":
            return f"{on.year}-Q{(on.month + 2) // 3}"
        case "year":
            return f"{on.year}"
    return "once"


async def _keep_batch(
    version: PolicyVersion, rule: Rule, period: str, decided: Sequence[Decided], at: datetime
) -> int | None:
    """None once the policy is halted; the batch is then left undone."""
    relevant = [one for one in decided if _concerns(one, rule)]
    new = 0
    async with in_transaction():
        if not await is_open(version.policy_id):
            return None
        known = await _known(version.benefit, period, [one.party_id for one in decided])
        for one in decided:
            entitlement = known.get(one.party_id)
            if entitlement is not None:
                new += await _decide_again(entitlement, version, one)
        fresh = [one for one in relevant if one.party_id not in known]
        new += await _insert(version, period, fresh, at)
    return new


def _concerns(one: Decided, rule: Rule) -> bool:
    """A refusal is kept when all that stands in the way is about to go; others show on asking."""
    decision = one.decision
    if decision.outcome is not Outcome.REFUSED:
        return True
    failed = [node for node in decision.nodes if node.fact is not None and node.truth is False]
    if one.standing is not None or len(failed) != 1 or len(decision.failing) != 1:
        return False
    leaf = leaf_by_id(rule, failed[0].id)
    return leaf is not None and is_near(leaf, one.facts.get(leaf.fact), one.on)


async def _known(benefit: str, period: str, subjects: Sequence[UUID]) -> dict[UUID, Entitlement]:
    keys = await BenefitKey.filter(benefit=benefit, period=period, subject_id__in=subjects)
    ids = [key.id for key in keys]
    rows = await Entitlement.filter(id__in=ids).order_by("id").select_for_update()
    return {row.beneficiary_id: row for row in rows}


async def _decide_again(entitlement: Entitlement, version: PolicyVersion, one: Decided) -> bool:
    """Put a new decision in the place of one that was open. Whether it is a match now."""
    decision = one.decision
    gained = decision.outcome is Outcome.ELIGIBLE
    same = entitlement.version_id == version.id and entitlement.outcome is decision.outcome
    if entitlement.status not in UNDECIDED or (
        same and entitlement.reasons == list(decision.reasons)
    ):
        return False
    if entitlement.policy_id != version.policy_id and not gained:
        return False
    record = record_of(one, version.id)
    await record.save(force_create=True)
    columns = _columns(version, one) | {"decision_id": record.id}
    await entitlement.update_from_dict(columns).save(update_fields=list(columns))
    if gained:
        await jobs.enqueue("proactive.notify", entitlement_id=str(entitlement.id))
    return gained


async def _insert(
    version: PolicyVersion, period: str, fresh: Sequence[Decided], at: datetime
) -> int:
    """Insert once: who lost the race for a key has nothing to do."""
    made = [(_row(version, period, one, at), one) for one in fresh]
    await BenefitKey.bulk_create(
        [
            BenefitKey(id=row.id, subject_id=one.party_id, benefit=version.benefit, period=period)
            for row, one in made
        ],
        ignore_conflicts=True,
    )
    ours = {key.id for key in await BenefitKey.filter(id__in=[row.id for row, _ in made])}
    kept = [(row, record_of(one, version.id)) for row, one in made if row.id in ours]
    for row, record in kept:
        row.decision_id = record.id
    await DecisionRecord.bulk_create([record for _, record in kept])
    await Entitlement.bulk_create([row for row, _ in kept])
    matches = [row for row, _ in kept if row.status is EntitlementStatus.MATCHED]
    for row in matches:
        await jobs.enqueue("proactive.notify", entitlement_id=str(row.id))
    return len(matches)


def _row(version: PolicyVersion, period: str, one: Decided, at: datetime) -> Entitlement:
    return Entitlement(
        id=new_id(),
        beneficiary_id=one.party_id,
        period=period,
        created_at=at,
        **_columns(version, one),
    )


def _columns(version: PolicyVersion, one: Decided) -> dict[str, Any]:
    """What an entitlement takes over from the policy that gives it and from the decision."""
    policy: Policy = version.policy
    return {
        "policy_id": policy.id,
        "version_id": version.id,
        "department": policy.department,
        "division": policy.division,
        "outcome": one.decision.outcome,
        "status": _STATUS[one.decision.outcome],
        "quantity": one.decision.quantity,
        "reasons": list(one.decision.reasons),
    }
