"""Licences as registries tell them, and a desk to take them in."""

from datetime import date
from typing import Any

import msgspec
from obstore.store import MemoryStore

from core.files import FileStorage
from core.sealing import Vault
from identity import persons
from identity.kinds import PartyKind
from identity.models import Person
from licences.identifiers import Identifier
from licences.kinds import LicenceStatus
from licences.licence_fields import FieldDefinition
from licences.licence_types import define_licence_type
from licences.models import LicenceType
from licences.refreshing import (
    Desk,
)
from licences.registries import HolderKey, Registries, RegistryRecord
from tests.fakes.licences import FakeRegistry

TYPE_CODE = "11330000MB0LX0002U007"


async def elder_card() -> LicenceType:
    fields = [FieldDefinition("name", "姓名"), FieldDefinition("number", "证号")]
    return await define_licence_type(
        "elder-card",
        name="老年人优待证",
        department="330199-civil-affairs",
        fields=fields,
        type_code=TYPE_CODE,
        fresh_hours=24,
    )


async def record(vault: Vault, holder: Person, number: str = "LX-1", **changes: Any) -> Any:
    """A licence of the holder as a registry tells it."""
    await elder_card()
    serial = f"{sum(map(ord, number)):020d}"
    defaults: dict[str, Any] = {
        "identifier": str(Identifier(TYPE_CODE, "11330199MB0LX0002X", serial, 1)),
        "type_code": TYPE_CODE,
        "number": number,
        "holder": HolderKey(PartyKind.PERSON, await persons.id_number(holder.id, vault=vault)),
        "values": {"name": "王桂兰", "unheard_of": "x"},
        "issuer": "临溪市民政局",
        "division": "330199",
        "valid_from": date(2020, 1, 1),
        "valid_until": None,
        "status": LicenceStatus.VALID,
        "status_on": date(2020, 1, 1),
        "registered_on": date(2020, 1, 1),
    }
    return RegistryRecord(**defaults | changes)


def changed(row: RegistryRecord, **fields: Any) -> RegistryRecord:
    return msgspec.structs.replace(row, **fields)


def desk(vault: Vault, *registries: FakeRegistry) -> Desk:
    files = FileStorage(MemoryStore(), vault)
    return Desk(registries=Registries(registries), files=files, vault=vault)
