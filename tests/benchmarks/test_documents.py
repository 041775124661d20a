"""Licences of the population are as many, of as many kinds and as old as in a city."""

from collections import Counter
from datetime import date

from benchmarks.documents import EACH, KINDS, Document, Someone, documents_of
from benchmarks.people import ASKERS, TRIED
from benchmarks.population import id_number
from seeds.files import City

TODAY = date(2026, 11, 22)
SOME = 6_000


def _documents(number: int) -> list[Document]:
    return documents_of(Someone(number, "王伟", *id_number(number)), today=TODAY)


def _may_show(number: int) -> bool:
    return any(
        one.kind == "driving"
        and one.status == "valid"
        and (one.valid_until is None or one.valid_until > TODAY)
        for one in _documents(number)
    )


def test_everybody_has_three_of_different_kinds_whatever_their_age() -> None:
    held = [_documents(number) for number in range(SOME)]

    assert all(len({one.kind for one in some}) == EACH for some in held)
    assert {one.kind for some in held for one in some} == set(KINDS)


def test_their_fields_are_those_of_the_kind() -> None:
    known = {row.licence_type: {field.key for field in row.fields} for row in City().licence_types}

    for number in range(500):
        for one in _documents(number):
            assert set(one.values) <= known[one.kind]


def test_most_are_valid_and_some_of_each_way_are_not() -> None:
    held = [one for number in range(SOME) for one in _documents(number)]
    status = Counter(one.status for one in held)
    over = sum(one.valid_until is not None and one.valid_until < TODAY for one in held)

    assert 0.9 < (status["valid"] - over) / len(held) < 0.98
    assert min(status["suspended"], status["revoked"], over) > len(held) / 500
    assert all(one.valid_until is None or one.valid_until >= one.valid_from for one in held)


def test_somebody_near_may_show_a_driving_licence_wherever_one_looks() -> None:
    """Also by steps of a thousand, as through a million people: enough different people ask."""
    starts = range(0, 1_000_000, 1_000)

    found = sum(any(_may_show(start + near) for near in range(TRIED)) for start in starts)

    assert found > 0.9 * ASKERS
