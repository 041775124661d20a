"""How old what we say of a licence may be, and whether that is too old to be relied on. 时效

A registry's list of changes names what changed; what it does not name is confirmed as of the
moment up to which the list was read. So a licence is as fresh as the later of two: when it was
itself asked for, and when its registry's changes were last taken in.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from core.clock import CHINA
from licences.models import Licence, LicenceType, RegistryState

Synced = Mapping[str, datetime]
"""Until when each registry's changes are taken in, by its name."""

_COPY_SECONDS = 5.0


class Freshness(Struct, frozen=True):
    """As of when we know a licence to be so; `stale`: longer ago than its type allows."""

    as_of: datetime
    stale: bool


class _Copy:
    """What this process last read of all registries: they are few, and wallets are opened often."""

    read_at = float("-inf")
    synced: Synced = {}


async def freshness_of(licence: Licence, *, at: datetime) -> Freshness:
    """Of a licence that was read with its type."""
    return judge(licence, await synced_moments(), at=at)


async def synced_moments() -> Synced:
    """Until when each registry's changes are taken in, at most a few seconds old."""
    if time.monotonic() - _Copy.read_at > _COPY_SECONDS:
        rows = await RegistryState.filter(synced_at__isnull=False)
        _Copy.synced = {row.name: row.synced_at for row in rows if row.synced_at is not None}
        _Copy.read_at = time.monotonic()
    return _Copy.synced


def forget_copy() -> None:
    """Read the registries anew at the next question: this process just changed them."""
    _Copy.read_at = float("-inf")


def judge(licence: Licence, synced: Synced, *, at: datetime) -> Freshness:
    """The same without asking, for many at once."""
    said_on = licence.registry_date
    said = datetime(said_on.year, said_on.month, said_on.day, tzinfo=CHINA)
    known = [said, licence.checked_at, synced.get(licence.registry)]
    as_of = max(moment for moment in known if moment is not None)
    return Freshness(as_of, _is_stale(licence.licence_type, as_of, at))


def _is_stale(licence_type: LicenceType, as_of: datetime, at: datetime) -> bool:
    if licence_type.fresh_hours is None:
        return False
    return at - as_of > timedelta(hours=licence_type.fresh_hours)
