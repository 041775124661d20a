"""The invented city holds together by itself: numbers are valid and references lead somewhere."""

from collections.abc import Callable, Iterator
from datetime import date
from itertools import chain

import pytest
from stdnum.cn import ric, uscc

from identity.id_documents import read_document
from identity.kinds import DocumentType
from licences.identifiers import read_identifier
from seeds.files import City
from seeds.rows import DatedFact, PersonRow

CITY = City()
PEOPLE = {person.key: person for person in CITY.people}
ENTERPRISES = {enterprise.key: enterprise for enterprise in CITY.enterprises}
DEPARTMENTS = {agency.department: agency for agency in CITY.agencies}
TYPES = {row.licence_type: row for row in CITY.licence_types}


class TestNumbers:
    def test_every_card_number_is_valid_and_says_the_same_as_its_row(self) -> None:
        for person in CITY.people:
            document = read_document(person.id_number, person.id_type)
            assert document.birth_date in (None, person.birth_date), person.key
            if person.id_type is not DocumentType.RESIDENT_ID:
                continue
            assert ric.is_valid(person.id_number), person.key
            assert ric.get_birth_date(person.id_number) == person.birth_date, person.key
            assert (int(person.id_number[16]) % 2 == 1) == (person.sex == "male"), person.key

    def test_card_numbers_carry_an_area_code_of_a_whole_city(self) -> None:
        cards = [one for one in CITY.people if one.id_type is DocumentType.RESIDENT_ID]

        assert all(person.id_number[4:6] == "00" for person in cards)

    def test_permits_count_from_nought_as_no_issuer_does(self) -> None:
        numbers = [
            one.id_number for one in CITY.people if one.id_type is not DocumentType.RESIDENT_ID
        ]
        numbers += [paper["id_number"] for one in CITY.people for paper in one.papers]

        assert len(numbers) == 4
        serial = {number[14:17] if len(number) == 18 else number[-3:] for number in numbers}
        assert serial == {"000"}

    def test_telephone_numbers_begin_as_no_known_ones_do(self) -> None:
        phones = [person.phone for person in CITY.people if person.phone]

        assert all(phone.startswith("154") and len(phone) == 11 for phone in phones)

    def test_every_credit_code_is_valid_and_registered_in_the_city(self) -> None:
        for enterprise in CITY.enterprises:
            assert uscc.is_valid(enterprise.uscc), enterprise.key
            assert enterprise.uscc[2:8] == "330199", enterprise.key

    def test_what_names_somebody_is_given_once(self) -> None:
        people = CITY.people
        for names in (
            [person.key for person in people]
            + [enterprise.key for enterprise in ENTERPRISES.values()],
            [person.id_number for person in people],
            [person.phone for person in people if person.phone],
            [enterprise.bank.account_no for enterprise in CITY.enterprises],
            [fee.client_id for fee in CITY.fees],
            [
                licence.number
                for licence in CITY.licences
                if licence.licence_type != "business-licence"
            ],
            [row.username for row in chain(CITY.operators, CITY.verifiers)],
            [row.totp_secret for row in CITY.operators],
        ):
            assert len(names) == len(set(names))


