"""JSON Schemas compared: may what was sent still be sent, and read what was read?"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

Schema = Mapping[str, Any]
Visited = frozenset[tuple[str, str]]

ANY = "anything"
_LOWER = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")
_UPPER = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")
_CHOICES = ("oneOf", "anyOf")


class Direction(Enum):
    SENT = "sent"
    """By clients: what they sent must still be taken."""
    READ = "read"
    """By clients: what they read must still be there, and nothing they cannot read."""


class Shapes:
    """The schemas of one document."""

    def __init__(self, document: Schema) -> None:
        self._document = document

    def differences(
        self,
        other: "Shapes",
        old: Schema,
        new: Schema,
        where: str,
        direction: Direction,
        visited: Visited = frozenset(),
    ) -> Iterator[str]:
        """What clients of `old` (ours) trip over when it has become `new` (the other's)."""
        pair = str(old.get("$ref", "")), str(new.get("$ref", ""))
        if all(pair):
            if pair in visited:
                return
            visited |= {pair}
        before, after = [*self._alternatives(old)], [*other._alternatives(new)]
        tagged = any(_objects(each) > 1 for each in (before, after))
        olds = {self._kind(each, tagged): each for each in before}
        news = {other._kind(each, tagged): each for each in after}
        yield from _lost_kinds(olds, news, where, direction)
        for kind in olds.keys() & news.keys():
            comparison = _Comparison(self, other, where, direction, visited)
            yield from comparison.of_one_kind(kind, olds[kind], news[kind])

    def _alternatives(self, schema: Schema) -> Iterator[Schema]:
        schema = self._resolved(schema)
        choices = [each for word in _CHOICES for each in schema.get(word, ())]
        if choices:
            shared = {key: value for key, value in schema.items() if key not in _CHOICES}
            for choice in choices:
                yield from self._alternatives({**shared, **self._resolved(choice)})
        elif isinstance(schema.get("type"), list):
            for name in schema["type"]:
                yield {**schema, "type": name}
        else:
            yield schema

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            found: Any = self._document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            schema = {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
        return schema

    def _kind(self, schema: Schema, tagged: bool) -> str:
        """A type; where there are several objects, with the value of the tag that tells them."""
        kind = _type(schema)
        if kind != "object" or not tagged:
            return kind
        tags = [
            f"{name}={values[0]}"
            for name, part in sorted(schema.get("properties", {}).items())
            if len(values := _words(self._resolved(part)) or []) == 1
        ]
        return " ".join([kind, *tags])


def _lost_kinds(
    olds: Mapping[str, Schema], news: Mapping[str, Schema], where: str, direction: Direction
) -> Iterator[str]:
    if direction is Direction.SENT and ANY not in news:
        for kind in olds.keys() - news.keys():
            if not (kind == "integer" and "number" in news):
                yield f"{where}: {kind} not taken any more"
    if direction is Direction.READ and ANY not in olds:
        for kind in news.keys() - olds.keys():
            if not (kind == "integer" and "number" in olds):
                yield f"{where}: may now be {kind}"


class _Comparison:
    """Two schemas of one kind."""

    def __init__(
        self, ours: Shapes, others: Shapes, where: str, direction: Direction, visited: Visited
    ) -> None:
        self._ours, self._others = ours, others
        self._where, self._direction, self._visited = where, direction, visited

    def of_one_kind(self, kind: str, old: Schema, new: Schema) -> Iterator[str]:
        yield from self._words(old, new)
        if old.get("format") != new.get("format"):
            yield f"{self._where}: format {old.get('format')} became {new.get('format')}"
        if self._direction is Direction.SENT:
            yield from self._limits(old, new)
        if kind.startswith("object"):
            yield from self._properties(old, new)
        elif kind == "array":
            yield from self._inside(old.get("items", {}), new.get("items", {}), "[]")

    def _words(self, old: Schema, new: Schema) -> Iterator[str]:
        before, after = _words(old), _words(new)
        if before is None and after is not None and self._direction is Direction.SENT:
            yield f"{self._where}: only {', '.join(after)} taken now"
        if before is not None and after is None and self._direction is Direction.READ:
            yield f"{self._where}: any value now, not only {', '.join(before)}"
        if before is not None and after is not None:
            for word in before:
                if word not in after:
                    yield f"{self._where}: value {word} removed"

    def _limits(self, old: Schema, new: Schema) -> Iterator[str]:
        for name in _LOWER:
            if name in new and (name not in old or new[name] > old[name]):
                yield f"{self._where}: {name} {old.get(name)} became {new[name]}"
        for name in _UPPER:
            if name in new and (name not in old or new[name] < old[name]):
                yield f"{self._where}: {name} {old.get(name)} became {new[name]}"
        if "pattern" in new and new["pattern"] != old.get("pattern"):
            yield f"{self._where}: pattern became {new['pattern']}"

    def _properties(self, old: Schema, new: Schema) -> Iterator[str]:
        were, are = old.get("properties", {}), new.get("properties", {})
        required_before, required_now = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(were.keys() - are.keys()):
            yield f"{self._where}.{name}: removed"
        for name in sorted(were.keys() & are.keys()):
            yield from self._inside(were[name], are[name], f".{name}")
        if self._direction is Direction.SENT:
            for name in sorted(required_now - required_before):
                yield f"{self._where}.{name}: required"
        else:
            for name in sorted((required_before - required_now) & are.keys()):
                yield f"{self._where}.{name}: may be absent now"
        yield from self._others_names(old, new)

    def _others_names(self, old: Schema, new: Schema) -> Iterator[str]:
        """Maps: properties of any name."""
        before, after = old.get("additionalProperties"), new.get("additionalProperties")
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from self._inside(before, after, ".*")
        elif after is False and before is not False and self._direction is Direction.SENT:
            yield f"{self._where}: other fields not taken any more"
        elif isinstance(before, Mapping) and not isinstance(after, Mapping):
            yield f"{self._where}.*: not described any more"

    def _inside(self, old: Schema, new: Schema, name: str) -> Iterator[str]:
        return self._ours.differences(
            self._others, old, new, self._where + name, self._direction, self._visited
        )


def _objects(schemas: list[Schema]) -> int:
    return sum(_type(schema) == "object" for schema in schemas)


def _type(schema: Schema) -> str:
    return str(schema.get("type", "object" if "properties" in schema else ANY))


def _words(schema: Schema) -> list[str] | None:
    """The only values it may have, as text; None when it is not a closed set."""
    if "const" in schema:
        return [str(schema["const"])]
    if "enum" in schema:
        return [str(value) for value in schema["enum"]]
    return None
