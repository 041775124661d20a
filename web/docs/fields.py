"""Schemas as rows that a person reads, and as a value that looks like one of them."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import yaml
from msgspec import Struct

Schema = Mapping[str, Any]

DEEPEST = 5
_TYPES = {
    "string": "文字",
    "integer": "整数",
    "number": "数字",
    "boolean": "是否",
    "array": "列表",
    "object": "对象",
}
_FORMATS = {
    "uuid": "UUID",
    "date-time": "时刻",
    "date": "日期",
    "binary": "文件内容",
}
_LIMITS = {
    "minLength": "至少 {} 字",
    "maxLength": "至多 {} 字",
    "minimum": "≥ {:g}",
    "maximum": "≤ {:g}",
    "minItems": "至少 {} 项",
    "maxItems": "至多 {} 项",
    "pattern": "格式 {}",
    "default": "默认 {}",
}
_LIKE = {
    "date-time": "2026-11-22T02:00:00Z",
    "date": "2026-11-22",
    "uuid": "0190c2a9-7d6f-7c3e-8a52-2f1d3b4c5d6e",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
}
_KNOWN = {
    "amount_fen": 8000,
    "order_no": "F20261122A1B2C3D4E5F6",
    "reference": "LX-2026-0001",
    "code": "cn-child",
    "number": 1,
    "title": "不动产登记费",
    "name": "王*兰",
    "mchid": "1900019901",
    "app_id": "2021990199000001",
    "next_cursor": None,
    "plain": "请先登录。",
    "trace_id": "0190c2a97d6f7c3e8a52",
}


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """What fields are called, and the values of the enumerations by name."""

    fields: dict[str, str]
    values: dict[str, dict[str, str]]


class Field(Struct, frozen=True):
    """One row: what it is called from the outside in, what it is, and what is said of it."""

    name: str
    kind: str
    required: bool
    note: str


class Schemas:
    """The schemas of one document, with their references followed."""

    def __init__(self, document: Schema) -> None:
        self._document = document

    def fields(self, schema: Schema, prefix: str = "", depth: int = 0) -> Iterator[Field]:
        """Every field of an object, what lies deeper after what it lies in."""
        schema, _ = self._plain(schema)
        if schema.get("type") == "array":
            yield from self.fields(schema.get("items", {}), f"{prefix}[]", depth)
            return
        required = schema.get("required", ())
        for name, part in schema.get("properties", {}).items():
            path = f"{prefix}.{name}" if prefix else name
            yield Field(path, self.kind(part), name in required, self.note(part, name))
            if depth < DEEPEST:
                yield from self.fields(part, path, depth + 1)

    def kind(self, schema: Schema) -> str:
        """What it is, in a word or two."""
        schema, empty = self._plain(schema)
        if "enum" in schema or "const" in schema:
            said = " / ".join(str(each) for each in schema.get("enum", [schema.get("const")]))
        elif schema.get("type") == "array":
            said = f"列表（{self.kind(schema.get('items', {}))}）"
        else:
            kind = str(schema.get("type", ""))
            said = _FORMATS.get(str(schema.get("format")), _TYPES.get(kind, "任意"))
        return f"{said}，可为空" if empty else said

    def note(self, schema: Schema, name: str = "") -> str:
        """What is said of it: its own words or else the usual ones, its values, its limits."""
        inner, _ = self._plain(schema)
        limits = (
            text.format(inner[limit])
            for limit, text in _LIMITS.items()
            if inner.get(limit) not in (None, "")
        )
        usual = words().fields.get(name, "")
        parts = [str(schema.get("description") or usual), _values(inner), *limits]
        return "；".join(part for part in parts if part)

    def sample(self, schema: Schema, name: str = "", depth: int = 0) -> Any:
        """A value of this shape, for people to look at."""
        schema, empty = self._plain(schema)
        for known in ("const", "default"):
            if schema.get(known) not in (None, ""):
                return schema[known]
        if schema.get("enum"):
            return schema["enum"][0]
        if schema.get("type") == "array":
            inner = schema.get("items", {})
            return [] if depth > DEEPEST else [self.sample(inner, name, depth + 1)]
        if "properties" in schema:
            return self._object(schema, depth) if depth <= DEEPEST else {}
        if schema.get("type") == "object":
            return {}
        return None if empty and name == "next_cursor" else _like(schema, name)

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        return {
            name: self.sample(part, name, depth + 1) for name, part in schema["properties"].items()
        }

    def _plain(self, schema: Schema) -> tuple[Schema, bool]:
        """The schema that carries the fields, and whether it may be nothing instead."""
        schema = self._follow(schema)
        choices = [
            self._follow(each) for each in (*schema.get("oneOf", ()), *schema.get("anyOf", ()))
        ]
        if not choices:
            return schema, False
        something = [each for each in choices if each.get("type") != "null"]
        rest = {key: value for key, value in schema.items() if key not in ("oneOf", "anyOf")}
        found, _ = self._plain(something[0]) if something else ({}, True)
        return {**found, **rest}, len(something) < len(choices)

    def _follow(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {"name": name, **self._document["components"]["schemas"][name], **rest}
        return schema


@cache
def words() -> Words:
    return msgspec.convert(
        yaml.safe_load(files("web.docs").joinpath("words.yaml").read_text("utf-8")), Words
    )


def _values(schema: Schema) -> str:
    known = words().values.get(str(schema.get("name", "")), {})
    return "，".join(
        f"`{value}` {known[value]}" for value in schema.get("enum", ()) if value in known
    )


def _like(schema: Schema, name: str) -> Any:
    kind = str(schema.get("type", ""))
    if name in _KNOWN and (kind == "string") == isinstance(_KNOWN[name], str):
        return _KNOWN[name]
    return _LIKE.get(str(schema.get("format")), _LIKE.get(kind, "…"))
