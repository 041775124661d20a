"""One row of a copy, and how days, moments and money stand in it."""

from datetime import date, datetime

from core.clock import CHINA

Row = dict[str, str | int | bool | None]
"""Machines are given our own words as they are; `app.words` says what people call them."""


def day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def moment(at: datetime | None) -> str | None:
    """A moment as clocks in China have it, to the second."""
    return None if at is None else at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
