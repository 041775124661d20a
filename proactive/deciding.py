"""Parties against a rule on the facts known, and the record from which that replays. 判定与留痕"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from core.ids import new_id
from core.sealing import Vault
from facts.catalogue import FactReading
from facts.definitions import load_catalogue
from facts.values import collect_facts, read_values
from proactive.models import DecisionRecord, PolicyVersion
from proactive.population import find_deceased
from proactive.rules.evaluation import ENGINE, Decision, Outcome
from proactive.rules.explanation import evaluate
from proactive.rules.reading import read_rule
from proactive.rules.tree import Rule

DECEASED = "deceased"
ALIVE = "alive"
"""The fact that stops every benefit to a person, whether or not the rule asks for it."""


class Decided(Struct, frozen=True, kw_only=True):
    """One party's decision, with what it rests on."""

    party_id: UUID
    decision: Decision
    standing: str | None
    facts: dict[str, FactReading]
    on: date
    known_at: datetime


async def rule_of(version: PolicyVersion) -> Rule:
    """The version's rule, read against the catalogue as it is now."""
    return read_rule(version.document, await load_catalogue())


async def decide_parties(
    rule: Rule, party_ids: Sequence[UUID], *, on: date, known_at: datetime, vault: Vault
) -> list[Decided]:
    """Decide each on what was known at that moment of that day."""
    keys = sorted({*rule.facts, ALIVE})
    known = await collect_facts(party_ids, keys, on=on, known_at=known_at, vault=vault)
    deceased = await find_deceased(party_ids)
    return [
        _decide(rule, party_id, known[party_id], party_id in deceased, on=on, known_at=known_at)
        for party_id in party_ids
    ]


def decide_known(
    rule: Rule, facts: Mapping[str, FactReading], standing: str | None, on: date
) -> Decision:
    """The pure part: what the rule says, unless the beneficiary has died."""
    decision = evaluate(rule, facts, on)
    if standing != DECEASED or decision.outcome is Outcome.REFUSED:
        return decision
    return msgspec.structs.replace(
        decision,
        outcome=Outcome.REFUSED,
        quantity=None,
        failing=(),
        needs=(),
        reasons=("登记信息显示已去世，不再发放",),
    )


def record_of(decided: Decided, version_id: UUID) -> DecisionRecord:
    """The row to keep. It names the values it rests on and holds none of them."""
    decision = decided.decision
    return DecisionRecord(
        id=new_id(),
        version_id=version_id,
        beneficiary_id=decided.party_id,
        on=decided.on,
        known_at=decided.known_at,
        engine=ENGINE,
        standing=decided.standing,
        outcome=decision.outcome,
        quantity=decision.quantity,
        facts={key: str(read.value_id) for key, read in decided.facts.items()},
        truths={node.id: node.truth for node in decision.nodes},
        failing=list(decision.failing),
        needs=list(decision.needs),
        reasons=list(decision.reasons),
    )


async def replay(record: DecisionRecord, *, vault: Vault) -> tuple[Rule, Decision]:
    """Decide again by the same version, on the very values that were read then. (E14)"""
    version = await PolicyVersion.get(id=record.version_id)
    rule = await rule_of(version)
    facts = await read_values(_ids(record.facts.values()), vault=vault)
    return rule, decide_known(rule, facts, record.standing, record.on)


def _decide(
    rule: Rule,
    party_id: UUID,
    known: Mapping[str, FactReading],
    deceased: bool,
    *,
    on: date,
    known_at: datetime,
) -> Decided:
    alive = known.get(ALIVE)
    gone = deceased or (alive is not None and alive.value is False)
    standing = DECEASED if gone else None
    facts = {key: reading for key, reading in known.items() if key in rule.facts}
    return Decided(
        party_id=party_id,
        decision=decide_known(rule, facts, standing, on),
        standing=standing,
        facts=facts,
        on=on,
        known_at=known_at,
    )


def _ids(texts: Iterable[str]) -> list[UUID]:
    return [UUID(text) for text in texts]
