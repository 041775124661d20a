"""What the comparer of interfaces refuses, on small documents, and the released one itself."""

import copy
import json
from typing import Any

import pytest

from app.commands.openapi import RELEASED, current_document
from web.compatibility import additions, breaks

Document = dict[str, Any]

THING: Document = {
    "type": "object",
    "properties": {
        "no": {"type": "string", "format": "uuid"},
        "state": {"$ref": "#/components/schemas/State"},
        "amount_fen": {"type": "integer"},
        "paid_at": {"oneOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
        "words": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["amount_fen", "no", "paid_at", "parts", "state", "words"],
}
ASKED: Document = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-z]+$"},
        "channel": {"type": "string", "enum": ["wechat", "alipay"]},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "note": {"type": "string"},
    },
    "required": ["channel", "name"],
}


def released() -> Document:
    """One thing that can be read and made, and its list."""
    problem = {"application/problem+json": {"schema": {}, "examples": {"things.taken": {}}}}
    return {
        "paths": {
            "/v1/things/{no}": {
                "get": {
                    "security": [{"resident": []}],
                    "parameters": [
                        {"in": "path", "name": "no", "required": True, "schema": TEXT},
                        {"in": "query", "name": "wait", "schema": {**NUMBER, "maximum": 25}},
                    ],
                    "responses": {"200": _json("Thing"), "404": {"content": {}}},
                },
                "put": {
                    "requestBody": {"required": True, **_json("Asked")},
                    "responses": {"201": _json("Thing"), "409": {"content": problem}},
                },
            },
        },
        "components": {
            "schemas": {
                "Thing": copy.deepcopy(THING),
                "Asked": copy.deepcopy(ASKED),
                "State": {"type": "string", "enum": ["open", "paid"]},
            }
        },
    }


TEXT: Document = {"type": "string"}
NUMBER: Document = {"type": "integer"}


def _json(name: str) -> Document:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


def changed(where: str, value: object) -> Document:
    """The released document with another value at one place; None takes the place away."""
    document = released()
    *way, last = where.split(" ")
    part: Any = document
    for step in way:
        part = part[int(step) if isinstance(part, list) else step]
    if isinstance(part, list):
        part[int(last)] = value
    elif value is None:
        del part[last]
    else:
        part[last] = value
    return document


