"""When people may be disturbed: not from 22:00 to 08:00 in China. 免打扰时段"""

from datetime import datetime, time, timedelta

from core.clock import CHINA

QUIET_FROM = time(22, 0)
QUIET_UNTIL = time(8, 0)


def is_quiet(at: datetime) -> bool:
    local = at.astimezone(CHINA).time()
    return local >= QUIET_FROM or local < QUIET_UNTIL


def next_morning(at: datetime) -> datetime:
    """The next eight o'clock in China after `at`."""
    local = at.astimezone(CHINA)
    morning = local.replace(hour=8, minute=0, second=0, microsecond=0)
    return morning if local < morning else morning + timedelta(days=1)


def due_at(at: datetime, *, urgent: bool) -> datetime:
    """`at`, or for what can wait the end of the quiet hours."""
    return at if urgent or not is_quiet(at) else next_morning(at)


def tomorrow_morning(at: datetime) -> datetime:
    """Eight o'clock of the next day in China, when a day's quota is new."""
    local = at.astimezone(CHINA) + timedelta(days=1)
    return local.replace(hour=8, minute=0, second=0, microsecond=0)
