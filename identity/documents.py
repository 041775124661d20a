"""The documents that a person proved who they are with. 本人证件"""

from datetime import date
from uuid import UUID

from msgspec import Struct

from core.clock import date_in_china
from core.masking import mask_id_number
from core.sealing import Place, Vault
from identity.id_documents import document_of
from identity.kinds import DocumentType
from identity.models import IdDocument
from identity.persons import get_person, id_number

_TABLE = "identity_id_document"


class KnownDocument(Struct, frozen=True, kw_only=True):
    """One document, its number masked unless the whole of it was asked for."""

    document_type: DocumentType
    number: str
    verified_on: date | None


async def list_documents(
    person_id: UUID, *, vault: Vault, whole: bool = False
) -> list[KnownDocument]:
    """The first document of a person, and the further ones in the order they were proved; not
    those that were erased.
    """
    person = await get_person(person_id)
    number = await id_number(person_id, vault=vault)
    first = KnownDocument(
        document_type=document_of(number).document_type if number else DocumentType.RESIDENT_ID,
        number=number if whole else mask_id_number(number),
        verified_on=None if person.real_name_at is None else date_in_china(person.real_name_at),
    )
    rows = await IdDocument.filter(person_id=person_id).order_by("id")
    further = [_known(row, vault, whole) for row in rows if row.number_sealed]
    return [first, *further] if number else further


def _known(row: IdDocument, vault: Vault, whole: bool) -> KnownDocument:
    number = vault.open(Place(_TABLE, "number_sealed", row.id), row.number_sealed)
    return KnownDocument(
        document_type=row.document_type,
        number=number if whole else mask_id_number(number),
        verified_on=date_in_china(row.verified_at),
    )
