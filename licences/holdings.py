"""All that somebody may look at in one wallet, holder by holder, as this person has it lie. 卡包"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from core.masking import mask_name
from core.sealing import Vault
from identity import persons
from identity.callers import Caller
from identity.kinds import PartyKind
from licences.holders import Holder, Relation, readable_holders
from licences.models import Licence, WalletMark
from licences.wallet import WALLET_LIMIT, LicenceCard, cards_of, find_readable_licence

MAX_POSITION = 999


class Mark(Struct, frozen=True, kw_only=True):
    """How a licence lies: on top, out of sight, at a place among the others."""

    pinned: bool = False
    hidden: bool = False
    position: int | None = None


class HeldLicence(Struct, frozen=True, kw_only=True):
    licence: LicenceCard
    mark: Mark


class Holdings(Struct, frozen=True, kw_only=True):
    """One holder and its licences. A person's name is masked, an enterprise's is public."""

    party_id: UUID
    kind: PartyKind
    relation: Relation
    name: str
    licences: list[HeldLicence]


async def show_wallet(
    caller: Caller,
    *,
    vault: Vault,
    at: datetime,
    search: str = "",
    with_hidden: bool = False,
) -> list[Holdings]:
    """The caller's own licences and those of whom it looks after, without another session.

    Pinned ones first, then those that were given a place, then by kind. `search` looks in the names
    of licences, issuers, places and holders, and in what is shown without a mask; a holder without
    anything found is left out.
    """
    holders = await readable_holders(caller, at=at)
    rows = await _rows(holders)
    marks = await _marks(caller.required_person(), rows)
    found = []
    for holder in holders:
        own = [row for row in rows if row.holder_id == holder.party_id]
        name = await _name(holder, vault)
        cards = await cards_of(own, vault=vault, at=at)
        held = _arranged(cards, marks, search=search, holder=name, with_hidden=with_hidden)
        if held or not search:
            found.append(_holdings(holder, name, held))
    return found


async def arrange_licence(licence_id: UUID, mark: Mark, *, caller: Caller, at: datetime) -> Mark:
    """Have a licence lie so in this person's wallet, wherever it signs in. 置顶 / 隐藏 / 排序"""
    person_id = caller.required_person()
    licence = await find_readable_licence(licence_id, caller, at=at)
    row = WalletMark(
        person_id=person_id,
        licence_id=licence.id,
        pinned=mark.pinned,
        hidden=mark.hidden,
        position=mark.position,
    )
    await WalletMark.bulk_create(
        [row],
        on_conflict=["person_id", "licence_id"],
        update_fields=["pinned", "hidden", "position"],
    )
    return mark


async def _rows(holders: list[Holder]) -> list[Licence]:
    ids = [holder.party_id for holder in holders]
    found = Licence.filter(holder_id__in=ids).select_related("licence_type")
    return await found.order_by("licence_type_id", "id").limit(WALLET_LIMIT)


async def _marks(person_id: UUID, rows: list[Licence]) -> dict[UUID, Mark]:
    ids = [row.id for row in rows]
    found = await WalletMark.filter(person_id=person_id, licence_id__in=ids) if ids else []
    return {
        row.licence_id: Mark(pinned=row.pinned, hidden=row.hidden, position=row.position)
        for row in found
    }


async def _name(holder: Holder, vault: Vault) -> str:
    if holder.name is not None:
        return holder.name
    return mask_name(await persons.full_name(holder.party_id, vault=vault))


def _arranged(
    cards: Iterable[LicenceCard],
    marks: dict[UUID, Mark],
    *,
    search: str,
    holder: str,
    with_hidden: bool,
) -> list[HeldLicence]:
    held = [HeldLicence(licence=card, mark=marks.get(card.id, Mark())) for card in cards]
    seen = [one for one in held if with_hidden or not one.mark.hidden]
    if wanted := _plain(search):
        seen = [one for one in seen if wanted in _plain(_searched(one.licence, holder))]
    return sorted(seen, key=_place)


def _place(one: HeldLicence) -> tuple[bool, int]:
    position = one.mark.position
    return not one.mark.pinned, MAX_POSITION + 1 if position is None else position


def _searched(card: LicenceCard, holder: str) -> str:
    shown = (field.value for field in card.fields if not field.masked)
    return "\n".join((card.name, card.issuer, card.region_name, holder, *shown))


def _plain(text: str) -> str:
    return "".join(text.casefold().split(" "))


def _holdings(holder: Holder, name: str, held: list[HeldLicence]) -> Holdings:
    return Holdings(
        party_id=holder.party_id,
        kind=holder.kind,
        relation=holder.relation,
        name=name,
        licences=held,
    )
