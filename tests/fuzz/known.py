"""What is learnt from the answers: ids and codes by name, so that requests hit something."""

import random
from collections import defaultdict, deque
from typing import Any

from msgspec.structs import replace

from tests.fuzz.cases import Asked

HITS = 0.7
"""How often a name whose values are known is given one of them."""

OWN = 0.85
"""How often that is one that the same caller was shown."""

Row = dict[str, Any]


class Known:
    """Rows of plain values, as each caller was shown them."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)
        self._rows: dict[object, deque[Row]] = defaultdict(lambda: deque(maxlen=200))

    def learn(self, answer: Any, *, template: str, of: object, around: Row | None = None) -> None:
        """Each object of an answer, with what is said around it.

        Its `id` is also known by the name of what it is an id of.
        """
        if isinstance(answer, list):
            for part in answer:
                self.learn(part, template=template, of=of, around=around)
        elif isinstance(answer, dict):
            row = {name: value for name, value in answer.items() if isinstance(value, str | int)}
            if "id" in row:
                row[f"{_thing(template)}_id"] = row["id"]
            row = (around or {}) | row
            for name, part in answer.items():
                inner = f"{template}/{name}" if _plural(name) else template
                self.learn(part, template=inner, of=of, around=row)
            if row:
                self._rows[of].append(row)
                self._rows[None].append(row)

    def teach(self, row: Row) -> None:
        """What no answer tells, and everybody may use."""
        self._rows[None].append(row)

    def fill(self, asked: Asked, of: object) -> Asked:
        """The request with known values here and there; waits are not waited for."""
        query = asked.query
        if isinstance(query, dict):
            query = {name: self._or_known(name, value, of) for name, value in query.items()}
            if isinstance(query.get("wait"), int) and 0 < query["wait"] <= 25:
                query["wait"] = 0
        body = asked.json
        if isinstance(body, dict):
            body = {name: self._or_known(name, value, of) for name, value in body.items()}
        return replace(asked, path=self._path(asked, of), query=query, json=body)

    def _path(self, asked: Asked, of: object) -> Row:
        """All names of one address out of one row: a policy's code with its own version."""
        if asked.kind != "example" and self._random.random() > HITS:
            return asked.path
        row = self._row(set(asked.path), of)
        if row is None:
            return {name: self._or_known(name, value, of) for name, value in asked.path.items()}
        return {name: row[name] for name in asked.path}

    def _or_known(self, name: str, value: Any, of: object) -> Any:
        row = self._row({name}, of) if self._random.random() < HITS else None
        return value if row is None else row[name]

    def _row(self, names: set[str], of: object) -> Row | None:
        for whose in (of, None) if self._random.random() < OWN else (None,):
            if rows := [row for row in self._rows[whose] if names <= row.keys()]:
                return self._random.choice(rows)
        return None


def _plural(name: str) -> bool:
    return name.endswith("s") and name != "items"


def _thing(template: str) -> str:
    """`/v1/licences/{licence_id}` is about a licence."""
    words = [word for word in template.split("/") if word and "{" not in word]
    return words[-1].replace("-", "_").removesuffix("s")
