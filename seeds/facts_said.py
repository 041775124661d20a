"""The fact catalogue, and what departments say about people and enterprises. 数据共享"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime

import msgspec

from core.clock import date_in_china
from core.sealing import Vault
from facts.catalogue import FactLiteral, FactSpec
from facts.definitions import define_fact, register_source
from facts.values import FactInput, record_facts
from seeds.files import City
from seeds.registers import ACTOR, Parties
from seeds.rows import DatedFact, Facts


async def load_catalogue(city: City) -> int:
    for spec in catalogue(city):
        await define_fact(spec)
    return len(city.facts)


async def load_facts(city: City, parties: Parties, *, vault: Vault, at: datetime) -> int:
    """Let each department say what it knows today. The same day again adds nothing.

    On a later day the departments say it anew, as they would, and old news stays old.
    """
    department_of = {spec.key: spec.department for spec in catalogue(city)}
    said: dict[str, list[FactInput]] = defaultdict(list)
    for given in _statements(city, parties, date_in_china(at)):
        said[department_of[given.key]].append(given)
    new = 0
    for department, inputs in sorted(said.items()):
        name = city.agency(department).name
        source = await register_source(department, department=department, name=name)
        new += await record_facts(source.code, inputs, actor=ACTOR, vault=vault, at=at)
    return new


def catalogue(city: City) -> list[FactSpec]:
    return msgspec.convert(city.facts, list[FactSpec])


def _statements(city: City, parties: Parties, today: date) -> Iterator[FactInput]:
    said = {row.key: row.facts for row in city.people}
    said |= {row.key: row.facts for row in city.enterprises}
    for party, facts in said.items():
        for key, value, as_of in _dated(facts, today):
            yield FactInput(parties[party], key, value, as_of)


def _dated(facts: Facts, today: date) -> Iterator[tuple[str, FactLiteral, date]]:
    for key, given in facts.items():
        if isinstance(given, DatedFact):
            yield key, given.value, given.as_of
        else:
            yield key, given, today
