import asyncio
from datetime import date

import pytest
from tortoise.exceptions import IntegrityError

from core.sealing import Vault
from identity import entities, persons
from identity.entities import BankAccount, BankAccountMissing, EntityNotFound, UsccInvalid
from identity.id_numbers import IdNumberInvalid, read_id_number
from identity.kinds import PartyKind, Sex
from identity.models import LegalEntity, Party, Person
from identity.persons import PersonNotFound, find_by_id_number, register_person

NAME, NUMBER, OLD_NUMBER = "王桂兰", "330100195103089023", "330100510308902"
USCC = "91110000600037341L"


class TestIdNumber:
    def test_the_old_form_is_the_same_person(self) -> None:
        """E06"""
        assert read_id_number(OLD_NUMBER) == read_id_number(f" {NUMBER} ")
        assert read_id_number("11010519491231002x").text == "11010519491231002X"

    def test_tells_the_day_of_birth_and_the_sex(self) -> None:
        number = read_id_number(NUMBER)

        assert (number.birth_date, number.sex) == (date(1951, 3, 8), Sex.FEMALE)
        assert NUMBER not in repr(number)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "1",
            NUMBER[:-1],
            NUMBER[:-1] + "4",
            "330100195113089023",
            "X" * 18,
            "３" * 18,
            NUMBER + "\n1",
            "33010051030890X",
            "330100195102309023",
        ],
    )
    def test_refuses_what_is_no_number(self, text: str) -> None:
        with pytest.raises(IdNumberInvalid):
            read_id_number(text)


@pytest.mark.usefixtures("db")
class TestRegisterPerson:
    async def test_many_at_once_are_one_person(self, vault: Vault) -> None:
        people = await asyncio.gather(
            *(
                register_person(name=NAME, id_number=number, vault=vault)
                for number in (NUMBER, OLD_NUMBER) * 4
            )
        )

        assert len({person.id for person in people}) == 1
        assert (await Person.all().count(), await Party.all().count()) == (1, 1)
        party = await Party.get()
        assert (party.id, party.kind) == (people[0].id, PartyKind.PERSON)

    async def test_name_and_number_are_sealed_and_found(self, vault: Vault) -> None:
        """G10"""
        person = await register_person(name=NAME, id_number=NUMBER, vault=vault)

        assert await persons.full_name(person.id, vault=vault) == NAME
        assert await persons.id_number(person.id, vault=vault) == NUMBER
        found = await find_by_id_number(OLD_NUMBER, vault=vault)
        assert found is not None
        assert found.id == person.id
        row = repr(await Person.all().values())
        assert NUMBER not in row
        assert NAME not in row

    async def test_nobody_is_not_found(self, vault: Vault) -> None:
        assert await find_by_id_number(NUMBER, vault=vault) is None
        with pytest.raises(PersonNotFound):
            await persons.full_name(Party().id, vault=vault)

    @pytest.mark.parametrize(
        "wrong", [{"died_on": date(2026, 1, 1), "alive": True}, {"party_id": Party().id}]
    )
    async def test_the_database_itself_refuses_nonsense(
        self, wrong: dict[str, object], vault: Vault
    ) -> None:
        person = await register_person(name=NAME, id_number=NUMBER, vault=vault)

        with pytest.raises(IntegrityError):
            await Person.filter(id=person.id).update(**wrong)


@pytest.mark.usefixtures("db")
class TestEntities:
    async def test_many_at_once_are_one_entity_with_a_sealed_account(self, vault: Vault) -> None:
        account = BankAccount("6222000011112222", "某公司", "某银行")
        made = await asyncio.gather(
            *(
                entities.register_entity(
                    uscc=USCC,
                    name="某公司",
                    division="330199",
                    legal_representative_id=None,
                    bank_account=account,
                    vault=vault,
                )
                for _ in range(6)
            )
        )

        (entity,) = await LegalEntity.all()
        assert {one.id for one in made} == {entity.id}
        assert await entities.bank_account(entity.id, vault=vault) == account
        assert b"6222000011112222" not in bytes(entity.bank_account_sealed or b"")
        assert "6222" not in repr(account)

    async def test_what_is_not_there_is_said(self, vault: Vault) -> None:
        entity = await entities.register_entity(
            uscc=USCC, name="某公司", division="", legal_representative_id=None, vault=vault
        )

        with pytest.raises(BankAccountMissing):
            await entities.bank_account(entity.id, vault=vault)
        with pytest.raises(EntityNotFound):
            await entities.get_entity(Party().id)
        with pytest.raises(UsccInvalid):
            await entities.find_by_uscc("91110000600037341M")
