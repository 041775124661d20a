"""What a holder sees of its own licences. 我的证照"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit, broken_seals
from core.clock import date_in_china
from core.prepared import Prepared
from core.sealing import SealBroken, Vault
from identity.callers import Caller
from identity.kinds import Right
from licences.freshness import Synced, judge, synced_moments
from licences.holders import find_readable
from licences.licence_fields import ShownField, definitions, open_values, show
from licences.models import Licence, LicenceStatus
from licences.registry import LicenceNotFound

WALLET_LIMIT = 200

_WALLET = Prepared(
    lambda holder_id: (
        Licence.filter(holder_id=holder_id)
        .select_related("licence_type")
        .order_by("licence_type_id", "id")
        .limit(WALLET_LIMIT)
    ),
    UUID,
)


class UnmaskPurpose(StrEnum):
    """Why a holder wants to see a licence in clear."""

    OWN_CHECK = "own_check"  # 本人查看
    FORM_FILLING = "form_filling"  # 填写表单
    SHOW_TO_STAFF = "show_to_staff"  # 当面出示


class LicenceCard(Struct, frozen=True, kw_only=True):
    """A licence as its holder sees it. One that cannot be opened stands without fields.

    `as_of` is when we last knew it to be so, `stale` when that is too long ago to be relied on.
    `region_name` names the place that issued it when that is not this one.
    """

    id: UUID
    licence_type: str
    name: str
    issuer: str
    status: LicenceStatus
    valid_from: date
    valid_until: date | None
    registry_date: date
    identifier: str | None
    as_of: datetime
    stale: bool
    region: str
    region_name: str
    has_portrait: bool
    notice: str
    readable: bool
    fields: list[ShownField]


async def list_licences(caller: Caller, *, vault: Vault, at: datetime) -> list[LicenceCard]:
    """Every licence of the party the caller acts for, sensitive fields masked. 我的证照"""
    caller.required_right(Right.VIEW)
    rows = await list_closed(caller)
    return await cards_of(rows, vault=vault, at=at)


async def list_closed(caller: Caller) -> list[Licence]:
    """The same licences with their types, for who only names them: nothing sealed is opened."""
    party_id = caller.required_party()
    return await _WALLET.rows(party_id) if Right.VIEW in caller.rights else []


async def get_licence(
    licence_id: UUID, *, caller: Caller, vault: Vault, at: datetime
) -> LicenceCard:
    """One licence that the caller may look at, sensitive fields masked."""
    licence = await find_readable_licence(licence_id, caller, at=at)
    return _card(licence, vault, await synced_moments(), at, clear=False)


async def cards_of(rows: Sequence[Licence], *, vault: Vault, at: datetime) -> list[LicenceCard]:
    """These licences, read with their types, as they are shown: masked."""
    synced = await synced_moments()
    return [await _card_or_blank(row, vault, synced, at) for row in rows]


async def unmask_licence(
    licence_id: UUID, *, purpose: UnmaskPurpose, caller: Caller, vault: Vault, at: datetime
) -> LicenceCard:
    """The same in clear, for a purpose, and audited: no clear view without its audit row.

    That is a consent: an agent who only prepares is refused.
    """
    caller.required_confirmer()
    licence = await find_own(licence_id, caller)
    async with in_transaction():
        await audit.record(
            caller.actor(), "licences.unmask", f"licence:{licence.id}", purpose=purpose.value
        )
    return _card(licence, vault, await synced_moments(), at, clear=True)


async def find_own(licence_id: UUID, caller: Caller) -> Licence:
    """The licence with its type, when it is the party's the caller acts for; else not found."""
    licence = await Licence.get_or_none(
        id=licence_id, holder_id=caller.required_right(Right.VIEW)
    ).select_related("licence_type")
    if licence is None:
        raise LicenceNotFound(licence_id=licence_id)
    return licence


async def find_readable_licence(licence_id: UUID, caller: Caller, *, at: datetime) -> Licence:
    """The licence with its type, when the caller may look at its holder's; else not found."""
    party_id = caller.required_right(Right.VIEW)
    licence = await Licence.get_or_none(id=licence_id).select_related("licence_type")
    if licence is None:
        raise LicenceNotFound(licence_id=licence_id)
    if licence.holder_id != party_id and not await find_readable(licence.holder_id, caller, at=at):
        raise LicenceNotFound(licence_id=licence_id)
    return licence


async def _card_or_blank(
    licence: Licence, vault: Vault, synced: Synced, at: datetime
) -> LicenceCard:
    try:
        return _card(licence, vault, synced, at, clear=False)
    except SealBroken as broken:
        await broken_seals.report(broken)
        return _with_fields(licence, synced, at, None)


def _card(
    licence: Licence, vault: Vault, synced: Synced, at: datetime, *, clear: bool
) -> LicenceCard:
    values = open_values(licence, vault)
    shown = show(values, definitions(licence.licence_type), clear=clear)
    return _with_fields(licence, synced, at, shown)


def _with_fields(
    licence: Licence, synced: Synced, at: datetime, shown: list[ShownField] | None
) -> LicenceCard:
    fresh = judge(licence, synced, at=at)
    return LicenceCard(
        id=licence.id,
        licence_type=licence.licence_type_id,
        name=licence.licence_type.name,
        issuer=licence.issuer,
        status=licence.status_on(date_in_china(at)),
        valid_from=licence.valid_from,
        valid_until=licence.valid_until,
        registry_date=licence.registry_date,
        identifier=licence.identifier,
        as_of=fresh.as_of,
        stale=fresh.stale,
        region=licence.region,
        region_name=licence.region_name,
        has_portrait=licence.portrait_id is not None,
        notice=licence.licence_type.notice,
        readable=shown is not None,
        fields=shown or [],
    )
