"""Bringing what a registry tells into our rows: the licence, its status, its picture. 入库"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from core.errors import DomainError, Rejected
from core.files import FileStorage
from core.models import StoredFile
from core.pictures import remade
from core.sealing import Vault
from core.tasks import raise_task
from identity import entities, persons
from identity.id_numbers import IdNumberInvalid
from identity.kinds import PartyKind
from licences.licence_fields import definitions
from licences.models import Licence, LicenceType
from licences.registries import HolderKey, Registry, RegistryFailed, RegistryRecord
from licences.registry import RegistryEntry, change_status, record_licence

KEPT = timedelta(days=36_500)
"""Pictures are kept as long as their licences are, which have no end that we know of."""

LONGEST, MAX_PIXELS = 480, 16_000_000
"""Of a picture a side as we keep it, and all that a registry may give."""


class PortraitDiffers(Rejected):
    code = "licences.portrait_differs"
    message = "照片与登记的摘要不一致"


async def take_over(
    record: RegistryRecord,
    registry: Registry,
    *,
    as_of: datetime,
    files: FileStorage,
    vault: Vault,
    at: datetime,
) -> Licence | None:
    """The licence as it now stands here; None when its kind or its holder is unknown to us.

    RegistryFailed when its picture could not be had: what was written stays, and is found again.
    """
    licence_type = await LicenceType.get_or_none(type_code=record.type_code)
    holder_id = await find_holder(record.holder, vault=vault)
    if licence_type is None or holder_id is None:
        return None
    actor = actor_of(registry)
    entry = _entry(record, registry, licence_type, holder_id, min(as_of, at))
    licence = await record_licence(entry, actor=actor, vault=vault)
    if licence.registry != registry.name:
        return licence
    if licence.status is not record.status:
        licence = await change_status(
            licence.id, record.status, registry_date=record.status_on, actor=actor
        )
    await _keep_portrait(licence, record, registry, files, at)
    return licence


async def take_over_all(
    records: list[RegistryRecord],
    registry: Registry,
    *,
    as_of: datetime,
    files: FileStorage,
    vault: Vault,
    at: datetime,
) -> list[Licence]:
    """As many as can be: one that is refused goes before a person and holds up no other."""
    taken = []
    for record in records:
        try:
            licence = await take_over(
                record, registry, as_of=as_of, files=files, vault=vault, at=at
            )
        except RegistryFailed:
            raise
        except DomainError as refused:
            await _ask_a_person(record, registry, refused)
        else:
            taken += [licence] if licence is not None else []
    return taken


async def find_holder(holder: HolderKey, *, vault: Vault) -> UUID | None:
    """The party with this number, when it is known here."""
    try:
        if holder.kind is PartyKind.ENTITY:
            entity = await entities.find_by_uscc(holder.number)
            return None if entity is None else entity.id
        person = await persons.find_by_id_number(holder.number, vault=vault)
        return None if person is None else person.id
    except (IdNumberInvalid, entities.UsccInvalid):
        return None


async def holder_key(party_id: UUID, kind: PartyKind, *, vault: Vault) -> HolderKey:
    """How registries are asked for this party."""
    if kind is PartyKind.ENTITY:
        return HolderKey(kind, (await entities.get_entity(party_id)).uscc)
    return HolderKey(kind, await persons.id_number(party_id, vault=vault))


def actor_of(registry: Registry) -> str:
    return f"system:registry {registry.name}"


def _entry(
    record: RegistryRecord,
    registry: Registry,
    licence_type: LicenceType,
    holder_id: UUID,
    checked_at: datetime,
) -> RegistryEntry:
    """What a registry has beyond the fields of our type is left where it is."""
    known = {field.key for field in definitions(licence_type)}
    return RegistryEntry(
        holder=holder_id,
        licence_type=licence_type.code,
        number=record.number,
        values={key: value for key, value in record.values.items() if key in known},
        issuer=record.issuer,
        department=licence_type.department,
        division=record.division,
        valid_from=record.valid_from,
        valid_until=record.valid_until,
        registry_date=record.registered_on,
        identifier=record.identifier,
        registry=registry.name,
        region=registry.region,
        region_name=registry.region_name,
        checked_at=checked_at,
    )


async def _keep_portrait(
    licence: Licence, record: RegistryRecord, registry: Registry, files: FileStorage, at: datetime
) -> None:
    digest = record.portrait_sha256
    if digest is None or await has_portrait(licence, digest):
        return
    content = await registry.portrait(record.identifier)
    if sha256(content).hexdigest() != digest:
        raise PortraitDiffers(licence_id=licence.id)
    await keep_portrait(licence, content, files=files, at=at)


async def keep_portrait(
    licence: Licence, content: bytes, *, files: FileStorage, at: datetime
) -> None:
    """Make this the licence's picture, sealed; the one before it is forgotten.

    It is drawn anew: of what a registry gave only the pixels are kept. PictureRefused,
    PictureTooLarge for what is none. Takes a thread for a while.
    """
    drawn = await asyncio.to_thread(remade, content, longest=LONGEST, max_pixels=MAX_PIXELS)
    file = await files.keep(
        _at_once(drawn.content),
        owner=portrait_owner(licence.id),
        media_type="image/jpeg",
        at=at,
        lifetime=KEPT,
    )
    earlier, licence.portrait_id = licence.portrait_id, file.id
    licence.portrait_sha256 = sha256(content).hexdigest()
    await Licence.filter(id=licence.id).update(
        portrait_id=file.id, portrait_sha256=licence.portrait_sha256
    )
    if earlier is not None:
        await StoredFile.filter(id=earlier).update(expires_at=at)


def portrait_owner(licence_id: UUID) -> str:
    """Whose the picture is in the file storage."""
    return f"licence:{licence_id}"


async def has_portrait(licence: Licence, digest: str) -> bool:
    """Whether the licence has the picture that the registry names by this digest."""
    known = licence.portrait_id is not None and licence.portrait_sha256 == digest
    return known and await StoredFile.filter(id=licence.portrait_id).exists()


async def _at_once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _ask_a_person(record: RegistryRecord, registry: Registry, refused: DomainError) -> None:
    licence_type = await LicenceType.get_or_none(type_code=record.type_code)
    department = licence_type.department if licence_type is not None else ""
    await raise_task(
        "licences.record_refused",
        department=department,
        division=record.division,
        subject=f"registry:{registry.name}",
        dedupe_key=f"licences.record_refused:{record.identifier}:{refused.code}",
        identifier=record.identifier,
        code=refused.code,
    )
