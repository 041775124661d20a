"""On which device a login happened, and whether its person is told of it. 登录提醒

A login is told to the person when it happens on a device that none of their accounts was on in the
last 180 days, unless it is their first of all. A device is what the client calls it; a client that
calls it nothing is as good as its account, whose platform is the one who looks after it.
"""

import unicodedata
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal
from uuid import UUID

from msgspec import Struct
from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from core import jobs
from identity.callers import Caller
from identity.models import Account, LoginDevice, Session

_REMEMBERED = timedelta(days=180)
_SEEN_EVERY = timedelta(hours=1)

Platform = Literal["ios", "android", "harmony", "windows", "mac", "other"]


class DeviceHint(Struct, frozen=True, kw_only=True):
    """What a client says of its device: an id that it made once, a name people know it by."""

    id: str
    name: str = ""
    platform: Platform = "other"


def their_sessions(caller: Caller) -> QuerySet[Session]:
    """The sessions of the caller's account, and of all that proved to be the same person."""
    if caller.person_id is None:
        return Session.filter(account_id=caller.account_id)
    return Session.filter(Q(account_id=caller.account_id) | Q(account__person_id=caller.person_id))


async def note_login(
    account: Account, session: Session, hint: DeviceHint | None, *, at: datetime
) -> None:
    """Remember on what a login happened, in the caller's transaction; ask for the person to be told
    when they do not know the device.
    """
    index = _index(account, hint)
    if account.person_id is not None:
        theirs = LoginDevice.filter(account__person_id=account.person_id)
        known = theirs.filter(device_index=index, seen_at__gt=at - _REMEMBERED)
        if await theirs.exists() and not await known.exists():
            await jobs.enqueue("identity.signed_in_elsewhere", login_id=str(session.id))
    await LoginDevice.create(
        login_id=session.id,
        account_id=account.id,
        device_index=index,
        name=_clean(hint.name) if hint else "",
        platform=hint.platform if hint else "",
        signed_in_at=at,
        seen_at=at,
    )


async def was_on(accounts: QuerySet[Account], device_id: str, *, at: datetime) -> bool:
    """Whether one of these accounts was signed in on a device that nobody else can name."""
    index = sha256(f"device:{device_id}".encode()).hexdigest()
    theirs = LoginDevice.filter(account_id__in=Subquery(accounts.values("id")))
    return await theirs.filter(device_index=index, seen_at__gt=at - _REMEMBERED).exists()


async def note_seen(login_id: UUID, *, at: datetime) -> None:
    """A device was here, to the hour: not every request writes a row."""
    stale = LoginDevice.filter(login_id=login_id, seen_at__lt=at - _SEEN_EVERY)
    await stale.update(seen_at=at)


async def forget_devices(*, at: datetime, limit: int = 1_000) -> int:
    """Drop what is no longer needed to know a device by."""
    old = await LoginDevice.filter(seen_at__lt=at - _REMEMBERED).limit(limit)
    return await LoginDevice.filter(login_id__in=[row.login_id for row in old]).delete()


def _index(account: Account, hint: DeviceHint | None) -> str:
    called = f"device:{hint.id}" if hint else f"account:{account.id}"
    return sha256(called.encode()).hexdigest()


def _clean(name: str) -> str:
    """One line of visible characters."""
    text = " ".join(unicodedata.normalize("NFC", name).split())
    return "".join(char for char in text if unicodedata.category(char)[0] != "C")[:40]
