"""Where a person is signed in, and how that is ended from afar. 登录设备"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from core import audit
from identity.callers import Caller
from identity.login_devices import their_sessions
from identity.models import LoginDevice, Session
from identity.session_states import SessionStates
from identity.sessions import end_login

_SHOWN = 50


class Device(Struct, frozen=True, kw_only=True):
    """One login of the person's, with everything taken up from it; `current` is the one that asks.

    `seen_at` is right to the hour.
    """

    id: UUID
    created_at: datetime
    expires_at: datetime
    current: bool
    provider: str = ""
    appid: str = ""
    name: str = ""
    platform: str = ""
    seen_at: datetime | None = None


async def list_devices(caller: Caller, *, at: datetime) -> list[Device]:
    """The living logins of the person's accounts, or of this one while it is nobody's; newest
    first. Acting for somebody is no login of its own.
    """
    mine = await Session.get(id=caller.session_id)
    living = their_sessions(caller).filter(ended_at=None, expires_at__gt=at, id=F("login_id"))
    logins = await living.select_related("account").order_by("-id").limit(_SHOWN)
    noted = await LoginDevice.in_bulk([login.id for login in logins], "login_id")
    return [_shown(login, noted.get(login.id), mine.login_id) for login in logins]


async def end_other_logins(caller: Caller, *, states: SessionStates, at: datetime) -> int:
    """Sign the person out everywhere but here; say how many logins that were. 退出其他所有设备"""
    mine = await Session.get(id=caller.session_id)
    others = their_sessions(caller).filter(ended_at=None).exclude(login_id=mine.login_id)
    ended: list[UUID] = []
    async with in_transaction():
        logins = sorted(set(await others.values_list("login_id", flat=True)), key=str)
        for login_id in logins:
            ended += await end_login(UUID(str(login_id)), because="logout", at=at)
        await audit.record(
            caller.actor(), "session.end_others", f"account:{caller.account_id}", count=len(logins)
        )
    await states.forget(ended)
    return len(logins)


def _shown(login: Session, noted: LoginDevice | None, current_login: UUID) -> Device:
    account = login.account
    return Device(
        id=login.id,
        created_at=login.created_at,
        expires_at=login.expires_at,
        current=login.id == current_login,
        provider=account.provider.value if account else "",
        appid=account.appid if account else "",
        name=noted.name if noted else "",
        platform=noted.platform if noted else "",
        seen_at=noted.seen_at if noted else None,
    )
