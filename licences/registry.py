"""What the issuing departments' registries tell us about licences. 证照登记"""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit, jobs
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.sealing import Vault
from licences import licence_fields
from licences.identifiers import new_identifier, read_identifier
from licences.licence_types import get_licence_type
from licences.models import Licence, LicenceStatus, LicenceType


class LicenceNotFound(NotFound):
    code = "licences.not_found"
    message = "没有找到该证照"


class HolderDiffers(Conflict):
    code = "licences.holder_differs"
    message = "该证照登记在其他人名下"


class IdentifierTaken(Conflict):
    code = "licences.identifier_taken"
    message = "该电子证照标识已属于另一张证照"


class RegistryEntry(Struct, frozen=True, kw_only=True):
    """One licence as its registry has it on `registry_date`. `values` are its fields by key.

    Without an `identifier` it is given one where its type and the issuer have codes of their own.
    """

    holder: UUID
    licence_type: str
    number: str
    values: Mapping[str, str]
    issuer: str
    department: str
    division: str
    valid_from: date
    valid_until: date | None
    registry_date: date
    identifier: str | None = None
    issuer_code: str | None = None
    registry: str = ""
    region: str = ""
    region_name: str = ""
    checked_at: datetime | None = None


async def record_licence(entry: RegistryEntry, *, actor: str, vault: Vault) -> Licence:
    """Take over what a registry says. Told twice it is kept once, and the newer day wins.

    The number may be among the values; it is kept in its own column alone. What another registry
    than its own says of a licence changes nothing.
    """
    licence_type = await get_licence_type(entry.licence_type)
    values = {key: value for key, value in entry.values.items() if key != licence_fields.NUMBER}
    licence_fields.check_known(values, licence_fields.definitions(licence_type))
    row = _row(entry, licence_type, values, vault)
    async with in_transaction():
        licence = await _insert_once(row)
        if licence.holder_id != entry.holder:
            raise HolderDiffers(licence_id=licence.id)
        if licence.registry not in ("", entry.registry):
            return licence
        newer = entry.registry_date > licence.registry_date
        if newer:
            await _take_over(licence, entry, values, vault)
        await _mark_checked(licence, entry)
        if newer or licence.id == row.id:
            await audit.record(actor, "licences.record", f"licence:{licence.id}")
    return licence


async def change_status(
    licence_id: UUID, status: LicenceStatus, *, registry_date: date, actor: str
) -> Licence:
    """Suspend, revoke or restore a licence as its registry did. 暂扣 / 注销 / 恢复

    An older day than that of the status changes nothing: it was overtaken on the way.
    """
    async with in_transaction():
        licence = await Licence.select_for_update(no_key=True).get_or_none(id=licence_id)
        if licence is None:
            raise LicenceNotFound(licence_id=licence_id)
        if licence.status_date is not None and registry_date < licence.status_date:
            return licence
        before, licence.status = licence.status, status
        licence.status_date = registry_date
        licence.registry_date = max(registry_date, licence.registry_date)
        await licence.save(update_fields=["status", "status_date", "registry_date"])
        await audit.record(
            actor,
            "licences.change_status",
            f"licence:{licence.id}",
            before=before.value,
            after=status.value,
        )
        if status is not before:
            await _tell_holder(licence, status)
    return licence


async def _tell_holder(licence: Licence, status: LicenceStatus) -> None:
    await jobs.enqueue(
        "licences.status_changed",
        dedupe_key=f"licences.status_changed:{licence.id}:{licence.status_date}:{status.value}",
        licence_id=str(licence.id),
        status=status.value,
        status_on=str(licence.status_date),
    )


def _row(
    entry: RegistryEntry, licence_type: LicenceType, values: Mapping[str, str], vault: Vault
) -> Licence:
    licence_id = new_id()
    return Licence(
        id=licence_id,
        holder_id=entry.holder,
        licence_type_id=entry.licence_type,
        number_sealed=licence_fields.seal_number(entry.number, licence_id, vault),
        number_index=licence_fields.number_index(entry.number, vault),
        values_sealed=licence_fields.seal_values(values, licence_id, vault),
        issuer=entry.issuer,
        department=entry.department,
        division=entry.division,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        registry_date=entry.registry_date,
        identifier=_identifier(entry, licence_type),
        registry=entry.registry,
        region=entry.region,
        region_name=entry.region_name,
        checked_at=entry.checked_at,
    )


def _identifier(entry: RegistryEntry, licence_type: LicenceType) -> str | None:
    if entry.identifier is not None:
        return str(read_identifier(entry.identifier))
    if licence_type.type_code is None or entry.issuer_code is None:
        return None
    return new_identifier(licence_type.type_code, issuer_code=entry.issuer_code)


async def _insert_once(row: Licence) -> Licence:
    await Licence.bulk_create([row], ignore_conflicts=True)
    licence = await Licence.select_for_update(no_key=True).get_or_none(
        licence_type_id=row.licence_type_id, number_index=row.number_index
    )
    if licence is None:
        raise IdentifierTaken(identifier=row.identifier)
    return licence


async def _mark_checked(licence: Licence, entry: RegistryEntry) -> None:
    """Say when, and by which registry; a licence known from before may learn its identifier."""
    if entry.checked_at is None or (licence.checked_at and entry.checked_at <= licence.checked_at):
        return
    licence.checked_at, licence.registry = entry.checked_at, entry.registry
    licence.region, licence.region_name = entry.region, entry.region_name
    changed = ["checked_at", "registry", "region", "region_name"]
    later = entry.registry_date >= licence.registry_date
    if later and entry.identifier is not None and entry.identifier != licence.identifier:
        taken = await Licence.filter(identifier=entry.identifier).exists()
        if taken:
            raise IdentifierTaken(identifier=entry.identifier)
        licence.identifier = str(read_identifier(entry.identifier))
        changed.append("identifier")
    await licence.save(update_fields=changed)


async def _take_over(
    licence: Licence, entry: RegistryEntry, values: Mapping[str, str], vault: Vault
) -> None:
    licence.values_sealed = licence_fields.seal_values(values, licence.id, vault)
    licence.issuer, licence.division = entry.issuer, entry.division
    licence.valid_from, licence.valid_until = entry.valid_from, entry.valid_until
    licence.registry_date = entry.registry_date
    await licence.save(
        update_fields=[
            "values_sealed",
            "issuer",
            "division",
            "valid_from",
            "valid_until",
            "registry_date",
        ]
    )
