"""One person against one rule, in three values. 判定

True, false, and None for unknown (Kleene): a fact that is missing, or older than its freshness,
makes a condition neither hold nor fail.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction

from msgspec import Struct

from facts.catalogue import FactLiteral, FactReading
from proactive.rules.amounts import Figure, figure_of
from proactive.rules.leaves import holds
from proactive.rules.spans import age_on
from proactive.rules.tree import (
    All,
    AnyOf,
    AtLeast,
    Known,
    Leaf,
    Missing,
    Node,
    Not,
    Rule,
)
from proactive.rules.walking import nodes

ENGINE = "1"

Facts = Mapping[str, FactReading]


class Outcome(StrEnum):
    ELIGIBLE = "eligible"  # 符合
    REFUSED = "refused"  # 不符合
    UNKNOWN = "unknown"  # 待补充信息


class Evaluation:
    """Every node's truth for one person on one day, each leaf read once."""

    def __init__(self, rule: Rule, facts: Facts, as_of: date) -> None:
        self.rule, self.facts, self.as_of = rule, facts, as_of
        self.truths: dict[str, bool | None] = {}
        self.truth = self.decide(rule.document.rule)

    def decide(self, node: Node) -> bool | None:
        truth = self._decide(node)
        self.truths[node.id] = truth
        return truth

    def value(self, key: str) -> FactLiteral | None:
        """The value of a fact that is there and fresh, else None."""
        reading = self.facts.get(key)
        if reading is None or not self.rule.facts[key].is_fresh(reading.as_of, self.as_of):
            return None
        return reading.value

    def figure(self) -> Figure:
        """The exact amount, before it is rounded to the unit."""
        return figure_of(self.rule.document.amount, self)

    def measure(self, key: str) -> Fraction | None:
        """A fact as a number; of a date, the full years since."""
        value = self.value(key)
        if value is None:
            return None
        return Fraction(age_on(value, self.as_of) if isinstance(value, date) else int(value))

    def unknown_facts(self, node: Node) -> list[str]:
        """The facts that would decide an unknown node, in the order they are read."""
        if self.truths[node.id] is not None:
            return []
        if isinstance(node, Leaf):
            return [node.fact]
        inner = (node.of,) if isinstance(node, Not) else node.of
        found = [key for child in inner for key in self.unknown_facts(child)]
        return list(dict.fromkeys(found))

    def _decide(self, node: Node) -> bool | None:
        match node:
            case All():
                return kleene_at_least(len(node.of), [self.decide(inner) for inner in node.of])
            case AnyOf():
                return kleene_at_least(1, [self.decide(inner) for inner in node.of])
            case AtLeast():
                return kleene_at_least(node.n, [self.decide(inner) for inner in node.of])
            case Not():
                truth = self.decide(node.of)
                return None if truth is None else not truth
            case Known() | Missing():
                return (self.value(node.fact) is not None) is isinstance(node, Known)
        value = self.value(node.fact)
        return None if value is None else holds(node, value, self.as_of)


def kleene_at_least(n: int, truths: list[bool | None]) -> bool | None:
    """True once n hold, false once n no longer can; `all` is n = every one, `any` is n = 1."""
    if truths.count(True) >= n:
        return True
    if len(truths) - truths.count(False) < n:
        return False
    return None


class NodeReading(Struct, frozen=True, kw_only=True):
    """One line of the explanation: a condition, how it came out, and on what."""

    id: str
    kind: str
    text: str
    cite: str
    truth: bool | None
    fact: str | None = None
    value: FactLiteral | None = None
    source: str | None = None
    as_of: date | None = None
    stale: bool = False


class Decision(Struct, frozen=True, kw_only=True):
    """The answer for one person, and all that it rests on. `quantity` is in the rule's unit."""

    outcome: Outcome
    quantity: int | None
    nodes: tuple[NodeReading, ...]
    failing: tuple[str, ...]
    needs: tuple[str, ...]
    reasons: tuple[str, ...]


def read_nodes(evaluation: Evaluation) -> tuple[NodeReading, ...]:
    """The rule's own conditions in reading order, each with what was read for it."""
    placed = nodes(evaluation.rule.document.rule, "rule")
    return tuple(_read_node(node, evaluation) for node, _ in placed)


def _read_node(node: Node, evaluation: Evaluation) -> NodeReading:
    kind = str(node.__struct_config__.tag)
    truth = evaluation.truths[node.id]
    if not isinstance(node, Leaf):
        return NodeReading(id=node.id, kind=kind, text=node.text, cite=node.cite, truth=truth)
    reading = evaluation.facts.get(node.fact)
    return NodeReading(
        id=node.id,
        kind=kind,
        text=node.text,
        cite=node.cite,
        truth=truth,
        fact=node.fact,
        value=reading.value if reading else None,
        source=reading.source if reading else None,
        as_of=reading.as_of if reading else None,
        stale=reading is not None and evaluation.value(node.fact) is None,
    )