THING_AT = "components schemas Thing properties"
ASKED_AT = "components schemas Asked properties"
GET_AT = "paths /v1/things/{no} get"
PUT_AT = "paths /v1/things/{no} put"


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        ("paths /v1/things/{no}", None, "GET /v1/things/{no}: removed"),
        (PUT_AT, None, "PUT /v1/things/{no}: removed"),
        (f"{PUT_AT} security", [{"resident": []}], "asks for a sign-in"),
        (f"{GET_AT} security", [{"operator": []}], "asks for another sign-in"),
        (f"{GET_AT} parameters 1 required", True, "parameter query:wait: required"),
        (f"{GET_AT} parameters 1 name", "patience", "parameter query:wait: removed"),
        (f"{GET_AT} parameters 1 schema maximum", 10, "wait: maximum 25 became 10"),
        (f"{GET_AT} responses 200", None, "answer 200: removed"),
        (f"{PUT_AT} responses 409", None, "error things.taken: removed"),
        (f"{PUT_AT} requestBody content", {"text/csv": {}}, "application/json not taken any more"),
        (f"{THING_AT} paid_at", None, "answer 200.paid_at: removed"),
        (f"{THING_AT} amount_fen", TEXT, "answer 200.amount_fen: may now be string"),
        (f"{THING_AT} amount_fen type", "number", "amount_fen: may now be number"),
        (f"{THING_AT} amount_fen type", ["integer", "null"], "amount_fen: may now be null"),
        (f"{THING_AT} no format", "date", "answer 200.no: format uuid became date"),
        (f"{THING_AT} parts items", TEXT, "answer 200.parts[]: may now be string"),
        (f"{THING_AT} words additionalProperties", NUMBER, "words.*: may now be integer"),
        ("components schemas Thing required", ["no"], "answer 200.state: may be absent now"),
        ("components schemas State enum", ["open"], "answer 200.state: value paid removed"),
        ("components schemas State enum", None, "answer 200.state: any value now"),
        ("components schemas Asked required", ["channel", "name", "note"], "body.note: required"),
        (f"{ASKED_AT} note", None, "body.note: removed"),
        (f"{ASKED_AT} note", NUMBER, "body.note: string not taken any more"),
        (f"{ASKED_AT} note maxLength", 10, "body.note: maxLength None became 10"),
        (f"{ASKED_AT} name maxLength", 32, "body.name: maxLength 64 became 32"),
        (f"{ASKED_AT} name minLength", 2, "body.name: minLength 1 became 2"),
        (f"{ASKED_AT} name pattern", "^[a-f]+$", "body.name: pattern became ^[a-f]+$"),
        (f"{ASKED_AT} count maximum", 5, "body.count: maximum 9 became 5"),
        (f"{ASKED_AT} channel enum", ["wechat"], "body.channel: value alipay removed"),
        (f"{ASKED_AT} note enum", ["a"], "body.note: only a taken now"),
    ],
)
def test_what_breaks_clients_is_found(where: str, value: object, said: str) -> None:
    found = breaks(released(), changed(where, value))

    assert any(said in what for what in found), found


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("paths /v1/others", {"get": {"responses": {"200": {"content": {}}}}}),
        (f"{GET_AT} parameters 1 schema maximum", 60),
        (f"{GET_AT} responses 503", {"content": {}}),
        (f"{GET_AT} security", []),
        (f"{GET_AT} security", [{"resident": []}, {"cookie": []}]),
        (f"{THING_AT} title", TEXT),
        (f"{THING_AT} paid_at", {"type": "string", "format": "date-time"}),
        ("components schemas State enum", ["open", "paid", "refunded"]),
        (f"{ASKED_AT} title", TEXT),
        (f"{ASKED_AT} name maxLength", 128),
        (f"{ASKED_AT} name pattern", None),
        (f"{ASKED_AT} channel enum", ["wechat", "alipay", "bank"]),
        (f"{ASKED_AT} count type", "number"),
        (f"{ASKED_AT} note", {"oneOf": [TEXT, {"type": "null"}]}),
        ("components schemas Asked required", ["name"]),
    ],
)
def test_what_is_added_or_widened_is_not(where: str, value: object) -> None:
    assert breaks(released(), changed(where, value)) == []


def test_a_schema_of_another_name_is_the_same_schema() -> None:
    document = json.loads(json.dumps(released()).replace("Thing", "OtherThing"))

    assert breaks(released(), document) == []


def test_alternatives_are_told_apart_by_their_tag() -> None:
    def answering(*kinds: str) -> Document:
        return changed("components schemas Thing", {"oneOf": [_tagged(kind) for kind in kinds]})

    assert breaks(answering("a", "b"), answering("b", "a")) == []
    assert any("kind=c" in what for what in breaks(answering("a", "b"), answering("a", "b", "c")))


def _tagged(kind: str) -> Document:
    properties = {"kind": {"const": kind}, kind: TEXT}
    return {"type": "object", "properties": properties, "required": ["kind", kind]}


def test_what_is_new_is_told() -> None:
    document = changed("paths /v1/others", {"get": {"responses": {}}})

    assert additions(released(), document) == ["GET /v1/others: new"]


def test_clients_of_the_last_release_still_work() -> None:
    """Additions are fine, and part of the next release: `make release-openapi`.

    When this fails, clients that are out there break. Keep the old beside the new. What was never
    handed out may be taken back: remove docs/openapi/v1.json and release again.
    """
    assert breaks(json.loads(RELEASED.read_bytes()), current_document()) == []
