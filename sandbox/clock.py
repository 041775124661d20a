"""What time it is out there, and how each platform writes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


_NONE = timedelta(0)
_skew: ContextVar[timedelta] = ContextVar("skew", default=_NONE)


@contextmanager
def skewed(seconds: float) -> Iterator[None]:
    """Whoever works in the block has a clock that is so wrong."""
    before = _skew.set(timedelta(seconds=seconds))
    try:
        yield
    finally:
        _skew.reset(before)


class Clock:
    """The platforms' clock. The offset is the demonstration's, shared with the product."""

    def __init__(self, offset_seconds: float = 0) -> None:
        self.offset = timedelta(seconds=offset_seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset + _skew.get()


def stamp(at: datetime) -> str:
    """The book's form: UTC and of fixed width, so that text order is the order of time."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def moment(stamped: str) -> datetime:
    return datetime.fromisoformat(stamped)


def rfc3339(stamped: str) -> str:
    """WeChat Pay's form, in Beijing time."""
    return moment(stamped).astimezone(CHINA).isoformat(timespec="seconds")


def beijing(stamped: str) -> str:
    """Alipay's form: 2026-01-01 12:00:00, always Beijing time."""
    return moment(stamped).astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
