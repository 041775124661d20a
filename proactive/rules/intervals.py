"""Contradictions seen without a person: intervals and sets with nothing left in them."""

from collections.abc import Iterator
from datetime import date

from facts.catalogue import LARGEST
from proactive.rules.refusals import RuleNeverTrue
from proactive.rules.tree import (
    Age,
    All,
    Between,
    Compare,
    In,
    Known,
    Leaf,
    Literals,
    Missing,
    Months,
    Node,
    Under,
)
from proactive.rules.walking import nodes

_Axis = tuple[str, str]


class _Room:
    """What is still possible for one fact: an interval of whole numbers, a set, a prefix."""

    def __init__(self) -> None:
        self.low, self.high = -(LARGEST**2), LARGEST**2
        self.values: set[Literals] | None = None
        self.excluded: set[Literals] = set()
        self.prefix = ""
        self.possible = True

    def within(self, low: int | None = None, high: int | None = None) -> None:
        self.low = self.low if low is None else max(self.low, low)
        self.high = self.high if high is None else min(self.high, high)

    def among(self, values: set[Literals]) -> None:
        self.values = values if self.values is None else self.values & values

    def under(self, prefix: str) -> None:
        longer, shorter = sorted((self.prefix, prefix), key=len, reverse=True)
        self.possible = self.possible and longer.startswith(shorter)
        self.prefix = longer

    def is_empty(self) -> bool:
        if not self.possible or self.low > self.high:
            return True
        if self.values is None:
            return False
        return not any(self._allows(value) for value in self.values - self.excluded)

    def _allows(self, value: Literals) -> bool:
        if isinstance(value, str):
            return value.startswith(self.prefix)
        return isinstance(value, bool) or self.low <= value <= self.high


def check_possible(tree: Node, position: str) -> None:
    """Refuse a leaf, or conditions that must hold together, that nothing can satisfy."""
    for node, at in nodes(tree, position):
        if not isinstance(node, All | Leaf):
            continue
        rooms: dict[_Axis, _Room] = {}
        for leaf in _together(node):
            _narrow(rooms.setdefault(_axis(leaf), _Room()), leaf)
        if any(room.is_empty() for room in rooms.values()):
            raise RuleNeverTrue(position=at, node=node.id)


def _together(node: Node) -> Iterator[Leaf]:
    """The leaves that must all hold: those of an `all` and of the `all` inside it."""
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, All):
        for inner in node.of:
            yield from _together(inner)


def _axis(leaf: Leaf) -> _Axis:
    match leaf:
        case Age():
            return leaf.fact, "years"
        case Months():
            return leaf.fact, "months"
        case Known() | Missing():
            return leaf.fact, "presence"
    return leaf.fact, "value"


def _narrow(room: _Room, leaf: Leaf) -> None:
    match leaf:
        case Age():
            _order(room, leaf.op, leaf.years)
            room.within(low=0)
        case Months():
            _order(room, leaf.op, leaf.months)
            room.within(low=0)
        case Between():
            room.within(leaf.first.toordinal(), leaf.last.toordinal())
        case In():
            room.among({_number(value) for value in leaf.values})
        case Under():
            room.under(leaf.division)
        case Known() | Missing():
            room.among({isinstance(leaf, Known)})
        case Compare():
            _compare(room, leaf)


def _compare(room: _Room, leaf: Compare) -> None:
    value = _number(leaf.value)
    if leaf.op == "=":
        room.among({value})
    elif leaf.op == "!=":
        room.excluded.add(value)
    elif type(value) is int:
        _order(room, leaf.op, value)


def _order(room: _Room, op: str, value: int) -> None:
    match op:
        case "<":
            room.within(high=value - 1)
        case "<=":
            room.within(high=value)
        case ">":
            room.within(low=value + 1)
        case ">=":
            room.within(low=value)


def _number(value: Literals) -> Literals:
    """A day as its ordinal, so that days and numbers share the interval."""
    if not isinstance(value, str) or value.count("-") != 2:
        return value
    try:
        return date.fromisoformat(value).toordinal()
    except ValueError:
        return value
