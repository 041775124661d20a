"""What stands on a licence: definitions in its type, values sealed in its row. 证照字段

`number` and `valid_until` are fields like any other, though they have columns of their own.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

from core.errors import Rejected
from core.masking import mask_id_number, mask_name
from core.sealing import Place, Vault
from licences.models import Licence, LicenceType

TABLE = "licences_licence"
NUMBER, VALID_UNTIL = "number", "valid_until"
_NAMES = ("name", "legal_representative")


class UnknownField(Rejected):
    code = "licences.unknown_field"
    message = "该证照没有这个字段"
    shown = ("field",)


class FieldDefinition(Struct, frozen=True, forbid_unknown_fields=True):
    """One field of a type. Whatever is not said to be harmless is sensitive."""

    key: str
    label: str
    sensitive: bool = True


class ShownField(Struct, frozen=True):
    """A field as it leaves the server."""

    key: str
    label: str
    value: str
    masked: bool


def definitions(licence_type: LicenceType) -> list[FieldDefinition]:
    return msgspec.convert(licence_type.field_definitions, list[FieldDefinition])


def check_known(keys: Collection[str], known: Collection[FieldDefinition]) -> None:
    """Refuse the first key that the type does not have."""
    names = {field.key for field in known}
    unknown = next((key for key in keys if key not in names), None)
    if unknown is not None:
        raise UnknownField(field=unknown)


def seal_number(number: str, licence_id: UUID, vault: Vault) -> bytes:
    return vault.seal(Place(TABLE, "number_sealed", licence_id), number)


def seal_values(values: Mapping[str, str], licence_id: UUID, vault: Vault) -> bytes:
    text = msgspec.json.encode(dict(values), order="sorted").decode()
    return vault.seal(Place(TABLE, "values_sealed", licence_id), text)


def number_index(number: str, vault: Vault) -> UUID:
    return UUID(bytes=vault.blind_index(f"{TABLE}.number", number))


def open_number(licence: Licence, vault: Vault) -> str:
    return vault.open(Place(TABLE, "number_sealed", licence.id), licence.number_sealed)


def open_values(licence: Licence, vault: Vault) -> dict[str, str]:
    """Every value by key, in clear. SealBroken when the row was tampered with."""
    number = open_number(licence, vault)
    text = vault.open(Place(TABLE, "values_sealed", licence.id), licence.values_sealed)
    until = licence.valid_until.isoformat() if licence.valid_until else "长期"
    return {NUMBER: number, VALID_UNTIL: until} | msgspec.json.decode(text, type=dict[str, str])


def show(
    values: Mapping[str, str],
    known: Collection[FieldDefinition],
    *,
    only: Collection[str] | None = None,
    clear: bool = False,
) -> list[ShownField]:
    """The fields in the type's order, sensitive ones masked unless `clear`."""
    return [
        _shown(field, values[field.key], masked=field.sensitive and not clear)
        for field in known
        if field.key in values and (only is None or field.key in only)
    ]


def _shown(field: FieldDefinition, value: str, *, masked: bool) -> ShownField:
    return ShownField(field.key, field.label, _mask(field.key, value) if masked else value, masked)


def _mask(key: str, value: str) -> str:
    if key in _NAMES or key.endswith("_name"):
        return mask_name(value)
    return mask_id_number(value)
