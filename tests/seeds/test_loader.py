"""The city goes in through the domain's verbs, and once, however often it is loaded."""

from datetime import timedelta

import pytest
from tortoise import connections

from core.clock import date_in_china
from core.sealing import Vault
from identity import entities, persons
from identity.kinds import GrantKind
from identity.models import ActingGrant, MachineClient, MachineKey, Person
from licences.models import Licence
from proactive.kinds import VersionStatus
from proactive.matching import match_policy
from proactive.models import Entitlement, PolicyVersion
from proactive.rules.evaluation import Outcome
from seeds.files import City
from seeds.loader import load_city
from tests.conftest import AT

CITY = City()


async def rows() -> dict[str, int]:
    """How many rows each table has."""
    connection = connections.get("default")
    tables = await connection.execute_query_dict(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    return {
        table["tablename"]: (
            await connection.execute_query_dict(f"SELECT count(*) AS n FROM {table['tablename']}")  # noqa: S608 -- a table's own name
        )[0]["n"]
        for table in tables
    }


@pytest.mark.usefixtures("db")
class TestLoadCity:
    async def test_a_second_time_changes_nothing(self, vault: Vault) -> None:
        await load_city(CITY, vault=vault, at=AT, say=lambda line: None)
        before = await rows()

        await load_city(CITY, vault=vault, at=AT, say=lambda line: None)

        assert await rows() == before

    async def test_says_what_it_puts_in(self, vault: Vault) -> None:
        said: list[str] = []

        await load_city(CITY, vault=vault, at=AT, say=said.append)

        assert said[:2] == ["人口库：41 人", "法人库：4 家企业"]

    async def test_an_elders_helpers_hold_for_a_year_and_are_not_given_anew_while_they_do(
        self, vault: Vault
    ) -> None:
        await load_city(CITY, vault=vault, at=AT, say=lambda line: None)
        helpers = ActingGrant.filter(kind=GrantKind.HELPER, revoked_at=None)
        before = {(grant.id, grant.until_on) for grant in await helpers}

        await load_city(CITY, vault=vault, at=AT + timedelta(days=30), say=lambda line: None)

        assert {(grant.id, grant.until_on) for grant in await helpers} == before
        assert len(before) == len(CITY.helpers)

    async def test_a_program_is_known_by_no_key_until_it_shows_its_own(self, vault: Vault) -> None:
        await load_city(CITY, vault=vault, at=AT, say=lambda line: None)

        assert await MachineClient.all().count() == len(CITY.machines)
        assert await MachineKey.all().count() == 0

    async def test_who_died_is_known_to_have_died(self, vault: Vault) -> None:
        await load_city(CITY, vault=vault, at=AT, say=lambda line: None)

        assert await Person.filter(alive=False).count() == 1

    async def test_names_and_accounts_can_be_opened_again(self, vault: Vault) -> None:
        await load_city(CITY, vault=vault, at=AT, say=lambda line: None)

        person = await persons.find_by_id_number("330100195103089023", vault=vault)
        firm = await entities.find_by_uscc("91330199MA2LX801XY")
        assert person is not None
        assert firm is not None
        assert await persons.full_name(person.id, vault=vault) == "王桂兰"
        account = await entities.bank_account(firm.id, vault=vault)
        assert account.account_name == "临溪精密机械有限公司"
        assert await Licence.filter(holder_id=person.id).count() == 4

    async def test_its_policies_are_in_force_and_find_all_three_outcomes(
        self, vault: Vault
    ) -> None:
        await load_city(CITY, vault=vault, at=AT, say=lambda line: None)
        published = await PolicyVersion.filter(status=VersionStatus.PUBLISHED)

        for version in published:
            await match_policy(version.id, on=date_in_china(AT), vault=vault, at=AT)

        assert len(published) >= 8
        found = await Entitlement.all().values_list("outcome", flat=True)
        assert set(found) == set(Outcome)
