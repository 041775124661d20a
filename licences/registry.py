"""What the issuing departments' registries tell us about licences. 证照登记"""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.sealing import Vault
from licences import licence_fields
from licences.licence_types import get_licence_type
from licences.models import Licence, LicenceStatus


class LicenceNotFound(NotFound):
    code = "licences.not_found"
    message = "没有找到该证照"


class HolderDiffers(Conflict):
    code = "licences.holder_differs"
    message = "该证照登记在其他人名下"


class RegistryEntry(Struct, frozen=True, kw_only=True):
    """One licence as its registry has it on `registry_date`. `values` are its fields by key."""

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


async def record_licence(entry: RegistryEntry, *, actor: str, vault: Vault) -> Licence:
    """Take over what a registry says. Told twice it is kept once, and the newer day wins.

    The number may be among the values; it is kept in its own column alone.
    """
    licence_type = await get_licence_type(entry.licence_type)
    values = {key: value for key, value in entry.values.items() if key != licence_fields.NUMBER}
    licence_fields.check_known(values, licence_fields.definitions(licence_type))
    row = _row(entry, values, vault)
    async with in_transaction():
        licence = await _insert_once(row)
        if licence.holder_id != entry.holder:
            raise HolderDiffers(licence_id=licence.id)
        newer = entry.registry_date > licence.registry_date
        if newer:
            await _take_over(licence, entry, values, vault)
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
    return licence


def _row(entry: RegistryEntry, values: Mapping[str, str], vault: Vault) -> Licence:
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
    )


async def _insert_once(row: Licence) -> Licence:
    await Licence.bulk_create([row], ignore_conflicts=True)
    return await Licence.select_for_update(no_key=True).get(
        licence_type_id=row.licence_type_id, number_index=row.number_index
    )


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
