from collections.abc import Sequence

import msgspec

from core.errors import NotFound
from licences.licence_fields import FieldDefinition
from licences.models import LicenceType


class LicenceTypeNotFound(NotFound):
    code = "licences.type_not_found"
    message = "没有这种证照"


async def define_licence_type(
    code: str, *, name: str, department: str, fields: Sequence[FieldDefinition]
) -> LicenceType:
    """Say what a kind of licence is; said again, the newer word holds. 证照类型"""
    defaults = {
        "name": name,
        "department": department,
        "field_definitions": msgspec.to_builtins(fields),
    }
    licence_type, _ = await LicenceType.update_or_create(defaults, code=code)
    return licence_type


async def get_licence_type(code: str) -> LicenceType:
    licence_type = await LicenceType.get_or_none(code=code)
    if licence_type is None:
        raise LicenceTypeNotFound(licence_type=code)
    return licence_type
