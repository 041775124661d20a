"""Natural persons: one row for one person, however many accounts. 自然人"""

import unicodedata
from datetime import date
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from core.errors import NotFound
from core.ids import new_id
from core.prepared import Prepared
from core.sealing import Place, Vault
from identity.id_numbers import read_id_number
from identity.kinds import PartyKind
from identity.models import Party, Person

_TABLE = "identity_person"
_PERSON = Prepared(lambda person_id: Person.filter(id=person_id), UUID)


class PersonNotFound(NotFound):
    code = "identity.person_not_found"
    message = "没有找到该人员"


async def get_person(person_id: UUID) -> Person:
    person = await _PERSON.first(person_id)
    if person is None:
        raise PersonNotFound(person_id=person_id)
    return person


async def find_by_id_number(id_number: str, *, vault: Vault) -> Person | None:
    """The one person with this number, in its old or new form."""
    index = _index(read_id_number(id_number).text, vault)
    return await Person.get_or_none(id_number_index=index)


async def register_person(
    *,
    name: str,
    id_number: str,
    vault: Vault,
    division: str = "",
    alive: bool = True,
    died_on: date | None = None,
) -> Person:
    """The person with this number, made if unknown; a second call changes nothing.

    Day of birth and sex are those of the number. Two at once get the same person.
    """
    number = read_id_number(id_number)
    index = _index(number.text, vault)
    found = await Person.get_or_none(id_number_index=index)
    if found is not None:
        return found
    person_id = new_id()
    person = Person(
        id=person_id,
        party_id=person_id,
        name_sealed=vault.seal(_place("name_sealed", person_id), plain_name(name)),
        id_number_sealed=vault.seal(_place("id_number_sealed", person_id), number.text),
        id_number_index=index,
        birth_date=number.birth_date,
        sex=number.sex,
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


async def full_name(person_id: UUID, *, vault: Vault) -> str:
    person = await get_person(person_id)
    return vault.open(_place("name_sealed", person_id), person.name_sealed)


async def id_number(person_id: UUID, *, vault: Vault) -> str:
    """All eighteen characters. Show it masked unless the purpose needs the whole of it."""
    person = await get_person(person_id)
    return vault.open(_place("id_number_sealed", person_id), person.id_number_sealed)


def plain_name(name: str) -> str:
    """One spelling for one name: full-width letters and the several middle dots are one."""
    text = unicodedata.normalize("NFKC", name).strip()
    return text.translate({ord(dot): "·" for dot in "•‧・⋅∙."})


def _index(number: str, vault: Vault) -> UUID:
    return UUID(bytes=vault.blind_index(f"{_TABLE}.id_number", number))


def _place(column: str, person_id: UUID) -> Place:
    return Place(_TABLE, column, person_id)
