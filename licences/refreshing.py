"""Keeping what we show of licences as fresh as their registries allow. 证照更新

What a holder has is asked for once a day, and when the holder says so; what changed is read by
`licences.reading`. A registry that does not answer is asked ever more seldom, and nobody waits for
it: what was last known is shown, with its moment.
"""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core.files import FileStorage
from core.ids import new_id
from core.sealing import Vault
from identity.callers import Caller
from identity.kinds import PartyKind, Right
from identity.models import Party
from licences.licence_fields import open_number
from licences.models import HolderFetch, Licence
from licences.registries import Registries, Registry, RegistryFailed
from licences.taking_over import holder_key, take_over_all

HOLDER_EVERY = timedelta(hours=24)
LONGEST_PAUSE = timedelta(hours=2)
BATCH = 50
_LEASE = timedelta(minutes=10)


class Refresh(Struct, frozen=True, kw_only=True):
    """What asking a registry brought: how many licences it has, or that it did not answer."""

    registry: str
    region_name: str
    answered: bool
    licences: int


class Desk(Struct, frozen=True, kw_only=True):
    """What everybody needs who takes in what registries tell."""

    registries: Registries
    files: FileStorage
    vault: Vault


async def fetch_own(caller: Caller, desk: Desk, *, at: datetime) -> list[Refresh]:
    """Ask for what the party holds that the caller acts for."""
    return await fetch_holder(caller.required_right(Right.VIEW), desk, at=at)


async def ask_for_licence(licence: Licence, desk: Desk, *, at: datetime) -> bool:
    """Ask its registry for this one licence, read with its type; False when it does not answer."""
    registry, type_code = desk.registries.find(licence.registry), licence.licence_type.type_code
    if registry is None or type_code is None:
        return False
    number = open_number(licence, desk.vault)
    try:
        held = await registry.find(type_code, number)
        await take_over_all(
            held.records, registry, as_of=held.as_of, files=desk.files, vault=desk.vault, at=at
        )
    except RegistryFailed:
        return False
    return True


async def fetch_holder(party_id: UUID, desk: Desk, *, at: datetime) -> list[Refresh]:
    """Ask every registry for what this party holds, now; those that fail are asked again later."""
    kind = (await Party.get(id=party_id)).kind

    async def ask(registry: Registry) -> Refresh:
        try:
            count = await _fetch(party_id, kind, registry, desk, at)
        except RegistryFailed:
            await _ask_again(party_id, registry, tries=1, at=at)
            return _refresh(registry, answered=False, licences=0)
        await _ask_again(party_id, registry, tries=0, at=at)
        return _refresh(registry, answered=True, licences=count)

    return await asyncio.gather(*(ask(registry) for registry in desk.registries))


async def watch_holder(party_id: UUID, registries: Registries, *, at: datetime) -> None:
    """See that this party's licences are fetched soon, and each day from then on. Twice is once."""
    rows = [
        HolderFetch(id=new_id(), registry=registry.name, holder_id=party_id, next_at=at)
        for registry in registries
    ]
    if rows:
        await HolderFetch.bulk_create(rows, ignore_conflicts=True)


async def fetch_due(desk: Desk, *, at: datetime) -> int:
    """Ask for the holders whose time has come, a batch of them; say for how many it went well.

    Safe in many at once. A registry that fails is left alone for the rest of the batch.
    """
    silent: set[str] = set()
    fetched = 0
    for row in await _claim(at):
        registry = desk.registries.find(row.registry)
        if registry is None:
            await HolderFetch.filter(id=row.id).delete()
            continue
        if registry.name not in silent and await _fetch_row(row, registry, desk, at):
            fetched += 1
        else:
            silent.add(registry.name)
            await _ask_again(row.holder_id, registry, tries=row.tries + 1, at=at)
    return fetched


def pause(tries: int) -> timedelta:
    """A minute after the first failure, then ever longer, two hours at most."""
    return min(timedelta(minutes=2 ** min(tries - 1, 10)), LONGEST_PAUSE)


async def _fetch(
    party_id: UUID, kind: PartyKind, registry: Registry, desk: Desk, at: datetime
) -> int:
    held = await registry.held_by(await holder_key(party_id, kind, vault=desk.vault))
    taken = await take_over_all(
        held.records, registry, as_of=held.as_of, files=desk.files, vault=desk.vault, at=at
    )
    return len(taken)


async def _fetch_row(row: HolderFetch, registry: Registry, desk: Desk, at: datetime) -> bool:
    kind = (await Party.get(id=row.holder_id)).kind
    try:
        await _fetch(row.holder_id, kind, registry, desk, at)
    except RegistryFailed:
        return False
    await _ask_again(row.holder_id, registry, tries=0, at=at)
    return True


async def _claim(at: datetime) -> list[HolderFetch]:
    async with in_transaction():
        due = HolderFetch.filter(next_at__lte=at).order_by("next_at", "id").limit(BATCH)
        rows = await due.select_for_update(skip_locked=True)
        ids = [row.id for row in rows]
        await HolderFetch.filter(id__in=ids).update(next_at=at + _LEASE)
    return rows


async def _ask_again(party_id: UUID, registry: Registry, *, tries: int, at: datetime) -> None:
    next_at = at + (pause(tries) if tries else HOLDER_EVERY)
    row = HolderFetch(
        id=new_id(), registry=registry.name, holder_id=party_id, next_at=next_at, tries=tries
    )
    await HolderFetch.bulk_create([row], ignore_conflicts=True)
    known = HolderFetch.filter(holder_id=party_id, registry=registry.name)
    if tries:
        await known.update(next_at=next_at, tries=tries)
    else:
        await known.update(next_at=next_at, tries=0, fetched_at=at)


def _refresh(registry: Registry, *, answered: bool, licences: int) -> Refresh:
    return Refresh(
        registry=registry.name,
        region_name=registry.region_name,
        answered=answered,
        licences=licences,
    )
