"""Whom the city's policies reach, and whom they cannot decide: golden, by name and amount."""

from datetime import date

import pytest

from facts.catalogue import FactReading, FactType
from proactive.rules.evaluation import Outcome
from proactive.rules.explanation import evaluate
from proactive.rules.reading import read_rule
from seeds.facts_said import catalogue
from seeds.files import City
from seeds.rows import DatedFact, EnterpriseRow, PersonRow

ON = date(2026, 11, 22)
CITY = City()
CATALOGUE = {spec.key: spec for spec in catalogue(CITY)}
POLICIES = {row["code"]: row for row in CITY.policies}

GOLDEN: dict[str, tuple[dict[str, int], set[str]]] = {
    "sh-elder": (
        {
            "wang-guilan": 15000,
            "sun-henian": 60000,
            "sun-changgeng": 15000,
            "li-weidong": 7500,
            "zhou-xiuying": 7500,
            "pan-yuee": 18000,
        },
        {"tang-guifang"},
    ),
    "sz-elder": (
        {"sun-changgeng": 20000},
        {"wang-guilan", "sun-henian", "tang-guifang", "pan-yuee"},
    ),
    "sh-disab-life": ({"wu-zhiqiang": 41000, "zheng-xiaolan": 29000}, {"tang-guifang"}),
    "sh-disab-care": ({"wu-zhiqiang": 15000, "zheng-xiaolan": 15000}, set()),
    "cn-child": ({"lin-lele": 360000, "lin-anan": 360000}, {"he-tiantian"}),
    "rural-award": (
        {"sun-changgeng": 96000, "guo-dashan": 96000, "han-yuzhen": 96000},
        {"tang-guifang"},
    ),
    "cn-6t2f": ({"linxi-ceramics": 2190000, "tianye-noodles": 43000}, {"siyuan-software"}),
    "px-hightech": (
        {"linxi-precision": 20000000, "linxi-ceramics": 10000000},
        {"siyuan-software", "tianye-noodles"},
    ),
    "ah-startup": ({"huang-siyuan": 1000000}, set()),
    "cn-maternity": ({"xu-jing": 3950000}, {"luo-min"}),
    "cn-disabled-elder": ({"sun-henian": 80000, "pan-yuee": 60000}, {"tang-guifang"}),
}


@pytest.mark.parametrize("code", GOLDEN)
def test_reaches_these_and_cannot_decide_those(code: str) -> None:
    eligible, unknown = GOLDEN[code]

    found = outcomes(code)

    assert {key: amount for key, (_, amount) in found.items() if amount} == eligible
    assert {key for key, (outcome, _) in found.items() if outcome is Outcome.UNKNOWN} == unknown


@pytest.mark.parametrize("code", GOLDEN)
def test_who_died_receives_nothing_and_is_no_open_question(code: str) -> None:
    outcome, amount = outcomes(code).get("chen-fugui", (Outcome.REFUSED, None))

    assert (outcome, amount) == (Outcome.REFUSED, None)


def outcomes(code: str) -> dict[str, tuple[Outcome, int | None]]:
    rule = read_rule(POLICIES[code]["document"], CATALOGUE)
    decided = {row.key: evaluate(rule, readings(row), ON) for row in in_reach(rule.document.entity)}
    return {key: (decision.outcome, decision.quantity) for key, decision in decided.items()}


def in_reach(entity: str) -> list[PersonRow] | list[EnterpriseRow]:
    if entity == "enterprise":
        return CITY.enterprises
    if entity == "child":
        return [row for row in CITY.people if row.birth_date > date(2008, 11, 22)]
    return CITY.people


def readings(row: PersonRow | EnterpriseRow) -> dict[str, FactReading]:
    """The row's facts as if every department had spoken on the day."""
    read = {}
    for key, given in row.facts.items():
        value, as_of = (given.value, given.as_of) if isinstance(given, DatedFact) else (given, ON)
        if CATALOGUE[key].type is FactType.DATE:
            value = date.fromisoformat(str(value))
        read[key] = FactReading(value, "测试来源", as_of)
    return read
