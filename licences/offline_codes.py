"""A code that a verifier can check where neither side has a network. 离线码

Signed, short-lived, with the masked fields that its holder agreed to and without a portrait. It can
be copied and shown twice: whoever checks it is told so. What it is made of: `verifier/`.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit
from core.errors import Rejected
from core.sealing import Vault
from identity.callers import Caller
from identity.kinds import Right
from licences import freshness
from licences.issuing import LicenceIssuer
from licences.kinds import EntryKind
from licences.licence_fields import (
    VALID_UNTIL,
    ShownField,
    check_known,
    definitions,
    open_values,
    show,
)
from licences.models import Licence, StatusEntry
from licences.presentations import VerifierMustAsk, lock_valid
from licences.qr import svg_picture
from licences.status_lists import take_place
from licences.wallet import find_own

LIFETIME = timedelta(minutes=10)
REFRESH_AFTER = timedelta(minutes=5)
PLACE_LASTS = timedelta(days=1)
"""How long all offline codes of a licence have one place in the list: then they get another."""

MAX_BYTES = 400
NOTICES = ("离线核验，不能防重复", "无照片，请核对身份证")

_PREFIX = "ZBL1:"
_CONTEXT = b"zhangban offline licence 1\n"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


class OfflineTooMuch(Rejected):
    code = "licences.offline_too_much"
    message = "选择的内容太多，离线码放不下，请减少几项"


class OfflineCode(Struct, frozen=True, kw_only=True):
    """What a phone keeps for when it has no network; `notices` stand beside the picture."""

    code: str
    picture: str
    fields: list[ShownField]
    issued_at: datetime
    expires_at: datetime
    refresh_after_seconds: int
    as_of: datetime
    notices: list[str]


async def make_offline_code(
    licence_id: UUID,
    *,
    consented: Collection[str],
    caller: Caller,
    issuer: LicenceIssuer,
    vault: Vault,
    at: datetime,
) -> OfflineCode:
    """A code good for ten minutes, for the fields agreed to, sensitive ones masked. 离线亮证

    Of a valid licence only, and of none whose verifier must ask first. It is a consent: an agent
    who only prepares is refused.
    """
    caller.required_right(Right.APPLY)
    licence = await find_own(licence_id, caller)
    known = definitions(licence.licence_type)
    check_known(consented, known)
    if licence.licence_type.high_stakes:
        raise VerifierMustAsk(licence_id=licence.id)
    shown = show(open_values(licence, vault), known, only=consented)
    known_as_of = (await freshness.freshness_of(licence, at=at)).as_of
    async with in_transaction():
        await lock_valid([licence.id], at=at)  # of two at once the second finds the first's place
        place = await _place(licence, at)
        code = _signed(_body(licence, place, shown, as_of=known_as_of, at=at), issuer)
        await audit.record(caller.actor(), "licences.present_offline", f"licence:{licence.id}")
    return OfflineCode(
        code=code,
        picture=svg_picture(code),
        fields=shown,
        issued_at=at,
        expires_at=at + LIFETIME,
        refresh_after_seconds=int(REFRESH_AFTER.total_seconds()),
        as_of=known_as_of,
        notices=list(NOTICES),
    )


async def _place(licence: Licence, at: datetime) -> StatusEntry:
    """The place that this licence's offline codes have today."""
    living = StatusEntry.filter(
        licence_id=licence.id, kind=EntryKind.OFFLINE, expires_at__gte=at + LIFETIME
    )
    found = await living.order_by("-id").first()
    if found is not None:
        return found
    ends = at + PLACE_LASTS
    return await take_place(licence.id, EntryKind.OFFLINE, expires_at=ends, at=at)


def _body(
    licence: Licence,
    place: StatusEntry,
    shown: Collection[ShownField],
    *,
    as_of: datetime,
    at: datetime,
) -> bytes:
    issued = int(at.timestamp())
    until = licence.valid_until.isoformat() if licence.valid_until else "长期"
    return msgspec.json.encode(
        [
            licence.licence_type_id,
            licence.licence_type.name,
            [issued, issued + int(LIFETIME.total_seconds())],
            [place.status_list_id, place.position],
            int(as_of.timestamp()),
            until,
            [[field.label, field.value] for field in shown if field.key != VALID_UNTIL],
        ]
    )


def _signed(body: bytes, issuer: LicenceIssuer) -> str:
    """The address is signed, not sent: a code of another place is none here."""
    kid = bytes.fromhex(issuer.kid)
    signature = issuer.sign_bytes(_CONTEXT + issuer.address.encode() + b"\n" + kid + body)
    data = kid + body + signature
    if len(data) > MAX_BYTES:
        raise OfflineTooMuch(bytes=len(data))
    return _PREFIX + base45(data)


def base45(data: bytes) -> str:
    """RFC 9285: letters that a QR packs tightly."""
    text = []
    for start in range(0, len(data), 2):
        pair = data[start : start + 2]
        value = int.from_bytes(pair)
        for _ in range(len(pair) + 1):
            value, digit = divmod(value, 45)
            text.append(_ALPHABET[digit])
    return "".join(text)
