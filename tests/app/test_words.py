"""What people read is Chinese, also where it is one of our own words."""

import io
import json
import zipfile
from enum import StrEnum

import pytest

from app.exporters import Section
from app.exporters.making import DATA_NAME, TEXT_NAME, packed
from app.words import WORDS
from tests.given import AT


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_every_word_of_a_kind_has_a_name(kind: type[StrEnum]) -> None:
    assert set(WORDS[kind]) == set(kind)


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_a_copy_tells_people_the_name_and_machines_the_word(kind: type[StrEnum]) -> None:
    """PIPL article 45"""

    async def read(*_: object) -> list[dict[str, str | int | bool | None]]:
        return []

    section = Section("one", "一类", read)
    for word in kind:
        archive = zipfile.ZipFile(io.BytesIO(packed([(section, [{"状态": word}])], at=AT)))
        text = archive.read(TEXT_NAME).decode("utf-8-sig")
        [row] = json.loads(archive.read(DATA_NAME))["sections"]["one"]

        assert f"状态：{WORDS[kind][word]}" in text
        assert row == {"状态": word.value}
