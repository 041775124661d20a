"""Requests out of the OpenAPI document: valid, invalid, at the bounds, and its own examples."""

import itertools
import random
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote
from uuid import uuid4

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from msgspec import UNSET, Struct
from schemathesis import APIOperation, Case, GenerationMode

Document = dict[str, Any]

ODD: Sequence[Any] = (
    *(None, True, 0, -1, 1, 2**31, 2**63, 10**30, 0.5, 1e308, float("nan")),
    *("", " ", "0", "x" * 300, "\x00", "\ud800", "𠮷𡘙", "％", "'; --", "../..", "9999-12-31"),
    *("2026-02-30", "0001-01-01T00:00:00Z", "330199", "00000000-0000-0000-0000-000000000000"),
    *([], {}, [None], [[]], {"": None}, {"kind": "all", "of": []}, {"param": "none"}),
)

schemathesis.openapi.media_type("application/pdf", st.binary(max_size=2000).map(b"%PDF-".__add__))


class Asked(Struct, kw_only=True):
    """One request. `path` is the template; `json` or `content` is the body, or neither."""

    method: str
    template: str
    path: dict[str, Any]
    query: dict[str, Any] | list[tuple[str, Any]]
    headers: dict[str, str]
    json: Any = UNSET
    content: bytes = b""
    kind: str = ""

    @property
    def label(self) -> str:
        return f"{self.method} {self.template}"

    def url(self) -> str:
        filled = {name: quote(_text(value), safe="") for name, value in self.path.items()}
        return self.template.format(**filled)

    def leads_elsewhere(self) -> bool:
        """Whether a value is no single part of a path, so that this is no address of ours."""
        return any(
            _text(value) in ("", ".", "..") or "/" in _text(value) for value in self.path.values()
        )


def requests_of(document: Document, *, each: int, number: int, bounds: bool) -> list[Asked]:
    """For each operation `each` requests, all mixed, and the same for the same number.

    With `bounds` also what lies at the bounds of each field: of a deep body there are thousands,
    and finding them takes half a minute.
    """
    schema = schemathesis.openapi.from_dict(_without_security(document))
    operations = [found.ok() for found in schema.get_all_operations()]
    asked: list[Asked] = []
    for place, operation in enumerate(operations):
        found = [
            *_generated(operation, GenerationMode.POSITIVE, each * 4 // 10, number + place),
            *_generated(operation, GenerationMode.NEGATIVE, each * 3 // 10, number + place),
            *(_at_the_bounds(operation, each * 2 // 10, number + place) if bounds else ()),
        ]
        asked += [_asked(case) for case in found]
        asked += _examples(document, operation, each - len(found), number + place)
    random.Random(number).shuffle(asked)
    return asked


def _without_security(document: Document) -> Document:
    """Who asks is the player's to say: or nearly every request would be turned away at the door."""
    paths = {
        path: {
            method: {name: part for name, part in operation.items() if name != "security"}
            for method, operation in operations.items()
        }
        for path, operations in document["paths"].items()
    }
    return document | {"paths": paths}


def _generated(
    operation: APIOperation, mode: GenerationMode, count: int, number: int
) -> list[Case]:
    found: list[Case] = []

    @seed(number)
    @settings(
        max_examples=max(count, 1),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def collect(case: Case) -> None:
        found.append(case)

    try:
        collect()
    except Unsatisfiable:  # nothing of this operation can be wrong
        return []
    return found


def _at_the_bounds(operation: APIOperation, count: int, number: int) -> Sequence[Case]:
    cases = operation.schema.iter_coverage_cases(
        operation,
        generation_modes=list(GenerationMode),
        generation_config=operation.schema.config.generation,
    )
    known = list(itertools.islice(cases, count * 3))
    return random.Random(number).sample(known, min(count, len(known)))


def _examples(
    document: Document, operation: APIOperation, count: int, seed_number: int
) -> list[Asked]:
    """The document's own example of a body, every other bent: what is known fills in the rest."""
    described = document["paths"][operation.path][operation.method]
    content = described.get("requestBody", {}).get("content", {})
    examples = content.get("application/json", {}).get("examples", {})
    shown = [example["value"] for example in examples.values()] or [UNSET]
    path = {
        p["name"]: _placeholder(p) for p in described.get("parameters", ()) if p["in"] == "path"
    }
    chance, pdf = random.Random(seed_number), "application/pdf" in content
    return [
        Asked(
            method=operation.method.upper(),
            template=operation.path,
            path=path,
            query={},
            headers={"content-type": "application/pdf"} if pdf else {},
            content=b"%PDF-1.7" if pdf else b"",
            json=bent(shown[0], chance) if number % 2 else shown[0],
            kind="example",
        )
        for number in range(count)
    ]


def _placeholder(parameter: Document) -> str:
    """For where nothing is known yet, or the client names what it creates."""
    return str(uuid4()) if parameter["schema"].get("format") == "uuid" else "0"


def bent(value: Any, chance: random.Random) -> Any:
    """The same value with one thing in it, somewhere, that is not as it was."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(list(value))
        if chance.random() < 0.1:
            return {key: kept for key, kept in value.items() if key != name}
        return value | {name: bent(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.7:
        place = chance.randrange(len(value))
        return [*value[:place], bent(value[place], chance), *value[place + 1 :]]
    return value if value is UNSET else chance.choice(ODD)


def _asked(case: Case) -> Asked:
    sent = case.as_transport_kwargs(base_url="http://x")
    content = sent.get("data") or b""
    return Asked(
        method=sent["method"],
        template=case.operation.path,
        path={n: unquote(_text(value)) for n, value in (case.path_parameters or {}).items()},
        query=sent.get("params") or {},
        headers={
            name.lower(): _text(value)
            for name, value in sent["headers"].items()
            if name.lower() in ("content-type", "accept") or name in (case.headers or {})
        },
        json=sent.get("json", UNSET),
        content=content
        if isinstance(content, bytes)
        else _text(content).encode("utf-8", "replace"),
        kind=case.meta.generation.mode.value if case.meta else "",
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
