"""Licence types and licences of the invented city, as their registries tell them. 证照目录与证照"""

from core.sealing import Vault
from licences.licence_fields import FieldDefinition
from licences.licence_types import define_licence_type
from licences.registry import RegistryEntry, record_licence
from seeds.files import City, LicenceRow
from seeds.registers import ACTOR, Parties


async def load_licence_types(city: City) -> int:
    for row in city.licence_types:
        fields = [FieldDefinition(field.key, field.label, field.sensitive) for field in row.fields]
        await define_licence_type(
            row.licence_type, name=row.name, department=row.issuer, fields=fields
        )
    return len(city.licence_types)


async def load_licences(city: City, parties: Parties, *, vault: Vault) -> int:
    for row in city.licences:
        await record_licence(_entry(row, city, parties), actor=ACTOR, vault=vault)
    return len(city.licences)


def _entry(row: LicenceRow, city: City, parties: Parties) -> RegistryEntry:
    department = city.licence_type(row.licence_type).issuer
    agency = city.agency(department)
    return RegistryEntry(
        holder=parties[row.holder],
        licence_type=row.licence_type,
        number=row.number,
        values=row.fields,
        issuer=agency.name,
        department=department,
        division=agency.division,
        valid_from=row.issued_on,
        valid_until=row.valid_until,
        registry_date=row.issued_on,
    )
