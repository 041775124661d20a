"""The city's catalogue and policies, and small documents to change. For tests of rules."""

from copy import deepcopy
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from facts.catalogue import FactReading, FactSpec
from proactive.rules.reading import read_rule
from proactive.rules.tree import Rule

CITY = Path(__file__).parents[2] / "seeds" / "city"


@cache
def catalogue() -> dict[str, FactSpec]:
    specs = msgspec.convert(yaml.safe_load((CITY / "facts.yaml").read_text()), list[FactSpec])
    return {spec.key: spec for spec in specs}


@cache
def _policies() -> dict[str, dict[str, Any]]:
    return {
        policy["code"]: policy for policy in yaml.safe_load((CITY / "policies.yaml").read_text())
    }


def policy_codes() -> list[str]:
    return list(_policies())


def policy(code: str) -> dict[str, Any]:
    return deepcopy(_policies()[code])


def rule(code: str, **parameters: Any) -> Rule:
    document = policy(code)["document"]
    document["parameters"] |= parameters
    return read_rule(document, catalogue())


def readings(facts: dict[str, Any], as_of: date) -> dict[str, FactReading]:
    """Facts as a case writes them: a value known that very day, or {value, as_of}."""
    return {
        key: FactReading(given["value"], "测试来源", given["as_of"])
        if isinstance(given, dict)
        else FactReading(given, "测试来源", as_of)
        for key, given in facts.items()
    }


def leaf(**fields: Any) -> dict[str, Any]:
    defaults = {"kind": "compare", "id": "leaf", "text": "健在", "fact": "alive", "op": "="}
    return defaults | ({} if "value" in fields or "kind" in fields else {"value": True}) | fields


def document(rule: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A person's benefit of 100 fen, once."""
    return {
        "entity": "person",
        "parameters": {},
        "rule": rule or leaf(),
        "amount": {"kind": "fixed", "value": 100},
        "unit": {"of": "fen", "period": "once"},
    } | fields
