"""The operations of a document as the pages show them, in groups, and found by words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from core.texts import find_texts
from web.docs.fields import Schemas

Document = Mapping[str, Any]
JSON = "application/json"
WITHOUT_GROUP = "其他"
SHARED_BY = 3


class Refusal(Struct, frozen=True, order=True):
    """One way an operation says no."""

    status: int
    code: str
    title: str
    plain: str


class Operation(Struct, frozen=True):
    """One method of one path."""

    method: str
    path: str
    group: str
    content: Document

    @property
    def anchor(self) -> str:
        return str(self.content.get("operationId") or f"{self.method}{self.path}")

    @property
    def summary(self) -> str:
        return str(self.content.get("summary", ""))

    @property
    def description(self) -> str:
        return str(self.content.get("description", ""))

    @property
    def audience(self) -> str:
        """Whose token it asks for; empty where anyone may call."""
        return next((name for each in self.content.get("security") or () for name in each), "")

    @property
    def roles(self) -> Sequence[str]:
        return list(self.content.get("x-roles", ()))

    @property
    def parameters(self) -> Sequence[Document]:
        return list(self.content.get("parameters") or ())

    @property
    def body(self) -> Document | None:
        """What it takes, when that is JSON: the schema, and the examples."""
        content: Document = (self.content.get("requestBody") or {}).get("content", {})
        return content.get(JSON)

    @property
    def uploads(self) -> Sequence[str]:
        """The kinds of files it takes instead."""
        content: Document = (self.content.get("requestBody") or {}).get("content", {})
        files = (kind for kind, one in content.items() if one["schema"].get("format") == "binary")
        return list(files)

    @property
    def answers(self) -> Iterator[tuple[int, Document | None]]:
        """Its successes: the status, and the schema of what it answers in JSON."""
        for status, answer in self.content["responses"].items():
            if status.startswith("2"):
                content = (answer.get("content") or {}).get(JSON)
                yield int(status), content.get("schema") if content else None

    @property
    def refusals(self) -> Iterator[Refusal]:
        for status, answer in self.content["responses"].items():
            for content in (answer.get("content") or {}).values():
                for code, example in content.get("examples", {}).items():
                    texts = find_texts(code)
                    plain = texts.plain if texts else ""
                    yield Refusal(int(status), code, str(example.get("summary", "")), plain)


class Operations:
    """All of them, in the order of the document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.schemas = Schemas(document)
        self.all = [
            Operation(method.upper(), path, tag, content)
            for path, item in document["paths"].items()
            for method, content in item.items()
            for tag in (content.get("tags") or [WITHOUT_GROUP])[:1]
        ]

    @cached_property
    def groups(self) -> Mapping[str, Sequence[Operation]]:
        found: dict[str, list[Operation]] = {}
        for operation in self.all:
            found.setdefault(operation.group, []).append(operation)
        return found

    @cached_property
    def refusals(self) -> Sequence[Refusal]:
        return sorted({each for operation in self.all for each in operation.refusals})

    @cached_property
    def shared(self) -> Sequence[Refusal]:
        """What so many answer, or the same layer for all of them, that it is said once."""
        counted = Counter(each for operation in self.all for each in set(operation.refusals))
        return sorted(
            each
            for each, times in counted.items()
            if times * SHARED_BY > len(self.all) or each.code.startswith("web.")
        )

    def search(self, words: str) -> tuple[Sequence[Operation], Sequence[Refusal]]:
        """The operations and the refusals in which every one of the words occurs."""
        asked = words.lower().split()
        if not asked:
            return [], []
        operations = [
            each
            for each, text in zip(self.all, self._texts, strict=True)
            if all(word in text for word in asked)
        ]
        refusals = [
            each
            for each in self.refusals
            if all(word in f"{each.code} {each.title} {each.status}".lower() for word in asked)
        ]
        return operations, refusals

    @cached_property
    def _texts(self) -> Sequence[str]:
        return [self._text(operation).lower() for operation in self.all]

    def _text(self, operation: Operation) -> str:
        said = [operation.method, operation.path, operation.summary, operation.description]
        said += [operation.group, *operation.roles]
        said += [str(parameter["name"]) for parameter in operation.parameters]
        schemas = [schema for _, schema in operation.answers if schema is not None]
        if operation.body is not None:
            schemas.append(operation.body.get("schema", {}))
        said += [field.name for schema in schemas for field in self.schemas.fields(schema)]
        said += [each.code for each in operation.refusals if each not in self.shared]
        return " ".join(said)
