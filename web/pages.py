"""Long lists in pieces, newest first. A cursor is signed, and good for one list. 分页"""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, Protocol, TypeVar
from uuid import UUID

from litestar.params import QueryParameter
from msgspec import Struct

from core.signing import BadSignature, Signer
from web.errors import Malformed

Item = TypeVar("Item")

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class HasId(Protocol):
    """A row whose key is a UUIDv7, and so in the order of time."""

    @property
    def id(self) -> UUID: ...


Row = TypeVar("Row", bound=HasId)


class BadCursor(Malformed):
    code = "web.bad_cursor"
    message = "翻页位置无效，请从第一页重新查看"


class Page(Struct, Generic[Item], frozen=True):
    """A piece of a list, and what every list answers. Without a `next_cursor` it was the last."""

    items: list[Item]
    next_cursor: str | None


def whole(items: list[Item]) -> Page[Item]:
    """A list that is short enough to come in one piece; clients read it as they read any other."""
    return Page(items, None)


Cursor = Annotated[
    str | None,
    QueryParameter(max_length=256, description="上一页返回的 next_cursor；第一页不填"),
]
Limit = Annotated[
    int, QueryParameter(ge=1, le=MAX_LIMIT, description="每页条数，1 到 100，默认 20")
]
"""Take them as `cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT`."""


class Pages:
    """Makes pages and reads cursors. `of` names the list, with its owner where lists differ."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def after(self, cursor: str | None, *, of: str) -> UUID | None:
        """The id after which the asked page begins; BadCursor unless we made it for this list."""
        if cursor is None:
            return None
        try:
            payload = self._signer.unsign(cursor)
        except BadSignature as error:
            raise BadCursor() from error
        if payload[16:] != of.encode():
            raise BadCursor()
        return UUID(bytes=payload[:16])

    def page(
        self, rows: Sequence[Row], view: Callable[[Row], Item], *, limit: int, of: str
    ) -> Page[Item]:
        """`rows` are up to `limit + 1` in order: the one too many says that there is more."""
        shown, more = rows[:limit], len(rows) > limit
        cursor = self._signer.sign(shown[-1].id.bytes + of.encode()) if more else None
        return Page([view(row) for row in shown], cursor)
