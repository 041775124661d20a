from collections.abc import Sequence

import msgspec

from core.errors import NotFound
from identity.kinds import PartyKind
from licences.licence_fields import FieldDefinition
from licences.models import LicenceType


class LicenceTypeNotFound(NotFound):
    code = "licences.type_not_found"
    message = "没有这种证照"


async def define_licence_type(
    code: str,
    *,
    name: str,
    department: str,
    fields: Sequence[FieldDefinition],
    holder_kind: PartyKind = PartyKind.PERSON,
    type_code: str | None = None,
    fresh_hours: int | None = None,
    notice: str = "",
    high_stakes: bool = False,
) -> LicenceType:
    """Say what a kind of licence is; said again, the newer word holds. 证照类型

    `type_code` is its 21 characters in the identifiers of GB/T 36904; `notice` is what stands under
    every licence of the kind, such as what it may not be used for. One of `high_stakes` is shown
    only to a verifier that asked first.
    """
    defaults = {
        "name": name,
        "department": department,
        "field_definitions": msgspec.to_builtins(fields),
        "holder_kind": holder_kind,
        "type_code": type_code,
        "fresh_hours": fresh_hours,
        "notice": notice,
        "high_stakes": high_stakes,
    }
    licence_type, _ = await LicenceType.update_or_create(defaults, code=code)
    return licence_type


_LONGEST_CODE = 32


async def get_licence_type(code: str) -> LicenceType:
    known = len(code) <= _LONGEST_CODE  # the column would refuse to be asked for a longer one
    licence_type = await LicenceType.get_or_none(code=code) if known else None
    if licence_type is None:
        raise LicenceTypeNotFound(licence_type=code)
    return licence_type
