"""The rule tree, version 1: what an operator's form edits and the database keeps. 规则树

Every node has an id, a plain Chinese sentence and a citation; it is data and is never run as text.
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from core.lines import Line, OptionalLine
from facts.catalogue import LARGEST, FactSpec

FORMAT = 1
MAX_NODES = 200
MAX_DEPTH = 10

Id = Annotated[str, Meta(pattern=r"\A[a-z0-9_.-]{1,40}\Z")]
Key = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9_]{0,39}\Z")]
Sentence = Annotated[Line, Meta(min_length=1, max_length=200)]
Citation = Annotated[OptionalLine, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=64)]
Whole = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
Order = Literal["=", "!=", "<", "<=", ">", ">="]


Literals = bool | Whole | Text


class _Node(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    id: Id
    text: Sentence
    cite: Citation = ""


class All(_Node, frozen=True, tag="all"):
    of: Annotated[tuple["Node", ...], Meta(min_length=1)]


class AnyOf(_Node, frozen=True, tag="any"):
    of: Annotated[tuple["Node", ...], Meta(min_length=1)]


class Not(_Node, frozen=True, tag="not"):
    of: "Node"


class AtLeast(_Node, frozen=True, tag="at_least"):
    n: Annotated[int, Meta(ge=1, le=MAX_NODES)]
    of: Annotated[tuple["Node", ...], Meta(min_length=1)]


class _Leaf(_Node, frozen=True):
    fact: Key


class Compare(_Leaf, frozen=True, tag="compare"):
    op: Order
    value: Literals


class In(_Leaf, frozen=True, tag="in"):
    values: Annotated[tuple[Literals, ...], Meta(min_length=1, max_length=MAX_NODES)]


class Under(_Leaf, frozen=True, tag="under"):
    """In a division or one below it, by the prefix of its code."""

    division: Text


class Age(_Leaf, frozen=True, tag="age"):
    """Full years since a date, day grain. 周岁"""

    op: Literal["<", ">="]
    years: Whole


class Months(_Leaf, frozen=True, tag="months"):
    """Full months since a date, day grain. 满月"""

    op: Literal["<", ">="]
    months: Whole


class Between(_Leaf, frozen=True, tag="between", rename={"first": "from", "last": "to"}):
    """From the first day to the last, both included."""

    first: date
    last: date


class Known(_Leaf, frozen=True, tag="known"):
    """Whether there is a fresh value at all. Never unknown itself."""


class Missing(_Leaf, frozen=True, tag="missing"):
    """Whether there is none."""


Group = All | AnyOf | Not | AtLeast
Leaf = Compare | In | Under | Age | Months | Between | Known | Missing
Node = All | AnyOf | Not | AtLeast | Compare | In | Under | Age | Months | Between | Known | Missing


class _Amount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    pass


class Fixed(_Amount, frozen=True, tag="fixed"):
    """So many of the unit: whole fen when the unit is money."""

    value: Whole


class Rate(_Amount, frozen=True, tag="rate"):
    """An exact number without a unit, written as a decimal or a fraction: "0.5", "1/3"."""

    value: Annotated[str, Meta(pattern=r"\A[0-9]{1,6}(\.[0-9]{1,6}|/[1-9][0-9]{0,5})?\Z")]


class OfFact(_Amount, frozen=True, tag="fact"):
    fact: Key


class Choice(Struct, frozen=True, forbid_unknown_fields=True):
    when: Node
    then: "Amount"


class Pick(_Amount, frozen=True, tag="pick"):
    """The first whose condition holds."""

    cases: Annotated[tuple[Choice, ...], Meta(min_length=1)]


class Step(Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from"}):
    start: Whole
    then: "Amount"


class Band(_Amount, frozen=True, tag="band"):
    """The highest step reached: by age when the fact is a date, else by its value. 分档"""

    over: Key
    bands: Annotated[tuple[Step, ...], Meta(min_length=1)]


class Mul(_Amount, frozen=True, tag="mul"):
    of: Annotated[tuple["Amount", ...], Meta(min_length=2, max_length=5)]


class Sum(_Amount, frozen=True, tag="sum"):
    of: Annotated[tuple["Amount", ...], Meta(min_length=1)]


class Lowest(_Amount, frozen=True, tag="min"):
    of: Annotated[tuple["Amount", ...], Meta(min_length=1)]


class Highest(_Amount, frozen=True, tag="max"):
    of: Annotated[tuple["Amount", ...], Meta(min_length=1)]


Amount = Fixed | Rate | OfFact | Pick | Band | Mul | Sum | Lowest | Highest


class Unit(Struct, frozen=True, forbid_unknown_fields=True):
    """What an amount counts, and how often it comes."""

    of: Literal["fen", "percent", "kwh"]
    period: Literal["once", "month", "quarter", "year"]


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that decides: the part of a policy version that its hash binds first."""

    format: Literal[1] = 1
    entity: Literal["person", "child", "enterprise", "household", "hire", "vehicle"]
    parameters: dict[Key, Literals] = {}  # where the tree says {"param": name}
    rule: Node
    amount: Amount
    unit: Unit


class Rule(Struct, frozen=True, kw_only=True):
    """A document that passed every check, its parameters put in, with the facts it reads."""

    document: Document
    facts: dict[str, FactSpec]
