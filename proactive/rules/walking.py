"""Every part of a document with its position, in the order it is read."""

from collections.abc import Iterator

from proactive.rules.tree import (
    All,
    Amount,
    AnyOf,
    AtLeast,
    Band,
    Document,
    Highest,
    Lowest,
    Mul,
    Node,
    Not,
    Pick,
    Sum,
)

Placed = tuple[Node, str]
PlacedAmount = tuple[Amount, str]


def children(node: Node, position: str) -> Iterator[Placed]:
    """The nodes right below one, none for a leaf."""
    match node:
        case All() | AnyOf() | AtLeast():
            for index, inner in enumerate(node.of):
                yield inner, f"{position}.of[{index}]"
        case Not():
            yield node.of, f"{position}.of"


def nodes(node: Node, position: str) -> Iterator[Placed]:
    """A node and all below it."""
    yield node, position
    for inner, at in children(node, position):
        yield from nodes(inner, at)


def amounts(amount: Amount, position: str) -> Iterator[PlacedAmount]:
    """An amount and all the amounts it is made of."""
    yield amount, position
    match amount:
        case Mul() | Sum() | Lowest() | Highest():
            for index, inner in enumerate(amount.of):
                yield from amounts(inner, f"{position}.of[{index}]")
        case Pick():
            for index, choice in enumerate(amount.cases):
                yield from amounts(choice.then, f"{position}.cases[{index}].then")
        case Band():
            for index, step in enumerate(amount.bands):
                yield from amounts(step.then, f"{position}.bands[{index}].then")


def trees(document: Document) -> Iterator[Placed]:
    """The condition of the rule, and those inside its amount."""
    yield document.rule, "rule"
    for amount, position in amounts(document.amount, "amount"):
        if isinstance(amount, Pick):
            for index, choice in enumerate(amount.cases):
                yield choice.when, f"{position}.cases[{index}].when"
