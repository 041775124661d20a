"""C02: a bench that only counts answers would not notice a code that counted twice."""

import pytest

from benchmarks.comparing import HEADINGS, compared
from benchmarks.counting import Counted, Spent
from benchmarks.machine import ProcessorTime
from benchmarks.measuring import Figures, Line
from benchmarks.table import notes

ONCE = Spent(answered=40, codes=40, valid=40)
CONTESTED = Spent(answered=20, codes=20, valid=20, turned_away=20)


def test_each_code_once_is_exact() -> None:
    counted = Counted(ONCE, CONTESTED)

    assert counted.exact
    assert "40 codes, 40 valid once, 0 twice" in counted.told("verification")


@pytest.mark.parametrize(
    ("alone", "contested"),
    [
        (Spent(answered=41, codes=40, valid=40), CONTESTED),
        (Spent(answered=40, codes=40, valid=41), CONTESTED),
        (Spent(answered=40, codes=40, valid=39), CONTESTED),
        (ONCE, Spent(answered=21, codes=20, valid=21, turned_away=19)),
        (ONCE, Spent(answered=20, codes=20, valid=20, turned_away=19, unheard={"503": 1})),
        (ONCE, Spent(answered=20, codes=20, valid=20, turned_away=18)),
    ],
    ids=["answered twice", "kept twice", "not kept", "both scanners", "one unheard", "one missing"],
)
def test_anything_else_is_not(alone: Spent, contested: Spent) -> None:
    assert not Counted(alone, contested).exact


def test_twice_is_told() -> None:
    twice = Spent(answered=22, codes=20, valid=21, turned_away=18)

    assert twice.twice == 2
    assert "18 scans turned away, 2 twice" in Counted(ONCE, twice).told("verification")


def test_so_are_scans_that_were_told_neither() -> None:
    refused = Spent(answered=20, codes=20, valid=20, turned_away=17, unheard={"503": 2, "gone": 1})

    assert "told neither: 2 × 503, 1 × gone" in Counted(ONCE, refused).told("verification")


def _line(rate: float, beside: float) -> Line:
    return Line(
        case="home",
        hot_read=True,
        queries=(9, 9),
        product=Figures(rate, 1.0, 2.0, {}),
        plain=Figures(beside, 1.0, 2.0, {}),
        signed=Figures(beside, 1.0, 2.0, {}),
    )


def test_many_people_are_told_as_a_share_of_few() -> None:
    """And so is the bare handler's rate: a slower machine is not the product's doing."""
    rows = compared([_line(400.0, 800.0)], [_line(300.0, 750.0)])

    assert len(rows[0]) == len(HEADINGS)
    assert rows[0][-4:] == ["0.75", "0.94", "0.50", "0.40"]


def test_what_drawing_costs_is_told_of_one_picture() -> None:
    figures = Figures(50.0, 100.0, 150.0, {})
    line = Line(
        case="licence face",
        hot_read=False,
        queries=(4, 4),
        product=figures,
        answered=100,
        processor=ProcessorTime(serving=0.5, drawing=2.0),
    )

    assert notes([line]) == [
        "licence face: 25.0 ms of processor time for one, 20.0 of them in the drawing processes,"
        " 5.0 in the API"
    ]
