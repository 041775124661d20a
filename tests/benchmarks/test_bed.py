"""A folder that is kept between runs says how many people it holds, and is believed."""

from pathlib import Path

import pytest

from benchmarks.bed import Bed, NotReady


def test_a_folder_with_more_people_is_refused_rather_than_measured_as_fewer(
    tmp_path: Path,
) -> None:
    bed = Bed(tmp_path, workers=1)
    (tmp_path / "people").write_text("1000000")

    with pytest.raises(NotReady, match="holds 1,000,000 people"):
        bed.load(1_000)


def test_a_folder_with_these_people_is_not_loaded_again(tmp_path: Path) -> None:
    bed = Bed(tmp_path, workers=1)
    (tmp_path / "people").write_text("1000")

    assert bed.load(1_000) is None
