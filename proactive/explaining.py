"""Why, for the person it is about: each condition, what was read for it, and from whom. 说明理由"""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from core.clock import date_in_china
from core.money import yuan
from core.sealing import Vault
from facts.catalogue import FactLiteral, FactReading, FactSpec, FactType
from proactive.deciding import decide_parties, replay, rule_of
from proactive.dry_runs import is_valid
from proactive.kinds import VersionStatus
from proactive.models import DecisionRecord, Entitlement, PolicyVersion
from proactive.policies import PolicyNotFound
from proactive.population import is_person
from proactive.rules.evaluation import Decision, NodeReading
from proactive.rules.explanation import counterfactual, leaf_by_id
from proactive.rules.tree import Rule


class Condition(Struct, frozen=True, kw_only=True):
    """One condition of the policy and how it came out; `holds` None: not known. 条件"""

    id: str
    text: str
    citation: str
    holds: bool | None
    fact: str | None
    value: str | None
    source: str | None
    as_of: date | None
    stale: bool
    hint: str | None


class Explanation(Struct, frozen=True, kw_only=True):
    """A decision as it was made, worked out again from the values it was made on."""

    decided_on: date
    reasons: list[str]
    needs: list[str]
    conditions: list[Condition]


async def explain_entitlement(entitlement: Entitlement, *, vault: Vault) -> Explanation:
    """The newest decision about an entitlement, replayed. For its own beneficiary: values show."""
    record = await DecisionRecord.get(id=entitlement.decision_id)
    rule, decision = await replay(record, vault=vault)
    return _explanation(rule, decision, record.on)


async def explain_policy(
    code: str, *, party_id: UUID, vault: Vault, at: datetime
) -> tuple[PolicyVersion, Decision, Explanation]:
    """What the version in force says of a party today, whether or not it was matched. (E14)

    Nothing is kept. A policy for another kind of party, or not in force, is not found.
    """
    version = await PolicyVersion.get_or_none(
        policy__code=code, status=VersionStatus.PUBLISHED
    ).select_related("policy")
    on = date_in_china(at)
    if version is None or not is_valid(version, on):
        raise PolicyNotFound(code=code)
    rule = await rule_of(version)
    if await is_person(party_id) != (rule.document.entity in ("person", "child")):
        raise PolicyNotFound(code=code)
    [decided] = await decide_parties(rule, [party_id], on=on, known_at=at, vault=vault)
    return version, decided.decision, _explanation(rule, decided.decision, on)


async def find_policies_in_force(*, at: datetime) -> list[PolicyVersion]:
    """Every policy that anybody may read of today, by its code."""
    on = date_in_china(at)
    published = PolicyVersion.filter(status=VersionStatus.PUBLISHED, policy__halted_at=None)
    rows = await published.select_related("policy").order_by("policy__code")
    return [version for version in rows if is_valid(version, on)]


def _explanation(rule: Rule, decision: Decision, on: date) -> Explanation:
    leaves = [node for node in decision.nodes if node.fact is not None]
    return Explanation(
        decided_on=on,
        reasons=list(decision.reasons),
        needs=[rule.facts[key].name for key in decision.needs],
        conditions=[_condition(node, rule, on) for node in leaves],
    )


def _condition(node: NodeReading, rule: Rule, on: date) -> Condition:
    spec = rule.facts[node.fact or ""]
    return Condition(
        id=node.id,
        text=node.text,
        citation=node.cite,
        holds=node.truth,
        fact=spec.name,
        value=None if node.value is None else value_in_words(node.value, spec),
        source=node.source,
        as_of=node.as_of,
        stale=node.stale,
        hint=_hint(node, rule, on),
    )


def value_in_words(value: FactLiteral, spec: FactSpec) -> str:
    """A value as people read it: 是, 80.00 元, 1951-03-08, 3 级."""
    match value:
        case bool():
            return "是" if value else "否"
        case date():
            return value.isoformat()
        case int() if spec.type is FactType.MONEY:
            return f"{yuan(value)} 元"
    return f"{value} {spec.unit}".rstrip()


def _hint(node: NodeReading, rule: Rule, on: date) -> str | None:
    leaf = leaf_by_id(rule, node.id)
    if leaf is None or node.truth is not False or node.value is None or node.as_of is None:
        return None
    return counterfactual(leaf, FactReading(node.value, node.source or "", node.as_of), on)
