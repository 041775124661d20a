"""The one table of a run, for the terminal and for the documentation. 结果"""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.machine import Memory
from benchmarks.measuring import Figures, Line, OpenFigures

HEADINGS = (
    *(
        "route",
        "queries",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "bare",
        "ratio",
        "bare + token + limit",
    ),
    *("ratio", "arrivals at 0.7: in 1 s, p99", "arrivals at 1.3: in 1 s, p99", "refused"),
)
HOT = 0.6


def rows(lines: Sequence[Line]) -> list[list[str]]:
    return [_row(line) for line in lines]


def show(console: Console, lines: Sequence[Line], memory: Sequence[Memory], about: str) -> None:
    table = Table(title=about, caption=memory_text(memory), title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "route" else "right")
    for row in rows(lines):
        table.add_row(*row)
    console.print(table)
    for note in notes(lines):
        console.print(note)


def markdown(lines: Sequence[Line], memory: Sequence[Memory]) -> str:
    head = "| " + " | ".join(HEADINGS) + " |"
    rule = "|--" + "|--:" * (len(HEADINGS) - 1) + "|"
    body = ["| " + " | ".join(row) + " |" for row in rows(lines)]
    said = [f"- {note}" for note in notes(lines)]
    return "\n".join(
        [head, rule, *body, "", *said, *([""] if said else []), memory_text(memory), ""]
    )


def notes(lines: Sequence[Line]) -> list[str]:
    """What has no column: what drawing costs, and that codes counted once."""
    drawn = [_drawn(line) for line in lines if line.processor.drawing and line.plain is None]
    return drawn + [line.counted.told(line.case) for line in lines if line.counted is not None]


def _drawn(line: Line) -> str:
    each = 1000 / max(line.answered, 1)
    drawing, serving = line.processor.drawing * each, line.processor.serving * each
    return (
        f"{line.case}: {drawing + serving:.1f} ms of processor time for one, {drawing:.1f} of them"
        f" in the drawing processes, {serving:.1f} in the API"
    )


def memory_text(memory: Sequence[Memory]) -> str:
    """RSS / USS in MiB."""
    each = (f"{one.name} {one.rss / 2**20:.0f}/{one.uss / 2**20:.0f}" for one in memory)
    return "Memory, RSS/USS in MiB: " + ", ".join(each)


def ratio(product: Figures, bare: Figures | None) -> float | None:
    return product.rate / bare.rate if bare is not None and bare.rate else None


def _row(line: Line) -> list[str]:
    first, then = line.queries
    against_signed = ratio(line.product, line.signed)
    return [
        line.case,
        f"{then}" if first == then else f"{then} (first {first})",
        f"{line.product.rate:.0f}",
        f"{line.product.p50:.1f}",
        f"{line.product.p99:.1f}",
        "–" if line.plain is None else f"{line.plain.rate:.0f}",
        _share(ratio(line.product, line.plain)),
        "–" if line.signed is None else f"{line.signed.rate:.0f}",
        _share(against_signed),
        *_open(line.open),
        _refused(line.product),
    ]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _open(opened: Sequence[OpenFigures]) -> list[str]:
    told = [
        f"{one.rate:.0f}/s: {one.share_in_time * 100:.1f} %, {one.p99:.0f} ms" for one in opened
    ]
    return [*told, "–", "–"][:2]


def _refused(figures: Figures) -> str:
    return ", ".join(f"{name}: {count}" for name, count in figures.bad.items() if count) or "0"
