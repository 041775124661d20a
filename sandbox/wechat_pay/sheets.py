"""The form of a bill: a mark at the start, a back-tick before each value, yuan. 账单格式"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from sandbox.clock import CHINA, stamp

MARK, LINE = "\ufeff", "\r\n"


def columns_of(line: str) -> list[str]:
    """The names of columns, from the line in which they stand."""
    return line.split(",")


def day_in_china(on: date) -> tuple[str, str]:
    """Its first moment and the next day's, in the book's form."""
    begins = datetime.combine(on, time(), CHINA)
    return stamp(begins), stamp(begins + timedelta(days=1))


def sheet(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    summary_columns: Sequence[str],
    summary: Sequence[str],
) -> bytes:
    """UTF-8 with a mark. The names of columns stand plain; cells are marked, never quoted."""
    lines = [",".join(columns), *(_cells(row) for row in rows)]
    lines += [",".join(summary_columns), _cells(summary)]
    return (MARK + LINE.join(lines) + LINE).encode()


def yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def _cells(row: Sequence[str]) -> str:
    return ",".join("`" + " ".join(value.split()) for value in row)
