"""People and enterprises of the invented city, as the base registers have them. 人口库与法人库"""

from uuid import UUID

from core.sealing import Vault
from identity import entities, persons
from identity.entities import BankAccount
from identity.kinds import EntityStatus, Sex
from seeds.files import City
from seeds.rows import EnterpriseRow, PersonRow

ACTOR = "system:seeds"

Parties = dict[str, UUID]
"""Whom a key of the city's files stands for."""


async def load_people(city: City, *, vault: Vault) -> Parties:
    return {row.key: await _person(row, vault) for row in city.people}


async def load_enterprises(city: City, parties: Parties, *, vault: Vault) -> Parties:
    return {row.key: await _enterprise(row, parties, vault) for row in city.enterprises}


async def _person(row: PersonRow, vault: Vault) -> UUID:
    person = await persons.register_person(
        name=row.name,
        id_number=row.id_number,
        document_type=row.id_type,
        birth_date=row.birth_date,
        sex=Sex(row.sex),
        division=row.division,
        alive=row.alive,
        died_on=row.died_on,
        vault=vault,
    )
    return person.id


async def _enterprise(row: EnterpriseRow, parties: Parties, vault: Vault) -> UUID:
    entity = await entities.register_entity(
        uscc=row.uscc,
        name=row.name,
        division=row.division,
        legal_representative_id=parties[row.legal_representative],
        status=EntityStatus(row.status),
        bank_account=BankAccount(row.bank.account_no, row.bank.account_name, row.bank.bank_name),
        vault=vault,
    )
    return entity.id
