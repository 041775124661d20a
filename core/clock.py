from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")

_offset = timedelta(0)


def now() -> datetime:
    """The current moment, aware and in UTC. Read it at the edge; pass it inwards as `at`."""
    return datetime.now(UTC) + _offset


def set_offset(offset: timedelta) -> None:
    """Move this process's clock for a demonstration. `app` gives every process the same offset."""
    global _offset
    _offset = offset


def date_in_china(at: datetime) -> date:
    """The day the law counts by: a licence that ends today is good until midnight in China."""
    return at.astimezone(CHINA).date()
