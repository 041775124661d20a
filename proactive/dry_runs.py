"""Whom a version would reach and what it would cost, before anybody is told. 试算"""

from collections import Counter
from datetime import date, datetime
from uuid import UUID

from tortoise.transactions import in_transaction

from core import audit
from core.clock import date_in_china
from core.sealing import Vault
from identity.callers import OperatorCaller
from proactive.deciding import decide_parties, rule_of
from proactive.kinds import Delivery
from proactive.models import DryRun, PolicyVersion
from proactive.policies import find_published, get_version
from proactive.population import population
from proactive.rules.evaluation import Outcome

SAMPLES = 3


class _Tally:
    """What has been counted so far of one version."""

    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.quantity = 0
        self.eligible: set[UUID] = set()
        self.samples: dict[str, list[list[str]]] = {outcome: [] for outcome in Outcome}

    def add(
        self, party_id: UUID, outcome: Outcome, quantity: int | None, reasons: tuple[str, ...]
    ) -> None:
        self.outcomes[outcome] += 1
        self.quantity += quantity or 0
        if outcome is Outcome.ELIGIBLE:
            self.eligible.add(party_id)
        sample = list(reasons)
        if len(self.samples[outcome]) < SAMPLES and sample not in self.samples[outcome]:
            self.samples[outcome].append(sample)


async def dry_run(
    code: str, number: int, *, operator: OperatorCaller, vault: Vault, at: datetime
) -> DryRun:
    """Decide everybody in reach by a version, and count. Nothing is promised and nobody is told."""
    version = await get_version(code, number, operator=operator)
    on = first_day(version, at)
    tally = await _count(version, on, vault=vault, at=at)
    before = await find_published(version.policy_id)
    held = (await _count(before, on, vault=vault, at=at)).eligible if before else set()
    paid = version.delivery is Delivery.PAID
    async with in_transaction():
        run = await DryRun.create(
            version_id=version.id,
            content_hash=version.content_hash,
            on=on,
            ran_at=at,
            eligible=tally.outcomes[Outcome.ELIGIBLE],
            unknown=tally.outcomes[Outcome.UNKNOWN],
            refused=tally.outcomes[Outcome.REFUSED],
            amount_fen=tally.quantity if paid else 0,
            gained=len(tally.eligible - held),
            lost=len(held - tally.eligible),
            samples=tally.samples,
        )
        subject = f"policy_version:{version.id}"
        await audit.record(operator.actor(), "policy.dry_run", subject, dry_run=str(run.id))
    return run


def first_day(version: PolicyVersion, at: datetime) -> date:
    """The day a version decides on: today, or its first when that is still to come."""
    return max(date_in_china(at), version.valid_from)


def is_valid(version: PolicyVersion, on: date) -> bool:
    """Whether the policy's document is in force on a day. 文件时限有效"""
    return version.valid_from <= on and (version.valid_to is None or on <= version.valid_to)


async def _count(version: PolicyVersion, on: date, *, vault: Vault, at: datetime) -> _Tally:
    tally = _Tally()
    if not is_valid(version, on):
        return tally
    policy = await version.policy
    rule = await rule_of(version)
    async for party_ids in population(rule.document.entity, policy.division, on=on):
        for one in await decide_parties(rule, party_ids, on=on, known_at=at, vault=vault):
            decision = one.decision
            tally.add(one.party_id, decision.outcome, decision.quantity, decision.reasons)
    return tally
