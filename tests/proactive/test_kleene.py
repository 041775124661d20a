"""The evaluator against a second, naive reading of the same words. That test defines the engine."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from facts.catalogue import FactReading, FactSpec, FactType
from proactive.rules.evaluation import Outcome
from proactive.rules.explanation import evaluate
from proactive.rules.reading import read_rule
from proactive.rules.refusals import RuleNeverTrue
from proactive.rules.tree import Rule
from tests.proactive.documents import document

ON = date(2026, 3, 1)
KINDS = {
    "b": FactType.BOOL,
    "i": FactType.INT,
    "m": FactType.MONEY,
    "d": FactType.DATE,
    "c": FactType.CODE,
    "v": FactType.DIVISION,
}
CATALOGUE = {
    key + str(n): FactSpec(
        key=key + str(n),
        name=key,
        type=kind,
        entities=("person",),
        department="x",
        freshness_days=100,
        codes=("甲", "乙", "丙") if kind is FactType.CODE else (),
    )
    for key, kind in KINDS.items()
    for n in (1, 2)
}
DAYS = st.sampled_from(
    [date(1960, 2, 29), date(1961, 3, 1), date(1961, 2, 28), date(2025, 12, 1), date(2025, 11, 30)]
)
NUMBERS = st.integers(-2, 3)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "b": st.booleans(),
    "i": NUMBERS,
    "m": NUMBERS,
    "d": DAYS,
    "c": st.sampled_from(["甲", "乙", "丙"]),
    "v": st.sampled_from(["31", "310101", "3301", "330199001"]),
}


def literal(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@st.composite
def leaves(draw: st.DrawFn) -> dict[str, Any]:
    key = draw(st.sampled_from(sorted(CATALOGUE)))
    kind = draw(st.sampled_from(_kinds_for(key[0])))
    node: dict[str, Any] = {"kind": kind, "fact": key, "text": "条件"}
    match kind:
        case "compare":
            ops = ["=", "!="] if key[0] in "bcv" else ["=", "!=", "<", "<=", ">", ">="]
            node |= {"op": draw(st.sampled_from(ops)), "value": literal(draw(VALUES[key[0]]))}
        case "in":
            node["values"] = [
                literal(v) for v in draw(st.lists(VALUES[key[0]], min_size=1, max_size=3))
            ]
        case "under":
            node["division"] = draw(st.sampled_from(["31", "3301", "330199"]))
        case "age":
            node |= {"op": draw(st.sampled_from(["<", ">="])), "years": draw(st.integers(63, 66))}
        case "months":
            node |= {"op": draw(st.sampled_from(["<", ">="])), "months": draw(st.integers(1, 5))}
        case "between":
            first, last = sorted((draw(DAYS), draw(DAYS)))
            node |= {"from": literal(first), "to": literal(last)}
    return node


def _kinds_for(letter: str) -> list[str]:
    extra = {"d": ["age", "months", "between"], "v": ["under"]}.get(letter, [])
    return ["compare", "in", "known", "missing", *extra]


def groups(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    many = st.lists(inner, min_size=1, max_size=4)
    return st.one_of(
        st.tuples(st.sampled_from(["all", "any"]), many).map(
            lambda made: {"kind": made[0], "text": "组", "of": made[1]}
        ),
        inner.map(lambda made: {"kind": "not", "text": "非", "of": made}),
        st.tuples(many, st.integers(1, 4)).map(
            lambda made: {
                "kind": "at_least",
                "text": "至少",
                "n": min(made[1], len(made[0])),
                "of": made[0],
            }
        ),
    )


TREES = st.recursive(leaves(), groups, max_leaves=12)


@st.composite
def people(draw: st.DrawFn) -> dict[str, FactReading]:
    facts = {}
    for key in CATALOGUE:
        if draw(st.booleans()):
            days_old = draw(st.sampled_from([0, 100, 101]))
            facts[key] = FactReading(draw(VALUES[key[0]]), "源", ON - timedelta(days=days_old))
    return facts


def numbered(node: dict[str, Any], ids: list[int]) -> dict[str, Any]:
    ids[0] += 1
    made = node | {"id": f"n{ids[0]}"}
    if node["kind"] == "not":
        made["of"] = numbered(node["of"], ids)
    elif "of" in node:
        made["of"] = [numbered(inner, ids) for inner in node["of"]]
    return made


# ---- the naive reading: 1 is true, 0 is false, a half is unknown

HALF = Fraction(1, 2)


def naive(node: dict[str, Any], facts: dict[str, FactReading]) -> Fraction:
    if node["kind"] == "all":
        return min(naive(inner, facts) for inner in node["of"])
    if node["kind"] == "any":
        return max(naive(inner, facts) for inner in node["of"])
    if node["kind"] == "not":
        return 1 - naive(node["of"], facts)
    if node["kind"] == "at_least":
        return sorted((naive(inner, facts) for inner in node["of"]), reverse=True)[node["n"] - 1]
    reading = facts.get(node["fact"])
    value = None if reading is None or (ON - reading.as_of).days > 100 else reading.value
    if node["kind"] in ("known", "missing"):
        return Fraction((value is not None) == (node["kind"] == "known"))
    return HALF if value is None else Fraction(bool(naive_leaf(node, value)))


def naive_leaf(node: dict[str, Any], value: Any) -> bool:
    match node["kind"]:
        case "compare":
            other = date.fromisoformat(node["value"]) if isinstance(value, date) else node["value"]
            return {
                "=": value == other,
                "!=": value != other,
                "<": type(value) is not bool and value < other,
                "<=": type(value) is not bool and value <= other,
                ">": type(value) is not bool and value > other,
                ">=": type(value) is not bool and value >= other,
            }[node["op"]]
        case "in":
            return literal(value) in node["values"]
        case "under":
            return value[: len(node["division"])] == node["division"]
        case "age":
            return (birthdays(value, 12) >= node["years"]) == (node["op"] == ">=")
        case "months":
            return (birthdays(value, 1) >= node["months"]) == (node["op"] == ">=")
    return date.fromisoformat(node["from"]) <= value <= date.fromisoformat(node["to"])


def birthdays(start: date, step: int) -> int:
    """How many anniversaries came by, found by walking; a missing day comes the day after."""
    count = 0
    while True:
        year, month = divmod(start.year * 12 + start.month - 1 + step * (count + 1), 12)
        day = start.day
        try:
            reached = date(year, month + 1, day)
        except ValueError:
            reached = date(year + (month == 11), (month + 1) % 12 + 1, 1)
        if reached > ON:
            return count
        count += 1


def ruled(tree: dict[str, Any], facts: dict[str, FactReading]) -> Rule | None:
    """The tree as a rule; None when a part is refused as never true, which it then is here too."""
    made = numbered(tree, [0])
    try:
        return read_rule(document(made), CATALOGUE)
    except RuleNeverTrue as refused:
        part = next(node for node in flat(made) if node["id"] == refused.details()["node"])
        assert naive(part, facts) != 1
        return None


def flat(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    inner = node.get("of", [])
    for child in [inner] if isinstance(inner, dict) else inner:
        yield from flat(child)


@settings(max_examples=400, deadline=None)
@given(TREES, people())
def test_the_evaluator_equals_a_naive_reading(
    tree: dict[str, Any], facts: dict[str, FactReading]
) -> None:
    if (rule := ruled(tree, facts)) is None:
        return

    decision = evaluate(rule, facts, ON)

    expected = {Fraction(1): Outcome.ELIGIBLE, Fraction(0): Outcome.REFUSED, HALF: Outcome.UNKNOWN}
    assert decision.outcome is expected[naive(tree, facts)]
    assert evaluate(rule, facts, ON) == decision


@settings(max_examples=200, deadline=None)
@given(TREES, people())
def test_the_failing_set_refuses_by_itself_and_no_smaller_one_does(
    tree: dict[str, Any], facts: dict[str, FactReading]
) -> None:
    """E14: whatever every other condition came out as, these alone refuse."""
    if (rule := ruled(tree, facts)) is None:
        return
    if (decision := evaluate(rule, facts, ON)).outcome is not Outcome.REFUSED:
        return
    ids = numbered(tree, [0])
    truths = {node.id: node.truth for node in decision.nodes}

    def refuses(kept: set[str]) -> bool:
        return with_only(ids, kept, truths) == 0

    failing = set(decision.failing)
    assert refuses(failing)
    assert all(not refuses(failing - {one}) for one in failing)


def with_only(node: dict[str, Any], kept: set[str], truths: dict[str, bool | None]) -> Fraction:
    match node["kind"]:
        case "all":
            return min(with_only(inner, kept, truths) for inner in node["of"])
        case "any":
            return max(with_only(inner, kept, truths) for inner in node["of"])
        case "not":
            return 1 - with_only(node["of"], kept, truths)
        case "at_least":
            values = sorted(with_only(inner, kept, truths) for inner in node["of"])
            return values[len(values) - node["n"]]
    truth = truths[node["id"]]
    return Fraction(truth) if node["id"] in kept and truth is not None else HALF


@settings(max_examples=200, deadline=None)
@given(TREES, people(), st.data())
def test_an_unknown_ends_once_the_facts_it_names_are_known(
    tree: dict[str, Any], facts: dict[str, FactReading], data: st.DataObject
) -> None:
    if (rule := ruled(tree, facts)) is None:
        return
    asks_presence = any(node["kind"] in ("known", "missing") for node in flat(tree))
    if (decision := evaluate(rule, facts, ON)).outcome is not Outcome.UNKNOWN or asks_presence:
        return

    told = {key: FactReading(data.draw(VALUES[key[0]]), "源", ON) for key in decision.needs}

    assert evaluate(rule, facts | told, ON).outcome is not Outcome.UNKNOWN
