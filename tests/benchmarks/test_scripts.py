"""What a bare handler repeats: reads word for word, changes as rows of its own."""

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from benchmarks.measuring import percentile
from benchmarks.scripts import Script, Scripts, keep, load, step_of
from tests.given import AT

ARGUMENTS = (7, "x", None, b"y", UUID(int=7), date(2026, 11, 22), AT, [UUID(int=8)])


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO a VALUES ($1)",
        'UPDATE "a" SET b = 1',
        "\nWITH fresh AS (INSERT INTO core_job_key VALUES ($3)) SELECT 1",
        "SELECT procrastinate_defer_jobs_v1(ARRAY[])",
    ],
)
def test_a_change_is_not_repeated(text: str) -> None:
    assert step_of(text, (1,)).text == ""


@pytest.mark.parametrize("text", ["SELECT 1", "BEGIN;", "COMMIT;", "SELECT 1 FOR UPDATE"])
def test_all_else_is(text: str) -> None:
    assert step_of(text, (1,)) == step_of(text, (1,))
    assert step_of(text, (1,)).text == text


def test_scripts_come_back_as_they_were_kept(tmp_path: Path) -> None:
    script = Script([step_of("BEGIN;", ()), step_of("SELECT $1", ARGUMENTS), step_of("DELETE", ())])

    keep(tmp_path / "scripts", {"home": Scripts([script], [])})
    found = load(tmp_path / "scripts")

    assert found == {"home": Scripts([script], [])}
    assert found["home"].first[0].queries == 2


def test_percentiles_are_by_nearest_rank() -> None:
    assert [percentile(range(1000, 101_000, 1000), wanted) for wanted in (50, 99)] == [50.0, 99.0]
    assert percentile([], 99) == 0.0
