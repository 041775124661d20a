from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.clock import CHINA
from notifications.hours import due_at, is_quiet, next_morning, tomorrow_morning

DAY = datetime(2026, 11, 22, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("hour", "minute", "second", "quiet"),
    [(21, 59, 59, False), (22, 0, 0, True), (0, 0, 0, True), (7, 59, 59, True), (8, 0, 0, False)],
)
def test_the_night_is_from_ten_to_eight(hour: int, minute: int, second: int, quiet: bool) -> None:
    """D04."""
    assert is_quiet(DAY.replace(hour=hour, minute=minute, second=second)) is quiet


def test_the_zone_the_moment_is_written_in_does_not_matter() -> None:
    """D04: eleven at night in China is three in the afternoon elsewhere."""
    at = DAY.replace(hour=23)

    for zone in ("UTC", "Europe/London", "America/Los_Angeles", "Asia/Urumqi"):
        assert is_quiet(at.astimezone(ZoneInfo(zone)))


def test_what_can_wait_is_due_at_eight_and_what_is_urgent_now() -> None:
    night, dawn = DAY.replace(hour=22), DAY.replace(hour=3)
    morning = DAY.replace(hour=8)

    assert due_at(night, urgent=False) == morning + timedelta(days=1)
    assert due_at(dawn, urgent=False) == morning
    assert due_at(night, urgent=True) == night
    assert next_morning(morning) == morning + timedelta(days=1)


def test_a_days_quota_is_new_on_the_next_day() -> None:
    assert tomorrow_morning(DAY.replace(hour=7)) == DAY.replace(day=23, hour=8)
