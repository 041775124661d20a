"""The same routes with few people in the database and with many, in one run. 空库与满库

Rates of two moments are compared, so the bare handlers of both stand beside them: what happened to
those too was done by the machine or the database, not by the product.
"""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.cases import CASES
from benchmarks.measuring import Figures, Line

FEW = 5_000
"""Enough that about as many different people ask as later do."""

COMPARED = tuple(
    case.name for case in CASES if case.hot_read or case.name.startswith("verification")
)
HEADINGS = (
    *("route", "few: requests/s", "p50 ms", "p99 ms", "many: requests/s", "p50 ms", "p99 ms"),
    *("many / few", "bare + token + limit: many / few", "ratio to it: few", "many"),
)


def compared(few: Sequence[Line], many: Sequence[Line]) -> list[list[str]]:
    """Rows of the table, for the routes that both have."""
    before = {line.case: line for line in few}
    return [_row(before[line.case], line) for line in many if line.case in before]


def show_compared(console: Console, rows: Sequence[Sequence[str]], about: str) -> None:
    table = Table(title=about, title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "route" else "right")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def compared_markdown(rows: Sequence[Sequence[str]]) -> str:
    head = "| " + " | ".join(HEADINGS) + " |"
    rule = "|--" + "|--:" * (len(HEADINGS) - 1) + "|"
    return "\n".join([head, rule, *("| " + " | ".join(row) + " |" for row in rows), ""])


def _row(few: Line, many: Line) -> list[str]:
    return [
        few.case,
        *_figures(few.product),
        *_figures(many.product),
        _share(many.product, few.product),
        _share(many.signed, few.signed),
        _share(few.product, few.signed),
        _share(many.product, many.signed),
    ]


def _figures(figures: Figures) -> list[str]:
    return [f"{figures.rate:.0f}", f"{figures.p50:.1f}", f"{figures.p99:.1f}"]


def _share(part: Figures | None, whole: Figures | None) -> str:
    if part is None or whole is None or not whole.rate:
        return "–"
    return f"{part.rate / whole.rate:.2f}"
