"""A rule document from JSON to a checked `Rule`, or a refusal with its place."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from facts.catalogue import Catalogue
from proactive.rules.checks import check_document
from proactive.rules.refusals import (
    RuleMalformed,
    RuleTooDeep,
    RuleTooLarge,
    RuleUnknownOperator,
    RuleUnknownParameter,
)
from proactive.rules.tree import MAX_DEPTH, MAX_NODES, Document, Rule

_MAX_PARTS = 20_000
_MAX_NESTING = 64
_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`\Z")


def read_rule(raw: object, catalogue: Catalogue) -> Rule:
    """Check a document against the catalogue. What it refuses, it refuses with a position. (E07)"""
    measure(raw)
    filled = _fill(raw, _parameters(raw), "")
    try:
        document = msgspec.convert(filled, Document)
    except msgspec.ValidationError as error:
        raise _malformed(str(error)) from error
    return Rule(document=document, facts=check_document(document, catalogue))


def measure(raw: object) -> None:
    """Refuse a document that is too large or too deep, before anything else walks it."""
    parts, nodes = 0, 0
    waiting: list[tuple[object, str, int, int]] = [(raw, "", 0, 0)]
    while waiting:
        part, position, depth, nesting = waiting.pop()
        parts += 1
        if isinstance(part, Mapping) and "kind" in part:
            nodes, depth = nodes + 1, depth + 1
        if depth > MAX_DEPTH or nesting > _MAX_NESTING:
            raise RuleTooDeep(position=position)
        if nodes > MAX_NODES or parts > _MAX_PARTS:
            raise RuleTooLarge(position=position)
        waiting.extend((inner, at, depth, nesting + 1) for inner, at in _inside(part, position))


def _inside(part: object, position: str) -> list[tuple[object, str]]:
    if isinstance(part, Mapping):
        return [(inner, f"{position}.{key}".lstrip(".")) for key, inner in part.items()]
    if isinstance(part, list | tuple):
        return [(inner, f"{position}[{index}]") for index, inner in enumerate(part)]
    return []


def _parameters(raw: object) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise RuleMalformed(position="")
    parameters = raw.get("parameters", {})
    if not isinstance(parameters, Mapping):
        raise RuleMalformed(position="parameters")
    return parameters


def _fill(part: object, parameters: Mapping[str, object], position: str) -> Any:
    """Put each named parameter's value where the tree says {"param": name}."""
    if isinstance(part, Mapping):
        if set(part) == {"param"}:
            name = part["param"]
            if not isinstance(name, str) or name not in parameters:
                raise RuleUnknownParameter(position=position)
            return parameters[name]
        return {key: _fill(part[key], parameters, f"{position}.{key}".lstrip(".")) for key in part}
    if isinstance(part, list | tuple):
        return [
            _fill(inner, parameters, f"{position}[{index}]") for index, inner in enumerate(part)
        ]
    return part


def _malformed(message: str) -> RuleMalformed | RuleUnknownOperator:
    found = _AT.search(message)
    position = found["path"] if found else ""
    if position.endswith((".op", ".kind")):
        return RuleUnknownOperator(position=position)
    return RuleMalformed(position=position)
