import time
from typing import Any

import pytest

from core.errors import DomainError
from proactive.rules import refusals
from proactive.rules.reading import read_rule
from tests.proactive.documents import catalogue, document, leaf


def nested(depth: int) -> dict[str, Any]:
    node = leaf()
    for level in range(depth):
        node = {"kind": "not", "id": f"n{level}", "text": "并非", "of": node}
    return node


def group(kind: str, *leaves: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "id": "g", "text": "组", "of": list(leaves)} | fields


def at_age(op: str, years: int) -> dict[str, Any]:
    return leaf(kind="age", id=f"age{years}", text="年龄", fact="birth", op=op, years=years)


def days(first: str, last: str) -> dict[str, Any]:
    return {
        "kind": "between",
        "id": "days",
        "text": "期间",
        "fact": "birth",
        "from": first,
        "to": last,
    }


REFUSED = [
    ("SQL in a code", leaf(fact="hukou", value="31' OR '1'='1"), "rule_unknown_code", "rule.value"),
    ("SQL as a fact", leaf(fact="1; DROP TABLE x"), "rule_malformed", "rule.fact"),
    ("python as a kind", leaf(kind="__import__"), "rule_unknown_operator", "rule.kind"),
    ("python as a fact", leaf(fact="__import__"), "rule_malformed", "rule.fact"),
    ("a power", leaf(fact="disab_grade", op="**", value=10), "rule_unknown_operator", "rule.op"),
    (
        "a tower of powers",
        leaf(fact="disab_grade", value="10**10**10"),
        "rule_type_mismatch",
        "rule.value",
    ),
    ("a huge number", leaf(fact="disab_grade", value=10**400), "rule_malformed", "rule.value"),
    ("a float", leaf(fact="disab_grade", value=1.5), "rule_malformed", "rule.value"),
    ("a regex", leaf(kind="matches", fact="hukou"), "rule_unknown_operator", "rule.kind"),
    (
        "a regex bomb as a value",
        leaf(fact="hukou", value="(a+)+$"),
        "rule_unknown_code",
        "rule.value",
    ),
    (
        "10,000 nodes",
        group("all", *(leaf(id=f"l{n}") for n in range(10_000))),
        "rule_too_large",
        None,
    ),
    ("201 nodes", group("all", *(leaf(id=f"l{n}") for n in range(199))), "rule_too_large", None),
    ("a depth of 1,000", nested(1_000), "rule_too_deep", None),
    ("a depth of 11", nested(10), "rule_too_deep", None),
    ("the year 9999", days("2024-01-01", "9999-12-31"), "rule_out_of_range", "rule"),
    ("the year 10000", days("2024-01-01", "10000-01-01"), "rule_malformed", "rule.to"),
    ("no such day", days("2024-02-30", "2024-03-01"), "rule_malformed", "rule.from"),
    (
        "days that end before they begin",
        days("2024-02-01", "2024-01-01"),
        "rule_never_true",
        "rule",
    ),
    ("an unknown fact", leaf(fact="shoe_size"), "rule_unknown_fact", "rule.fact"),
    (
        "an enterprise's fact of a person",
        leaf(fact="zjtx", value="无"),
        "rule_unknown_fact",
        "rule.fact",
    ),
    ("text for a number", leaf(fact="disab_grade", value="5"), "rule_type_mismatch", "rule.value"),
    (
        "a truth for a number",
        leaf(fact="disab_grade", value=True),
        "rule_type_mismatch",
        "rule.value",
    ),
    (
        "a code not on the list",
        leaf(fact="hukou_kind", value="居民"),
        "rule_unknown_code",
        "rule.value",
    ),
    ("an order of truths", leaf(op=">=", value=True), "rule_type_mismatch", "rule.op"),
    ("an age of a truth", leaf(kind="age", op=">=", years=65), "rule_type_mismatch", "rule.fact"),
    ("an age of 1,000", at_age(">=", 1_000), "rule_out_of_range", "rule"),
    (
        "a place that is none",
        leaf(kind="under", fact="hukou", division="31%"),
        "rule_malformed",
        None,
    ),
    ("an unknown field", leaf(value=True, sql="1"), "rule_malformed", "rule"),
    ("an empty group", group("all"), "rule_malformed", "rule.of"),
    ("three of two", group("at_least", leaf(), leaf(id="b"), n=3), "rule_out_of_range", "rule.n"),
    ("the same id twice", group("any", leaf(), leaf()), "rule_duplicate_id", "rule.of[1]"),
    (
        "older and younger",
        group("all", at_age(">=", 65), at_age("<", 60)),
        "rule_never_true",
        "rule",
    ),
    (
        "yes and no",
        group("all", leaf(id="a", value=True), leaf(id="b", value=False)),
        "rule_never_true",
        "rule",
    ),
    (
        "in two provinces",
        group(
            "all",
            {"kind": "under", "id": "a", "text": "甲", "fact": "hukou", "division": "31"},
            {"kind": "under", "id": "b", "text": "乙", "fact": "hukou", "division": "4403"},
        ),
        "rule_never_true",
        "rule",
    ),
    (
        "deep inside",
        group("any", leaf(), group("all", leaf(id="c"), leaf(id="d", fact="nowhere"), id="h")),
        "rule_unknown_fact",
        "rule.of[1].of[1].fact",
    ),
    (
        "a parameter nobody named",
        leaf(value={"param": "x"}),
        "rule_unknown_parameter",
        "rule.value",
    ),
    ("not an object", "true or 1=1", "rule_malformed", None),
]


