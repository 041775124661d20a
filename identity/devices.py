"""Where an account is signed in. 登录设备"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from tortoise.expressions import F

from identity.callers import Caller
from identity.models import Session

_SHOWN = 50


class Device(Struct, frozen=True, kw_only=True):
    """One login, with everything taken up from it; `current` is the one that asks."""

    id: UUID
    created_at: datetime
    expires_at: datetime
    current: bool


async def list_devices(caller: Caller, *, at: datetime) -> list[Device]:
    """The account's living logins, newest first. Acting for somebody is no login of its own."""
    mine = await Session.get(id=caller.session_id)
    living = Session.filter(account_id=caller.account_id, ended_at=None, expires_at__gt=at)
    logins = await living.filter(id=F("login_id")).order_by("-id").limit(_SHOWN)
    return [
        Device(
            id=login.id,
            created_at=login.created_at,
            expires_at=login.expires_at,
            current=login.id == mine.login_id,
        )
        for login in logins
    ]
