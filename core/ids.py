"""Keys for us, and numbers for people."""

import secrets
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from core.clock import date_in_china

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that are read as another


def new_id() -> UUID:
    """A UUIDv7: unguessable enough for a key, and in the order of time for large tables."""
    return uuid7()


def new_number(prefix: str, at: datetime) -> str:
    """A number people read and providers accept: prefix, day in China, 12 letters; [0-9A-Z], ≤ 32.

    60 random bits a day keep two numbers apart; the column is unique all the same.
    """
    tail = "".join(secrets.choice(_LETTERS) for _ in range(12))
    return f"{prefix}{date_in_china(at):%Y%m%d}{tail}"
