"""An amount counts one thing: fen are not added to per cent, nor money multiplied by money."""

from itertools import pairwise

from facts.catalogue import FactSpec, FactType
from proactive.rules.refusals import RuleBandsOverlap, RuleUnitMismatch
from proactive.rules.tree import (
    Amount,
    Band,
    Document,
    Fixed,
    Highest,
    Lowest,
    Mul,
    OfFact,
    Pick,
    Rate,
    Sum,
)
from proactive.rules.walking import amounts

NUMBER = "number"


def check_units(document: Document, facts: dict[str, FactSpec]) -> None:
    unit = document.unit.of
    for amount, position in amounts(document.amount, "amount"):
        if isinstance(amount, Band) and _out_of_order(amount):
            raise RuleBandsOverlap(position=f"{position}.bands")
    if _unit_of(document.amount, "amount", unit, facts) != unit:
        raise RuleUnitMismatch(position="amount")


def _out_of_order(band: Band) -> bool:
    return any(later.start <= step.start for step, later in pairwise(band.bands))


def _unit_of(amount: Amount, position: str, unit: str, facts: dict[str, FactSpec]) -> str:
    match amount:
        case Fixed():
            return unit
        case Rate():
            return NUMBER
        case OfFact():
            return _unit_of_fact(facts[amount.fact], position)
        case Mul():
            return _of_product(amount, position, unit, facts)
        case Sum() | Lowest() | Highest():
            return _same([(inner, "of") for inner in amount.of], position, unit, facts)
        case Pick():
            return _same([(case.then, "cases") for case in amount.cases], position, unit, facts)
        case Band():
            return _same([(step.then, "bands") for step in amount.bands], position, unit, facts)


def _of_product(amount: Mul, position: str, unit: str, facts: dict[str, FactSpec]) -> str:
    factors = [
        _unit_of(inner, f"{position}.of[{index}]", unit, facts)
        for index, inner in enumerate(amount.of)
    ]
    counted = [factor for factor in factors if factor != NUMBER]
    if len(counted) > 1:
        raise RuleUnitMismatch(position=position)
    return counted[0] if counted else NUMBER


def _same(
    parts: list[tuple[Amount, str]], position: str, unit: str, facts: dict[str, FactSpec]
) -> str:
    units = [
        _unit_of(part, f"{position}.{where}[{index}]", unit, facts)
        for index, (part, where) in enumerate(parts)
    ]
    for index, found in enumerate(units):
        if found != units[0]:
            raise RuleUnitMismatch(position=f"{position}.{parts[index][1]}[{index}]")
    return units[0]


def _unit_of_fact(spec: FactSpec, position: str) -> str:
    if spec.type is FactType.MONEY:
        return "fen"
    if spec.type is not FactType.INT:
        raise RuleUnitMismatch(position=f"{position}.fact")
    return NUMBER
