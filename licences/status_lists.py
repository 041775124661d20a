"""Signed lists of what is suspended or revoked, for verifiers that check without us. 状态名单

Token Status List of the IETF: two bits a place, compressed, in a JWT that may be kept and passed
on. Places are drawn at random and say nothing of whose they are; what stands at places of nobody
looks like the rest, so that a list does not tell how many licences were revoked.
"""

import secrets
import zlib
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import shake_256
from uuid import UUID

from tortoise import connections
from tortoise.expressions import Q

from core.errors import NotFound
from licences.issuing import LicenceIssuer
from licences.kinds import EntryKind
from licences.models import LicenceStatus, StatusEntry, StatusList

TYPE = "statuslist+jwt"
SIZE = 1 << 17
BITS = 2
REBUILD_AFTER = timedelta(seconds=45)
TTL = timedelta(minutes=5)
"""When a verifier with a network should fetch a list again."""

LIFETIME = timedelta(hours=24)
"""How long one without a network may go by it."""

_REVOKED, _SUSPENDED = 1, 2
_TRIES = 8
_OPENING = int.from_bytes(b"statlist")
_DECOYS = bytes(
    _REVOKED if byte < 3 else _SUSPENDED if byte == 3 else 0  # of 256
    for byte in range(256)
)


class StatusListNotFound(NotFound):
    code = "licences.status_list_not_found"
    message = "没有这份状态名单"


async def take_place(
    licence_id: UUID,
    kind: EntryKind,
    *,
    expires_at: datetime,
    at: datetime,
    key_thumbprint: str | None = None,
) -> StatusEntry:
    """A place drawn at random among the free ones of the newest list, or in a new list.

    In the caller's transaction: of two that find no room, the second takes the list of the first.
    """
    status_list = await _newest() or await _open_list(None, at)
    while True:
        decoys = _decoys(status_list)
        for _ in range(_TRIES):
            position = secrets.randbelow(status_list.size)
            entry = StatusEntry(
                status_list_id=status_list.id,
                position=position,
                licence_id=licence_id,
                kind=kind,
                key_thumbprint=key_thumbprint,
                created_at=at,
                expires_at=expires_at,
            )
            if decoys[position] == 0 and await _taken(entry):
                return entry
        status_list = await _open_list(status_list, at)  # half full: what is free is hard to find


_BEYOND_ALL = 2**31


async def read_list(list_id: int, *, issuer: LicenceIssuer, at: datetime) -> str:
    """The list as a token; made now when nobody made it lately."""
    known = 0 < list_id < _BEYOND_ALL  # the column would refuse to be asked for more
    found = await StatusList.get_or_none(id=list_id) if known else None
    if found is None:
        raise StatusListNotFound(list_id=list_id)
    if found.built_at is None or not at - TTL < found.built_at <= at + TTL:
        return await _build(found, issuer, at)
    return found.token


async def list_uris(issuer: LicenceIssuer) -> list[str]:
    """Where every list is."""
    rows = await StatusList.all().order_by("id").values_list("id", flat=True)
    return [issuer.status_list_uri(int(str(row))) for row in rows]


async def rebuild_lists(*, issuer: LicenceIssuer, at: datetime) -> None:
    """Make anew what was not made just now: asked every ten seconds, none is a minute old.

    Safe in many processes.
    """
    stale = Q(built_at=None) | Q(built_at__lte=at - REBUILD_AFTER)
    for status_list in await StatusList.filter(stale).order_by("id"):
        await _build(status_list, issuer, at)


async def _newest() -> StatusList | None:
    return await StatusList.all().order_by("-id").first()


async def _open_list(full: StatusList | None, at: datetime) -> StatusList:
    """A new list; or the one that another opened while we waited for our turn."""
    connection = connections.get("default")
    await connection.execute_query("SELECT pg_advisory_xact_lock($1)", [_OPENING])
    newest = await _newest()
    if newest is not None and (full is None or newest.id > full.id):
        return newest
    return await StatusList.create(size=SIZE, seed=secrets.token_bytes(32), created_at=at)


async def _taken(entry: StatusEntry) -> bool:
    """Whether the place is ours now: of two who want one, the first gets it."""
    await StatusEntry.bulk_create([entry], ignore_conflicts=True)
    return await StatusEntry.filter(id=entry.id).exists()


async def _build(status_list: StatusList, issuer: LicenceIssuer, at: datetime) -> str:
    words = await _words(status_list)
    issued = int(at.timestamp())
    claims = {
        "sub": issuer.status_list_uri(status_list.id),
        "iat": issued,
        "exp": issued + int(LIFETIME.total_seconds()),
        "ttl": int(TTL.total_seconds()),
        "status_list": {"bits": BITS, "lst": _packed(bytes(words))},
    }
    token = issuer.sign_token(claims, typ=TYPE)
    seen = StatusList.filter(id=status_list.id, built_at=status_list.built_at)
    await seen.update(token=token, built_at=at)
    return token


async def _words(status_list: StatusList) -> bytearray:
    """One byte a place. Only what does not hold is asked for: the rest stands as it is."""
    words = bytearray(_decoys(status_list))
    gone = Q(licence__status=LicenceStatus.REVOKED) | Q(revoked_at__isnull=False)
    suspended = Q(licence__status=LicenceStatus.SUSPENDED)
    rows = StatusEntry.filter(gone | suspended, status_list_id=status_list.id)
    for position, status, revoked_at in await rows.values_list(
        "position", "licence__status", "revoked_at"
    ):
        held = status == LicenceStatus.SUSPENDED and revoked_at is None
        words[position] = _SUSPENDED if held else _REVOKED
    return words


def _decoys(status_list: StatusList) -> bytes:
    """What stands at places of nobody; a place is only given away where this says valid."""
    return shake_256(status_list.seed).digest(status_list.size).translate(_DECOYS)


def _packed(words: bytes) -> str:
    """Four places a byte, the first in the lowest bits."""
    quarters = zip(words[0::4], words[1::4], words[2::4], words[3::4], strict=True)
    packed = bytes(a | b << 2 | c << 4 | d << 6 for a, b, c, d in quarters)
    return urlsafe_b64encode(zlib.compress(packed, 9)).rstrip(b"=").decode()
