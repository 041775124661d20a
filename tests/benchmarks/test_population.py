"""People made in bulk are people like any other: every verb that reads them finds them whole."""

from datetime import date

import asyncpg
import pytest

from app.embedded.postgres import EmbeddedPostgres
from benchmarks.documents import Someone, documents_of
from benchmarks.loading import read_city, take_off
from benchmarks.population import COLUMNS, FEES, MESSAGES, Population, id_number
from core.clock import date_in_china
from core.sealing import Vault
from identity import persons
from identity.callers import Caller
from identity.id_numbers import read_id_number
from identity.models import Account
from licences.identifiers import read_identifier
from licences.wallet import list_licences
from notifications.messages import count_unread, list_messages
from payments.orders import list_orders
from proactive.entitlements import list_entitlements
from seeds.files import City
from seeds.loader import load_city
from tests.conftest import AT


@pytest.fixture
async def someone(db: None, vault: Vault, postgres: EmbeddedPostgres) -> Caller:
    """The third of five people who were copied into a city that was there before them."""
    await load_city(City(), vault=vault, at=AT, say=lambda line: None)
    connection = await asyncpg.connect("postgresql" + postgres.url().removeprefix("asyncpg"))
    city = await read_city(connection, "wx-1")
    rows = Population(city, vault=vault, at=AT).rows(range(5))
    for table, columns in COLUMNS.items():
        await connection.copy_records_to_table(table, records=rows[table], columns=columns)
    await connection.close()
    account = await Account.get(subject="benchmark-0000000002")
    return Caller(
        account_id=account.id,
        session_id=account.id,
        provider="wechat",
        appid="wx-1",
        subject=account.subject,
        person_id=account.person_id,
        party_id=account.person_id,
        level=2,
    )


async def test_they_are_found_by_their_number_and_have_a_name(
    someone: Caller, vault: Vault
) -> None:
    number, born, _ = id_number(2)

    person = await persons.find_by_id_number(number, vault=vault)

    assert person is not None
    assert (person.id, person.birth_date) == (someone.person_id, born)
    assert await persons.id_number(person.id, vault=vault) == number
    assert len(await persons.full_name(person.id, vault=vault)) == 3


async def test_they_hold_owe_get_and_are_told_things(someone: Caller, vault: Vault) -> None:
    party_id = someone.required_party()

    cards = await list_licences(someone, vault=vault, at=AT)
    orders = await list_orders(caller=someone, status=None, after=None, limit=10)
    offered = await list_entitlements(party_id)

    assert [card.licence_type for card in cards] == sorted(_kinds(2))
    assert all(card.readable and card.identifier for card in cards)
    assert {str(read_identifier(card.identifier or "")) for card in cards} == {
        card.identifier for card in cards
    }
    assert (len(orders), len(await list_messages(party_id))) == (FEES, MESSAGES)
    assert await count_unread(party_id) == MESSAGES - 1
    assert {row.policy.code for row in offered} == {"sh-elder", "sz-elder"}


def _kinds(number: int) -> list[str]:
    someone = Someone(number, "王伟", *id_number(number))
    return [one.kind for one in documents_of(someone, today=date_in_china(AT))]


async def test_indexes_and_constraints_come_back_as_they_were(
    db: None, postgres: EmbeddedPostgres
) -> None:
    connection = await asyncpg.connect("postgresql" + postgres.url().removeprefix("asyncpg"))
    before = await _guards(connection)

    async with connection.transaction():
        again = await take_off(connection)
        without = await _guards(connection)
        for made in again:
            await connection.execute(made)
    after = await _guards(connection)
    await connection.close()

    assert "identifier" not in str([row for row in without if "UNIQUE" in str(row)])
    assert after == before
    assert any("CREATE INDEX" in made for made in again)
    assert any("ADD CONSTRAINT" in made for made in again)


async def _guards(connection: asyncpg.Connection) -> set[str]:
    """Every index and every constraint of the tables, in words."""
    tables = list(COLUMNS)
    indexes = await connection.fetch(
        "SELECT indexdef FROM pg_indexes WHERE tablename = ANY($1)", tables
    )
    constraints = await connection.fetch(
        "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE conrelid = ANY($1::regclass[])",
        tables,
    )
    return {row[0] for row in [*indexes, *constraints]}


def test_card_numbers_are_true_and_differ() -> None:
    numbers = [id_number(number)[0] for number in (0, 1, 32_999, 33_000, 999_999, 1_000_000)]

    assert len(set(numbers)) == 6
    assert read_id_number(numbers[0]).birth_date == date(1930, 1, 1)
    for number in numbers:
        assert read_id_number(number).text == number
