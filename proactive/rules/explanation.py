"""Why: the smallest set that refuses, the facts that would decide, and plain sentences. 说明"""

from collections.abc import Iterable
from datetime import date, timedelta

from facts.catalogue import FactReading, FactSpec
from proactive.rules.amounts import MOST, Figure, rounded
from proactive.rules.evaluation import (
    Decision,
    Evaluation,
    Facts,
    NodeReading,
    Outcome,
    read_nodes,
)
from proactive.rules.spans import day_of_age, day_of_months
from proactive.rules.tree import Age, All, AnyOf, AtLeast, Compare, Leaf, Months, Node, Not, Rule
from proactive.rules.walking import nodes

NEAR = timedelta(days=366)
SHORT = 3


def evaluate(rule: Rule, facts: Facts, as_of: date) -> Decision:
    """Decide one person by a checked rule, on known facts, as of a day. Pure, so it replays."""
    facts = {key: reading for key, reading in facts.items() if key in rule.facts}
    evaluation = Evaluation(rule, facts, as_of)
    readings = read_nodes(evaluation)
    if evaluation.truth is False:
        failing = smallest_cause(rule.document.rule, evaluation)
        reasons = tuple(_why_not(leaf) for leaf in failing)
        ids = tuple(leaf.id for leaf in failing)
        return _decision(Outcome.REFUSED, readings, failing=ids, reasons=reasons)
    figure = evaluation.figure()
    needs = dict.fromkeys((*evaluation.unknown_facts(rule.document.rule), *figure.needs))
    if needs:
        reasons = tuple(_why_unknown(rule.facts[key], facts.get(key)) for key in needs)
        return _decision(Outcome.UNKNOWN, readings, needs=tuple(needs), reasons=reasons)
    return _with_amount(evaluation, figure, readings)


def smallest_cause(node: Node, evaluation: Evaluation) -> tuple[Leaf, ...]:
    """The fewest leaves that by themselves make a decided node what it is; first in order."""
    if isinstance(node, Leaf):
        return (node,)
    if isinstance(node, Not):
        return smallest_cause(node.of, evaluation)
    truth = evaluation.truths[node.id]
    agreeing = [inner for inner in node.of if evaluation.truths[inner.id] is truth]
    causes = sorted((smallest_cause(inner, evaluation) for inner in agreeing), key=len)
    wanted = {leaf.id for cause in causes[: _enough(node, truth)] for leaf in cause}
    return tuple(inner for inner in _leaves(node) if inner.id in wanted)


def counterfactual(leaf: Leaf, reading: FactReading | None, as_of: date) -> str | None:
    """How far a failed condition is, when time or a number can mend it: "2037-09-29 起符合"."""
    if reading is None:
        return None
    value = reading.value
    match leaf:
        case Age(op=">=") if isinstance(value, date):
            return _from_day(day_of_age(value, leaf.years), as_of)
        case Months(op=">=") if isinstance(value, date):
            return _from_day(day_of_months(value, leaf.months), as_of)
        case Compare(op=">=") if type(value) is int and type(leaf.value) is int:
            return f"还差 {leaf.value - value}" if value < leaf.value else None
    return None


def is_near(leaf: Leaf, reading: FactReading | None, as_of: date) -> bool:
    """Whether a failed condition is about to be met: within a year, or short by three at most."""
    if reading is None:
        return False
    value = reading.value
    match leaf:
        case Age(op=">=") if isinstance(value, date):
            return day_of_age(value, leaf.years) - as_of <= NEAR
        case Months(op=">=") if isinstance(value, date):
            return day_of_months(value, leaf.months) - as_of <= NEAR
        case Compare(op=">=") if type(value) is int and type(leaf.value) is int:
            return leaf.value - value <= SHORT
    return False


def leaf_by_id(rule: Rule, node_id: str) -> Leaf | None:
    for node, _ in nodes(rule.document.rule, "rule"):
        if node.id == node_id and isinstance(node, Leaf):
            return node
    return None


def _enough(node: All | AnyOf | AtLeast, truth: bool | None) -> int:
    """How many children settle a group: one no ends an `all`, only every no ends an `any`."""
    match node:
        case All():
            n = len(node.of)
        case AnyOf():
            n = 1
        case AtLeast():
            n = node.n
    return n if truth else len(node.of) - n + 1


def _leaves(node: Node) -> Iterable[Leaf]:
    return (inner for inner, _ in nodes(node, "") if isinstance(inner, Leaf))


def _with_amount(
    evaluation: Evaluation, figure: Figure, readings: tuple[NodeReading, ...]
) -> Decision:
    if figure.value is None or figure.value <= 0:
        reasons: tuple[str, ...] = ("没有与您的情况对应的发放标准",)
        return _decision(Outcome.REFUSED, readings, reasons=reasons)
    if figure.value > MOST:
        reasons = ("金额超出合理范围，需人工核对",)
        return _decision(Outcome.UNKNOWN, readings, reasons=reasons)
    held = smallest_cause(evaluation.rule.document.rule, evaluation)
    reasons = tuple(f"符合：{leaf.text}" for leaf in held)
    return _decision(Outcome.ELIGIBLE, readings, quantity=rounded(figure.value), reasons=reasons)


def _decision(
    outcome: Outcome,
    readings: tuple[NodeReading, ...],
    *,
    quantity: int | None = None,
    failing: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    reasons: tuple[str, ...] = (),
) -> Decision:
    return Decision(
        outcome=outcome,
        quantity=quantity,
        nodes=readings,
        failing=failing,
        needs=needs,
        reasons=reasons,
    )


def _why_not(leaf: Leaf) -> str:
    return f"不符合：{leaf.text}"


def _why_unknown(spec: FactSpec, reading: FactReading | None) -> str:
    if reading is None:
        return f"缺少信息：{spec.name}"
    return f"信息已过期：{spec.name}（截至 {reading.as_of.isoformat()}）"


def _from_day(day: date, as_of: date) -> str | None:
    return f"{day.isoformat()} 起符合" if day > as_of else None
