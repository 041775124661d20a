"""What each kind of leaf asks of a value that is there."""

from datetime import date

from facts.catalogue import FactLiteral
from proactive.rules.spans import age_on, months_on
from proactive.rules.tree import Age, Between, Compare, In, Known, Leaf, Missing, Months, Under


def holds(leaf: Leaf, value: FactLiteral, as_of: date) -> bool:
    """Whether a known value meets a condition. Types were checked when the rule was saved."""
    match leaf:
        case Compare():
            return _compares(leaf.op, value, leaf.value)
        case In():
            return _plain(value) in leaf.values
        case Under():
            return str(value).startswith(leaf.division)
        case Age():
            return (age_on(_day(value), as_of) >= leaf.years) is (leaf.op == ">=")
        case Months():
            return (months_on(_day(value), as_of) >= leaf.months) is (leaf.op == ">=")
        case Between():
            return leaf.first <= _day(value) <= leaf.last
        case Known() | Missing():
            return isinstance(leaf, Known)


def _compares(op: str, value: FactLiteral, literal: bool | int | str) -> bool:
    plain = _plain(value)
    match op:
        case "=":
            return plain == literal
        case "!=":
            return plain != literal
    if isinstance(plain, str) and isinstance(literal, str):
        return _ordered(op, (plain > literal) - (plain < literal))
    return _ordered(op, (int(plain) > int(literal)) - (int(plain) < int(literal)))


def _ordered(op: str, sign: int) -> bool:
    match op:
        case "<":
            return sign < 0
        case "<=":
            return sign <= 0
        case ">":
            return sign > 0
    return sign >= 0


def _plain(value: FactLiteral) -> bool | int | str:
    """Days as ISO text, which sorts as days do."""
    return value.isoformat() if isinstance(value, date) else value


def _day(value: FactLiteral) -> date:
    if not isinstance(value, date):
        raise TypeError("a checked rule reads days where it counts them")
    return value
