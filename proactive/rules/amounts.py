"""How much, in exact numbers: whole fen and fractions, never a float. 金额"""

from collections.abc import Iterable
from fractions import Fraction
from math import floor, prod
from typing import Protocol

from msgspec import Struct

from proactive.rules.tree import (
    Amount,
    Band,
    Fixed,
    Highest,
    Lowest,
    Mul,
    Node,
    OfFact,
    Pick,
    Rate,
    Sum,
)

MOST = 10**13  # 1,000 亿元: nothing larger is paid without a person looking


class Figure(Struct, frozen=True):
    """A number, or none because no case fits, or none because facts in `needs` are missing."""

    value: Fraction | None
    needs: tuple[str, ...] = ()


class Reader(Protocol):
    """What an amount asks of the person it is worked out for."""

    def decide(self, node: Node) -> bool | None: ...
    def measure(self, key: str) -> Fraction | None: ...
    def unknown_facts(self, node: Node) -> list[str]: ...


def figure_of(amount: Amount, reader: Reader) -> Figure:
    """Work an amount out, or say which facts it wants."""
    match amount:
        case Fixed():
            return Figure(Fraction(amount.value))
        case Rate():
            return Figure(Fraction(amount.value))
        case OfFact():
            value = reader.measure(amount.fact)
            return Figure(value, () if value is not None else (amount.fact,))
        case Pick():
            return _pick(amount, 0, reader)
        case Band():
            return _band(amount, reader)
    return _combine(amount, [figure_of(inner, reader) for inner in amount.of])


def rounded(value: Fraction) -> int:
    """To the whole unit, half up. 四舍五入到分"""
    return floor(value + Fraction(1, 2))


def _pick(amount: Pick, index: int, reader: Reader) -> Figure:
    """The first case that holds; one that is unknown decides nothing unless both ways agree."""
    if index == len(amount.cases):
        return Figure(None)
    choice = amount.cases[index]
    truth = reader.decide(choice.when)
    if truth is False:
        return _pick(amount, index + 1, reader)
    taken = figure_of(choice.then, reader)
    if truth:
        return taken
    rest = _pick(amount, index + 1, reader)
    if not taken.needs and not rest.needs and taken.value == rest.value:
        return taken
    needs = (*reader.unknown_facts(choice.when), *taken.needs, *rest.needs)
    return Figure(None, _once(needs))


def _band(amount: Band, reader: Reader) -> Figure:
    over = reader.measure(amount.over)
    if over is None:
        return Figure(None, (amount.over,))
    reached = [step for step in amount.bands if over >= step.start]
    return figure_of(reached[-1].then, reader) if reached else Figure(None)


def _combine(amount: Mul | Sum | Lowest | Highest, parts: list[Figure]) -> Figure:
    needs = _once(key for part in parts for key in part.needs)
    values = [part.value for part in parts if part.value is not None]
    if needs or len(values) < len(parts):
        return Figure(None, needs)
    match amount:
        case Mul():
            return Figure(prod(values, start=Fraction(1)))
        case Sum():
            return Figure(sum(values, start=Fraction(0)))
        case Lowest():
            return Figure(min(values))
    return Figure(max(values))


def _once(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys))
