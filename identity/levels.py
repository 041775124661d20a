"""How well we know who holds an account, and what is done to be known better. 认证等级

1 a phone number, 2 name and number against the register, 3 a face. A face counts for ninety days:
as long as a telephone number rests before it is given to somebody else, so that no phone that
changed hands still has the level of its first owner.
"""

from datetime import datetime, timedelta
from typing import Literal

from identity.kinds import Level

FACE_LASTS = timedelta(days=90)
FACE_IS_FRESH = timedelta(minutes=30)
"""How long ago a face may have been shown for what is at stake most: not with who was there in
spring. Elders are not hurried."""

Step = Literal["phone", "real_name", "face"]


def level_now(level: int, face_at: datetime | None, *, at: datetime) -> Level:
    """What an account's level is worth today: a face that is too old leaves the real name."""
    held = Level(level)
    if held is Level.FACE and (face_at is None or at >= face_at + FACE_LASTS):
        return Level.REAL_NAME
    return held


def next_step(held: int, needed: Level) -> Step:
    """What whoever holds one level does next on the way to the level needed."""
    if needed is Level.PHONE:
        return "phone"
    return "face" if needed is Level.FACE and held >= Level.REAL_NAME else "real_name"