@pytest.mark.parametrize(
    ("rule", "code", "position"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED]
)
def test_what_is_no_rule_is_refused_with_its_place(
    rule: Any, code: str, position: str | None
) -> None:
    """E07: SQL, python, powers, bombs, sizes and far dates, each with position and stable code."""
    started = time.perf_counter()

    with pytest.raises(DomainError) as refused:
        read_rule(document() | {"rule": rule}, catalogue())

    assert refused.value.code == f"proactive.{code}"
    assert "position" in refused.value.details()
    if position is not None:
        assert refused.value.details()["position"] == position
    assert time.perf_counter() - started < 1


WRONG_AMOUNTS = [
    ("per cent of money", {"kind": "rate", "value": "0.5"}, refusals.RuleUnitMismatch),
    ("a float rate", {"kind": "rate", "value": 0.5}, refusals.RuleMalformed),
    ("a rate with an exponent", {"kind": "rate", "value": "1e9"}, refusals.RuleMalformed),
    ("a rate over nothing", {"kind": "rate", "value": "1/0"}, refusals.RuleMalformed),
    (
        "money times money",
        {
            "kind": "mul",
            "of": [{"kind": "fact", "fact": "service_cost"}, {"kind": "fixed", "value": 1}],
        },
        refusals.RuleUnitMismatch,
    ),
    (
        "bands out of order",
        {
            "kind": "band",
            "over": "birth",
            "bands": [
                {"from": 80, "then": {"kind": "fixed", "value": 1}},
                {"from": 70, "then": {"kind": "fixed", "value": 2}},
            ],
        },
        refusals.RuleBandsOverlap,
    ),
    (
        "a band over a truth",
        {
            "kind": "band",
            "over": "alive",
            "bands": [{"from": 1, "then": {"kind": "fixed", "value": 1}}],
        },
        refusals.RuleTypeMismatch,
    ),
    ("an unknown fact", {"kind": "fact", "fact": "nowhere"}, refusals.RuleUnknownFact),
    ("code", {"kind": "eval", "text": "10**10**10"}, refusals.RuleUnknownOperator),
]


@pytest.mark.parametrize(
    ("amount", "refusal"), [pytest.param(*row[1:], id=row[0]) for row in WRONG_AMOUNTS]
)
def test_what_is_no_amount_is_refused(
    amount: dict[str, Any], refusal: type[refusals.RuleRefused]
) -> None:
    with pytest.raises(refusal):
        read_rule(document() | {"amount": amount}, catalogue())


def test_two_hundred_nodes_and_ten_levels_are_taken() -> None:
    wide = group("any", *(leaf(id=f"l{n}") for n in range(198)))

    assert read_rule(document(wide), catalogue())
    assert read_rule(document(nested(9)), catalogue())
