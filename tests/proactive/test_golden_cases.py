from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from proactive.rules.evaluation import Outcome
from proactive.rules.explanation import evaluate
from tests.proactive.documents import policy_codes, readings, rule

FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
SHEETS = [yaml.safe_load(path.read_text()) for path in FILES]
CASES = [
    pytest.param(sheet, case, id=f"{sheet['policy']}-{case['name']}")
    for sheet in SHEETS
    for case in sheet["cases"]
]


@pytest.mark.parametrize(("sheet", "case"), CASES)
def test_a_policy_decides_its_golden_cases(sheet: dict[str, Any], case: dict[str, Any]) -> None:
    """E15: boundaries by the truth table; a missing or stale fact is unknown, never no."""
    as_of: date = case.get("as_of", sheet["as_of"])
    facts = readings(case["facts"], as_of)

    decision = evaluate(rule(sheet["policy"], **sheet["parameters"]), facts, as_of)

    assert decision.outcome == Outcome(case["outcome"])
    assert decision.quantity == case.get("amount")
    assert list(decision.needs) == case.get("needs", [])
    assert list(decision.failing) == case.get("failing", [])
    assert decision.reasons


def test_every_policy_of_the_city_has_golden_cases() -> None:
    assert sorted(sheet["policy"] for sheet in SHEETS) == sorted(policy_codes())
