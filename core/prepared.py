"""Queries whose text is made once. What a busy route asks is always the same but for its values.

Building SQL from a query takes longer than running it. The rows are models as ever; inside a
transaction they are read in it.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from tortoise.models import Model
from tortoise.queryset import QuerySet

Row = TypeVar("Row", bound=Model)
Value = UUID | int | str
Kind = type[UUID] | type[int] | type[str]

AFTER_ALL = UUID(int=2**128 - 1)
"""Where a list that goes backwards by id begins."""

_SOME_NUMBER = 1_000_003


class Prepared(Generic[Row]):
    """`query` makes it of values of these kinds, each of which it uses as it is.

    It is called once, at the first use, with values of our own: its text must not depend on them.
    """

    def __init__(self, query: Callable[..., QuerySet[Row]], *kinds: Kind) -> None:
        self._rows = _Text(query, kinds)
        self._count = _Text(lambda *values: query(*values).count(), kinds)

    async def rows(self, *values: Value) -> list[Row]:
        sql, parameters = self._rows.filled(values)
        made = self._rows.made
        model, db = made.model, made.model._meta.db
        executor = db.executor_class(
            model=model, db=db, select_related_idx=made._select_related_idx
        )
        found: list[Row] = await executor.execute_select(sql, parameters)
        return found

    async def first(self, *values: Value) -> Row | None:
        rows = await self.rows(*values)
        return rows[0] if rows else None

    async def count(self, *values: Value) -> int:
        """How many rows there are. Not for a query with a limit."""
        sql, parameters = self._count.filled(values)
        _, [row] = await self._count.made.model._meta.db.execute_query(sql, parameters)
        return int(row[0])


class _Text:
    """The text, and which value stands at which of its parameters."""

    def __init__(self, query: Callable[..., Any], kinds: tuple[Kind, ...]) -> None:
        self._query = query
        self._kinds = kinds
        self._places: list[tuple[int, int]] | None = None
        self.made: Any = None

    def filled(self, values: tuple[Value, ...]) -> tuple[str, list[Any]]:
        """The text and its parameters, with these values in their places."""
        places = self._make() if self._places is None else self._places
        parameters = list(self._parameters)
        for at, place in places:
            parameters[at] = values[place]
        return self._sql, parameters

    def _make(self) -> list[tuple[int, int]]:
        stand_ins = [_stand_in(kind, place) for place, kind in enumerate(self._kinds)]
        self.made = self._query(*stand_ins)
        self.made._choose_db_if_not_chosen()
        self.made._make_query()
        self._sql, self._parameters = self.made.query.get_parameterized_sql()
        known = {str(value): place for place, value in enumerate(stand_ins)}
        found = [(at, known.get(str(value))) for at, value in enumerate(self._parameters)]
        self._places = [(at, place) for at, place in found if place is not None]
        if {place for _, place in self._places} != set(range(len(self._kinds))):
            raise ValueError("a prepared query uses each of its values as it is")
        return self._places


def _stand_in(kind: Kind, place: int) -> Value:
    """A value of this kind that stands nowhere else in the query."""
    if kind is UUID:
        return uuid4()
    return _SOME_NUMBER + place if kind is int else f"~{place}~"  # as short as any column
