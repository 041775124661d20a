"""What time it is out there, and how each platform writes it."""

from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


class Clock:
    """The platforms' clock. The offset is the demonstration's, shared with the product."""

    def __init__(self, offset_seconds: float = 0) -> None:
        self.offset = timedelta(seconds=offset_seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


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
