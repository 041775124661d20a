"""Whether clients of a released interface still work with the current one. 兼容性

Two OpenAPI documents are compared. What clients send must still be taken, and what they read must
still be there and of the same kind; anything may be added. Clients are told to take words they do
not know in answers (a new status) as "other", so a new value there is an addition.
"""

from collections.abc import Iterator
from typing import Any

from web.shapes import Direction, Shapes

Document = dict[str, Any]
METHODS = ("get", "put", "post", "delete")
JSON = "application/json"


def breaks(released: Document, current: Document) -> list[str]:
    """Everything that clients of `released` would trip over, as a person reads it."""
    return sorted({*_broken_operations(released, current), *_lost_codes(released, current)})


def additions(released: Document, current: Document) -> list[str]:
    """Operations and error codes that the release does not have."""
    new = {f"{key}: new" for key in _operations(current).keys() - _operations(released).keys()}
    codes = {f"error {code}: new" for code in _codes(current) - _codes(released)}
    return sorted(new | codes)


def _broken_operations(released: Document, current: Document) -> Iterator[str]:
    known = _operations(current)
    for key, operation in _operations(released).items():
        if key not in known:
            yield f"{key}: removed"
        else:
            for what in _broken(operation, known[key], Shapes(released), Shapes(current)):
                yield f"{key}: {what}"


def _broken(old: Document, new: Document, before: Shapes, after: Shapes) -> Iterator[str]:
    if not old.get("security") and new.get("security"):
        yield "asks for a sign-in"
    elif new.get("security") and not all(way in new["security"] for way in old["security"]):
        yield "asks for another sign-in"
    yield from _broken_parameters(old, new, before, after)
    yield from _broken_body(old.get("requestBody"), new.get("requestBody"), before, after)
    yield from _broken_answers(old["responses"], new["responses"], before, after)


def _broken_parameters(
    old: Document, new: Document, before: Shapes, after: Shapes
) -> Iterator[str]:
    were, are = _parameters(old), _parameters(new)
    for name, parameter in are.items():
        was_required = name in were and were[name].get("required", False)
        if parameter.get("required", False) and not was_required:
            yield f"parameter {name}: required"
    for name, parameter in were.items():
        if name not in are:
            yield f"parameter {name}: removed"
        else:
            schemas = parameter.get("schema", {}), are[name].get("schema", {})
            yield from before.differences(after, *schemas, f"parameter {name}", Direction.SENT)


def _broken_body(
    old: Document | None, new: Document | None, before: Shapes, after: Shapes
) -> Iterator[str]:
    if new and new.get("required") and not (old and old.get("required")):
        yield "body: required"
    for kind, content in (old or {}).get("content", {}).items():
        taken = (new or {}).get("content", {})
        if kind not in taken:
            yield f"body: {kind} not taken any more"
        else:
            schemas = content.get("schema", {}), taken[kind].get("schema", {})
            yield from before.differences(after, *schemas, "body", Direction.SENT)


def _broken_answers(old: Document, new: Document, before: Shapes, after: Shapes) -> Iterator[str]:
    """Successes must stay what they are; a refusal may go, or come."""
    for status, answer in old.items():
        if status not in new:
            if status.startswith("2"):
                yield f"answer {status}: removed"
            continue
        given = new[status].get("content") or {}
        for kind, content in (answer.get("content") or {}).items():
            if kind not in given:
                yield f"answer {status}: {kind} not given any more"
            else:
                schemas = content.get("schema", {}), given[kind].get("schema", {})
                yield from before.differences(after, *schemas, f"answer {status}", Direction.READ)


def _lost_codes(released: Document, current: Document) -> Iterator[str]:
    """Clients match on codes: one that nothing answers with any more was removed or renamed."""
    for code in _codes(released) - _codes(current):
        yield f"error {code}: removed"


def _codes(document: Document) -> set[str]:
    return {
        code
        for operation in _operations(document).values()
        for status, answer in operation["responses"].items()
        if not status.startswith("2")
        for content in (answer.get("content") or {}).values()
        for code in content.get("examples", {})
    }


def _operations(document: Document) -> dict[str, Document]:
    return {
        f"{method.upper()} {path}": item[method]
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


def _parameters(operation: Document) -> dict[str, Document]:
    return {
        f"{parameter['in']}:{parameter['name']}": parameter
        for parameter in operation.get("parameters") or ()
    }
