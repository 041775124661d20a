"""Licence types and licences of the invented city, as their registries tell them. 证照目录与证照"""

from datetime import datetime
from hashlib import sha256

from core.files import FileStorage
from core.sealing import Vault
from identity.kinds import PartyKind
from licences.licence_fields import FieldDefinition
from licences.licence_types import define_licence_type
from licences.models import Licence
from licences.registry import RegistryEntry, record_licence
from licences.taking_over import has_portrait, keep_portrait
from seeds.files import City
from seeds.registers import ACTOR, Parties
from seeds.rows import LicenceRow


async def load_licence_types(city: City) -> int:
    for row in city.licence_types:
        fields = [FieldDefinition(field.key, field.label, field.sensitive) for field in row.fields]
        await define_licence_type(
            row.licence_type,
            name=row.name,
            department=row.issuer,
            fields=fields,
            holder_kind=PartyKind(row.holder),
            type_code=row.type_code,
            fresh_hours=row.fresh_hours,
            notice=row.notice,
            high_stakes=row.high_stakes,
        )
    return len(city.licence_types)


async def load_licences(
    city: City, parties: Parties, *, vault: Vault, files: FileStorage | None, at: datetime
) -> int:
    for row in city.licences:
        entry = _entry(row, city, parties, at)
        licence = await record_licence(entry, actor=ACTOR, vault=vault)
        if files is not None and row.portrait is not None:
            await _keep_portrait(licence, city.portrait(row.portrait), files, at)
    return len(city.licences)


def _entry(row: LicenceRow, city: City, parties: Parties, at: datetime) -> RegistryEntry:
    department = city.licence_type(row.licence_type).issuer
    agency, registry = city.agency(department), city.licence_registry(row.registry)
    place = registry.region_name
    return RegistryEntry(
        holder=parties[row.holder],
        licence_type=row.licence_type,
        number=row.number,
        values=row.fields,
        issuer=agency.name.replace("临溪市", place) if place else agency.name,
        department=department,
        division=registry.division,
        valid_from=row.issued_on,
        valid_until=row.valid_until,
        registry_date=row.issued_on,
        identifier=row.identifier,
        registry=registry.name,
        region=registry.region,
        region_name=registry.region_name,
        checked_at=at,
    )


async def _keep_portrait(
    licence: Licence, content: bytes, files: FileStorage, at: datetime
) -> None:
    """Once: what is there already is not kept a second time."""
    if not await has_portrait(licence, sha256(content).hexdigest()):
        await keep_portrait(licence, content, files=files, at=at)
