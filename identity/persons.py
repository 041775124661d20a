"""Natural persons: one row for one person, however many accounts. 自然人"""

import unicodedata
from datetime import date
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from core.errors import NotFound, Rejected
from core.ids import new_id
from core.prepared import Prepared
from core.sealing import Place, Vault
from identity.id_documents import Document, document_of, read_document
from identity.kinds import DocumentType, PartyKind, Sex
from identity.models import IdDocument, Party, Person

_TABLE = "identity_person"
_PERSON = Prepared(lambda person_id: Person.filter(id=person_id), UUID)


class PersonNotFound(NotFound):
    code = "identity.person_not_found"
    message = "没有找到该人员"


class BirthUnknown(Rejected):
    code = "identity.birth_unknown"
    message = "该证件缺少出生日期，请到服务窗口办理"


async def get_person(person_id: UUID) -> Person:
    person = await _PERSON.first(person_id)
    if person is None:
        raise PersonNotFound(person_id=person_id)
    return person


async def find_by_id_number(id_number: str, *, vault: Vault) -> Person | None:
    """The one person with this number, of whatever document, in its old or new form."""
    return await find_by_document(document_of(id_number), vault=vault)


async def find_by_document(document: Document, *, vault: Vault) -> Person | None:
    """The one person with this document, the first they proved or a further one."""
    index = document.index(vault)
    person = await Person.get_or_none(id_number_index=index)
    if person is not None:
        return person
    further = await IdDocument.get_or_none(number_index=index).select_related("person")
    return None if further is None else further.person


async def register_person(
    *,
    name: str,
    id_number: str,
    vault: Vault,
    document_type: DocumentType = DocumentType.RESIDENT_ID,
    birth_date: date | None = None,
    sex: Sex | None = None,
    division: str = "",
    alive: bool = True,
    died_on: date | None = None,
) -> Person:
    """The person with this number, made if unknown; a second call changes nothing.

    Day of birth and sex are those of the number; given ones count where a number has none. Two at
    once get the same person.
    """
    document = read_document(id_number, document_type)
    found = await find_by_document(document, vault=vault)
    if found is not None:
        return found
    born, of_sex = document.birth_date or birth_date, document.sex or sex
    if born is None or of_sex is None:
        raise BirthUnknown(document_type=document_type)
    person_id, index = new_id(), document.index(vault)
    person = Person(
        id=person_id,
        party_id=person_id,
        name_sealed=vault.seal(_place("name_sealed", person_id), plain_name(name)),
        id_number_sealed=vault.seal(_place("id_number_sealed", person_id), document.number),
        id_number_index=index,
        birth_date=born,
        sex=of_sex,
        division=division,
        alive=alive,
        died_on=died_on,
    )
    try:
        async with in_transaction():
            await Party.create(id=person_id, kind=PartyKind.PERSON)
            await person.save(force_create=True)
    except IntegrityError:
        return await Person.get(id_number_index=index)
    return person


async def rename_person(person_id: UUID, name: str, *, vault: Vault) -> None:
    """The register has another name for this person now. In the caller's transaction."""
    sealed = vault.seal(_place("name_sealed", person_id), plain_name(name))
    await Person.filter(id=person_id).update(name_sealed=sealed)


async def write_number(person_id: UUID, number: str, *, vault: Vault) -> None:
    """Keep another text in place of the number; what finds the person stays as it is."""
    sealed = vault.seal(_place("id_number_sealed", person_id), number)
    await Person.filter(id=person_id).update(id_number_sealed=sealed)


async def full_name(person_id: UUID, *, vault: Vault) -> str:
    person = await get_person(person_id)
    return vault.open(_place("name_sealed", person_id), person.name_sealed)


async def id_number(person_id: UUID, *, vault: Vault) -> str:
    """The whole number of the first document. Show it masked unless a purpose needs it whole."""
    person = await get_person(person_id)
    return vault.open(_place("id_number_sealed", person_id), person.id_number_sealed)


def plain_name(name: str) -> str:
    """One spelling for one name: full-width letters and the several middle dots are one."""
    text = unicodedata.normalize("NFKC", name).strip()
    return text.translate({ord(dot): "·" for dot in "•‧・⋅∙."})


def _place(column: str, person_id: UUID) -> Place:
    return Place(_TABLE, column, person_id)