class TestReferences:
    def test_there_are_some_forty_people_and_four_enterprises(self) -> None:
        assert (len(PEOPLE), len(ENTERPRISES)) == (41, 4)

    def test_divisions_lie_inside_their_parents(self) -> None:
        codes = {division.code for division in CITY.divisions}
        for division in CITY.divisions:
            assert division.parent is None or division.parent in codes
            assert division.code.startswith(division.parent or "")
        for row in chain(CITY.people, CITY.enterprises, CITY.agencies, CITY.operators):
            assert row.division in codes

    def test_everybody_who_is_named_exists(self) -> None:
        assert set(_people_named()) <= PEOPLE.keys()
        assert {fee.payer for fee in CITY.fees} <= PEOPLE.keys() | ENTERPRISES.keys()
        assert {row.holder for row in CITY.licences} <= PEOPLE.keys() | ENTERPRISES.keys()

    def test_every_department_that_is_named_exists(self) -> None:
        named = {
            *(row.department for row in chain(CITY.merchants, CITY.operators, CITY.verifiers)),
            *(row.issuer for row in CITY.licence_types),
        }

        assert named <= DEPARTMENTS.keys()

    def test_a_fee_is_one_its_department_may_collect_and_has_a_merchant_number_for(self) -> None:
        merchants = {row.department for row in CITY.merchants}
        items = {
            fee.item: (agency.department, fee.amount_fen)
            for agency in CITY.agencies
            for fee in agency.fees
        }
        for fee in CITY.fees:
            department, amount_fen = items[fee.item]
            assert department in merchants
            assert amount_fen in (None, fee.amount_fen)

    def test_a_licence_carries_fields_of_its_type(self) -> None:
        for row in CITY.licences:
            kind = TYPES[row.licence_type]
            assert row.fields.keys() <= {field.key for field in kind.fields}
            assert (row.holder in ENTERPRISES) == (kind.holder == "entity")

    def test_a_licence_has_an_identifier_of_its_own_and_of_its_kind(self) -> None:
        identifiers = [row.identifier for row in CITY.licences]

        assert len(identifiers) == len(set(identifiers))
        for row in CITY.licences:
            assert read_identifier(row.identifier).type_code == TYPES[row.licence_type].type_code

    def test_a_number_that_is_the_holders_own_is_the_holders(self) -> None:
        for row in CITY.licences:
            if row.licence_type in ("id-card", "residence-permit"):
                assert row.number == PEOPLE[row.holder].id_number
            if row.licence_type == "business-licence":
                assert row.number == ENTERPRISES[row.holder].uscc

    def test_every_portrait_is_a_small_picture(self) -> None:
        for name in {row.portrait for row in CITY.licences if row.portrait}:
            content = CITY.portrait(name)
            assert content.startswith(b"\xff\xd8")
            assert len(content) < 32_000

    def test_every_licence_is_in_a_registry_that_exists(self) -> None:
        assert {row.registry for row in CITY.licences} == {
            row.name for row in CITY.licence_registries
        }

    def test_a_verifier_may_see_only_licence_types_and_fields_that_exist(self) -> None:
        for verifier in CITY.verifiers:
            fields = {field.key for name in verifier.licence_types for field in TYPES[name].fields}
            assert set(verifier.fields) <= fields | {"portrait"}

    def test_a_program_and_a_legal_base_are_of_an_organisation_for_what_is_registered_for_it(
        self,
    ) -> None:
        for basis in CITY.legal_bases:
            organisation = CITY.organisation(basis.organisation)
            assert basis.licence_type in organisation.licence_types
            assert set(basis.fields) <= set(organisation.fields)
        for machine in CITY.machines:
            assert CITY.organisation(machine.organisation)

    def test_merchant_numbers_are_the_citys_own(self) -> None:
        platforms = CITY.read("platforms")
        own = {merchant["mchid"] for merchant in platforms["wechat_pay"]["mchids"]}

        assert {row.mchid for row in CITY.merchants} <= own
        assert {row.alipay_app_id for row in CITY.merchants} == {platforms["alipay"]["app_id"]}

    def test_where_somebody_edits_somebody_else_can_approve(self) -> None:
        for editor in CITY.operators:
            if "editor" in editor.roles:
                assert any(
                    "approver" in other.roles
                    and other.department == editor.department
                    and other.person != editor.person
                    for other in CITY.operators
                ), editor.key


class TestVariety:
    """The people a policy is judged by: each kind is there."""

    @pytest.mark.parametrize(
        ("kind", "key"),
        [
            pytest.param(
                lambda row: date(2026, 1, 15) >= _years_after(row, 100), "sun-henian", id="hundred"
            ),
            pytest.param(lambda row: not row.alive, "chen-fugui", id="died"),
            pytest.param(lambda row: "hukou" not in row.facts, "tang-guifang", id="hukou missing"),
            pytest.param(lambda row: row.birth_date >= date(2026, 10, 1), "lin-anan", id="newborn"),
            pytest.param(
                lambda row: any(isinstance(fact, DatedFact) for fact in row.facts.values()),
                "tang-guifang",
                id="stale fact",
            ),
        ],
    )
    def test_there_is_one(self, kind: Callable[[PersonRow], bool], key: str) -> None:
        assert [person.key for person in CITY.people if kind(person)] == [key]

    def test_what_the_register_knows_and_what_the_facts_say_agree(self) -> None:
        for person in CITY.people:
            assert person.facts["alive"] is person.alive, person.key
            assert person.facts["birth"] == person.birth_date.isoformat(), person.key
            assert person.alive == (person.died_on is None), person.key


def _people_named() -> Iterator[str]:
    for row in CITY.families:
        yield from (row.person, row.to)
    for enterprise in CITY.enterprises:
        yield enterprise.legal_representative
        yield from (agent.person for agent in enterprise.agents)
    yield from (operator.person for operator in CITY.operators)
    for helper in CITY.helpers:
        yield from (helper.person, helper.elder)


def _years_after(row: PersonRow, years: int) -> date:
    birth = row.birth_date
    return birth.replace(year=birth.year + years, day=min(birth.day, 28))
