"""Which licences, and what of each, a holder agrees to show. 同意出示的内容"""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from core.errors import Rejected
from identity.callers import Caller
from licences.licence_fields import FieldDefinition, check_known, definitions
from licences.models import Licence
from licences.wallet import find_own

PORTRAIT = "portrait"
"""Stands among the fields, though it is a picture: a holder agrees to it like to any other."""

SET_LIMIT = 5


class LicenceTwice(Rejected):
    code = "licences.licence_twice"
    message = "同一张证照不能选择两次"


class Wanted(Struct, frozen=True):
    """One licence of the caller's, and the fields agreed to."""

    licence_id: UUID
    fields: Sequence[str]


async def find_wanted(wanted: Sequence[Wanted], caller: Caller) -> list[Licence]:
    """The licences with their types, in the order named; each the party's own, with such fields."""
    if len({one.licence_id for one in wanted}) != len(wanted):
        raise LicenceTwice()
    found = []
    for one in wanted:
        licence = await find_own(one.licence_id, caller)
        check_fields(one.fields, licence)
        found.append(licence)
    return found


def check_fields(keys: Sequence[str], licence: Licence) -> None:
    """Refuse the first field that the licence does not have; one with a picture has a portrait."""
    known = definitions(licence.licence_type)
    if licence.portrait_id is not None:
        known = [*known, FieldDefinition(PORTRAIT, "照片")]
    check_known(keys, known)
