"""Ages and months, counted as the law counts them, at the grain of a day."""

from calendar import monthrange
from datetime import date, timedelta


def age_on(birth: date, on: date) -> int:
    """Full years lived 周岁. Someone born on 29 February turns a year older on 1 March."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def months_on(start: date, on: date) -> int:
    """Full months since a day. From the 31st, a shorter month is full the day after it ends."""
    months = (on.year - start.year) * 12 + on.month - start.month
    return months - (on.day < start.day)


def day_of_age(birth: date, years: int) -> date:
    """The first day on which `age_on` reaches so many years."""
    return _anniversary(birth, years * 12)


def day_of_months(start: date, months: int) -> date:
    """The first day on which `months_on` reaches so many months."""
    return _anniversary(start, months)


def _anniversary(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    if start.day > last:
        return date(year, month + 1, last) + timedelta(days=1)
    return date(year, month + 1, start.day)
