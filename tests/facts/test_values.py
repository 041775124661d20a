import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from core.sealing import Vault
from facts.catalogue import FactReading, FactSpec, FactType
from facts.definitions import FactTypeFixed, SourceTaken, define_fact, register_source
from facts.models import FactValue
from facts.values import (
    FactFromFuture,
    FactInput,
    FactNotDefined,
    FactNotFromSource,
    FactRefused,
    FactsByParty,
    FactValueInvalid,
    collect_facts,
    read_values,
    record_facts,
)
from tests.conftest import AT
from tests.proactive import make
from tests.proactive.make import TODAY

POLICE = "330199-public-security"


@pytest.fixture(autouse=True)
async def catalogue(db: None) -> None:
    await make.facts_catalogue()


async def known(vault: Vault, party_id: Any, key: str, **moment: Any) -> FactReading | None:
    when = {"on": TODAY, "known_at": AT + timedelta(days=900)} | moment
    found: FactsByParty = await collect_facts([party_id], [key], vault=vault, **when)
    return found[party_id].get(key)


async def test_a_fact_is_read_with_its_source_and_day(vault: Vault) -> None:
    person = await make.person(vault, hukou="330199002")

    reading = await known(vault, person.id, "hukou")

    assert reading is not None
    assert (reading.value, reading.source, reading.as_of) == ("330199002", POLICE, TODAY)


async def test_the_same_statement_is_kept_once_even_at_once(vault: Vault) -> None:
    person = await make.person(vault)
    said = [FactInput(person.id, "hukou_kind", "农业", TODAY)]

    new = await asyncio.gather(
        *(record_facts(POLICE, said, actor="system:test", vault=vault, at=AT) for _ in range(5))
    )

    assert sum(new) == 1
    assert await FactValue.filter(party_id=person.id, key="hukou_kind").count() == 1


async def test_the_newest_day_counts_and_then_the_newest_word(vault: Vault) -> None:
    person = await make.person(vault, hukou=None)
    week_ago = TODAY - timedelta(days=7)
    await make.tell(vault, person.id, hukou="330199001")
    await make.tell(vault, person.id, hukou="330199003", at=AT + timedelta(hours=1))
    await make.tell(vault, person.id, hukou="310000", as_of=week_ago, at=AT + timedelta(hours=2))

    reading = await known(vault, person.id, "hukou")
    before = await known(vault, person.id, "hukou", on=week_ago)

    assert reading is not None
    assert reading.value == "330199003"
    assert before is not None
    assert before.value == "310000"


async def test_what_was_known_at_a_moment_can_be_read_again(vault: Vault) -> None:
    person = await make.person(vault, hukou="330199001")
    await make.tell(vault, person.id, hukou="310000", at=AT + timedelta(days=1))

    then = await known(vault, person.id, "hukou", known_at=AT)
    now = await known(vault, person.id, "hukou")

    assert then is not None
    assert now is not None
    assert (then.value, now.value) == ("330199001", "310000")
    assert then.value_id is not None
    assert await read_values([then.value_id], vault=vault) == {"hukou": then}


async def test_sensitive_values_are_sealed_and_days_come_back_as_days(vault: Vault) -> None:
    person = await make.person(vault, birth=date(1950, 6, 1))

    row = await FactValue.get(party_id=person.id, key="birth")
    reading = await known(vault, person.id, "birth")

    assert row.plain is None
    assert row.sealed is not None
    assert b"1950" not in row.sealed
    assert reading is not None
    assert reading.value == date(1950, 6, 1)


@pytest.mark.parametrize(
    ("key", "value", "refusal"),
    [
        ("shoe_size", 42, FactNotDefined),
        ("dibao", True, FactNotFromSource),
        ("alive", "true", FactValueInvalid),
        ("alive", 1, FactValueInvalid),
        ("hukou", "31%", FactValueInvalid),
        ("hukou_kind", "居民", FactValueInvalid),
        ("birth", "1950-02-30", FactValueInvalid),
    ],
)
async def test_a_statement_the_catalogue_does_not_allow_ends_the_whole_import(
    vault: Vault, key: str, value: Any, refusal: type[FactRefused]
) -> None:
    person = await make.person(vault, hukou=None)
    said = [
        FactInput(person.id, "hukou", "330199001", TODAY),
        FactInput(person.id, key, value, TODAY),
    ]

    with pytest.raises(refusal) as refused:
        await record_facts(POLICE, said, actor="system:test", vault=vault, at=AT)

    assert refused.value.details() == {"row": 2, "key": key}
    assert await known(vault, person.id, "hukou") is None


async def test_a_day_that_has_not_come_is_refused(vault: Vault) -> None:
    person = await make.person(vault)

    with pytest.raises(FactFromFuture):
        await make.tell(vault, person.id, as_of=TODAY + timedelta(days=1), hukou="330199001")


async def test_a_facts_type_and_sealing_stay_and_its_wording_may_change(vault: Vault) -> None:
    spec = FactSpec(
        key="hukou_kind",
        name="户口类别",
        type=FactType.CODE,
        entities=("person",),
        department=POLICE,
        codes=("农业", "非农业"),
    )

    await define_fact(spec)

    with pytest.raises(FactTypeFixed):
        await define_fact(FactSpec(**{**_fields(spec), "sensitive": True}))


async def test_a_source_belongs_to_one_department() -> None:
    with pytest.raises(SourceTaken):
        await register_source(POLICE, department="330199-health", name="卫健")


def _fields(spec: FactSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in FactSpec.__struct_fields__}
