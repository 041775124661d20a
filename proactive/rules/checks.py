"""What can be said of a document before it decides anybody: types, codes, ranges."""

from datetime import date

from facts.catalogue import DIVISION, FIRST_DAY, LAST_DAY, Catalogue, FactSpec, FactType
from proactive.rules.intervals import check_possible
from proactive.rules.refusals import (
    RuleDuplicateId,
    RuleMalformed,
    RuleOutOfRange,
    RuleTypeMismatch,
    RuleUnknownCode,
    RuleUnknownFact,
)
from proactive.rules.tree import (
    Age,
    AtLeast,
    Band,
    Between,
    Compare,
    Document,
    In,
    Leaf,
    Literals,
    Months,
    Node,
    OfFact,
    Under,
)
from proactive.rules.units import check_units
from proactive.rules.walking import amounts, nodes, trees

OLDEST_YEARS = 150
_ORDERED = (FactType.INT, FactType.MONEY, FactType.DATE)


def check_document(document: Document, catalogue: Catalogue) -> dict[str, FactSpec]:
    """Refuse what cannot be meant; return the facts the document reads."""
    facts: dict[str, FactSpec] = {}
    seen: set[str] = set()
    for tree, root in trees(document):
        for node, position in nodes(tree, root):
            if node.id in seen:
                raise RuleDuplicateId(position=position, node=node.id)
            seen.add(node.id)
            _check_node(node, position, document.entity, catalogue, facts)
        check_possible(tree, root)
    for amount, position in amounts(document.amount, "amount"):
        if isinstance(amount, OfFact):
            spec = _spec(amount.fact, f"{position}.fact", "", document.entity, catalogue)
            facts[spec.key] = spec
        elif isinstance(amount, Band):
            spec = _spec(amount.over, f"{position}.over", "", document.entity, catalogue)
            if spec.type not in _ORDERED:
                raise RuleTypeMismatch(position=f"{position}.over")
            facts[spec.key] = spec
    check_units(document, facts)
    return facts


def _check_node(
    node: Node, position: str, entity: str, catalogue: Catalogue, facts: dict[str, FactSpec]
) -> None:
    if isinstance(node, AtLeast) and node.n > len(node.of):
        raise RuleOutOfRange(position=f"{position}.n", node=node.id)
    if not isinstance(node, Leaf):
        return
    spec = _spec(node.fact, f"{position}.fact", node.id, entity, catalogue)
    facts[spec.key] = spec
    match node:
        case Compare():
            _check_compare(node, spec, position)
        case In():
            for index, value in enumerate(node.values):
                check_literal(value, spec, f"{position}.values[{index}]", node.id)
        case Under():
            _check_under(node, spec, position)
        case Age() | Months() | Between():
            _check_dates(node, spec, position)


def _spec(key: str, position: str, node: str, entity: str, catalogue: Catalogue) -> FactSpec:
    spec = catalogue.get(key)
    if spec is None or entity not in spec.entities:
        raise RuleUnknownFact(position=position, node=node)
    return spec


def _check_compare(node: Compare, spec: FactSpec, position: str) -> None:
    if node.op not in ("=", "!=") and spec.type not in _ORDERED:
        raise RuleTypeMismatch(position=f"{position}.op", node=node.id)
    check_literal(node.value, spec, f"{position}.value", node.id)


def _check_under(node: Under, spec: FactSpec, position: str) -> None:
    if spec.type is not FactType.DIVISION:
        raise RuleTypeMismatch(position=f"{position}.fact", node=node.id)
    if DIVISION.match(node.division) is None:
        raise RuleUnknownCode(position=f"{position}.division", node=node.id)


def _check_dates(node: Age | Months | Between, spec: FactSpec, position: str) -> None:
    if spec.type is not FactType.DATE:
        raise RuleTypeMismatch(position=f"{position}.fact", node=node.id)
    match node:
        case Age():
            possible = 0 <= node.years <= OLDEST_YEARS
        case Months():
            possible = 0 <= node.months <= 12 * OLDEST_YEARS
        case Between():
            possible = node.first >= FIRST_DAY and node.last <= LAST_DAY
    if not possible:
        raise RuleOutOfRange(position=position, node=node.id)


def check_literal(value: Literals, spec: FactSpec, position: str, node: str) -> None:
    """A literal must be one the fact can have: "5" is not 5, and a code is on the list."""
    match spec.type:
        case FactType.CODE | FactType.DIVISION:
            if not isinstance(value, str):
                raise RuleTypeMismatch(position=position, node=node)
            if not spec.accepts(value):
                raise RuleUnknownCode(position=position, node=node)
        case FactType.DATE:
            _check_day(value, position, node)
        case _:
            if not spec.accepts(value):
                raise RuleTypeMismatch(position=position, node=node)


def _check_day(value: Literals, position: str, node: str) -> None:
    if not isinstance(value, str):
        raise RuleTypeMismatch(position=position, node=node)
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise RuleTypeMismatch(position=position, node=node) from error
    if day.isoformat() != value:
        raise RuleMalformed(position=position, node=node)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise RuleOutOfRange(position=position, node=node)
