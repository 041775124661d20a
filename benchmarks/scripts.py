"""What a request asks of the database, written down once, so that a bare handler asks the same.

Reads are asked again word for word. A change cannot be made twice: for each one a row of the same
kind of size is written to a table of the benchmark's own, in the same transaction.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import Struct, msgpack

CREATE_TABLE = """CREATE TABLE IF NOT EXISTS benchmark_change
(id uuid PRIMARY KEY, about uuid, content text)"""
INSERT = "INSERT INTO benchmark_change (id, about, content) VALUES ($1, $1, $2)"
CONTENT = "x" * 200

_UUID, _DATE = 1, 2
_CHANGES = ("INSERT", "UPDATE", "DELETE", "WITH FRESH", "WITH DUE")


class Step(Struct, frozen=True):
    """One statement. One that changes something has no text: INSERT stands for it."""

    text: str
    arguments: tuple[Any, ...] = ()


class Script(Struct, frozen=True):
    """All statements of one request, in order."""

    steps: list[Step]

    @property
    def queries(self) -> int:
        """How many statements, without BEGIN and COMMIT."""
        return sum(not is_bracket(step.text) for step in self.steps)


class Scripts(Struct, frozen=True):
    """Those of one case, one for each of some people: the first request of a visit, and others."""

    first: list[Script]
    then: list[Script]


def step_of(text: str, arguments: tuple[Any, ...]) -> Step:
    plain = " ".join(text.split()).upper()
    changes = plain.startswith(_CHANGES) or "DEFER_JOBS" in plain
    return Step("") if changes else Step(text, arguments)


def is_bracket(text: str) -> bool:
    return text.upper().startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"))


def keep(path: Path, scripts: dict[str, Scripts]) -> None:
    plain = {
        name: [
            [[(s.text, [_kept(a) for a in s.arguments]) for s in script.steps] for script in part]
            for part in parts
        ]
        for name, parts in ((name, (one.first, one.then)) for name, one in scripts.items())
    }
    path.write_bytes(msgpack.encode(plain))


def load(path: Path) -> dict[str, Scripts]:
    """What `keep` wrote, in this run, in a folder of our own."""
    kind = dict[str, list[list[list[tuple[str, tuple[Any, ...]]]]]]
    plain = msgpack.decode(path.read_bytes(), type=kind, ext_hook=_found)
    return {
        name: Scripts(*[[Script([Step(*s) for s in script]) for script in part] for part in parts])
        for name, parts in plain.items()
    }


def _kept(argument: Any) -> Any:
    """An argument in a form that comes back as the type the driver wants."""
    if isinstance(argument, UUID):
        return msgpack.Ext(_UUID, argument.bytes)
    if isinstance(argument, date) and not isinstance(argument, datetime):
        return msgpack.Ext(_DATE, argument.isoformat().encode())
    if isinstance(argument, list | tuple):
        return [_kept(part) for part in argument]
    return argument


def _found(code: int, data: memoryview) -> Any:
    if code == _UUID:
        return UUID(bytes=bytes(data))
    if code == _DATE:
        return date.fromisoformat(bytes(data).decode())
    raise ValueError(code)
