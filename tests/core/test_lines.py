from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from core.lines import Line, OptionalLine

Short = Annotated[Line, Meta(max_length=4)]

UNSEEN = {
    "nothing but spaces": "　 ",
    "a line break": "甲\n乙",
    "a carriage return": "甲\r",
    "a tab": "\t甲",
    "an escape": "甲\x1b[2J",
    "a C1 control": "甲\x85",
    "a separator of lines": "甲\u2028乙",
    "a mark of direction": "甲\u200f乙",
    "an override of direction": "\u202e乙甲",
    "an isolate": "\u2066甲",
    "a width of nought": "\u200b",
    "a byte order mark": "\ufeff甲",
}


@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN)
def test_what_reads_otherwise_than_it_is_written_is_no_line(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, Line)


@pytest.mark.parametrize("text", ["甲", "A 甲", "①（乙）", "😀"])
def test_a_line_of_visible_text_is_taken_as_it_is(text: str) -> None:
    assert msgspec.convert(text, Short) == text


def test_a_field_says_how_long_its_line_may_be() -> None:
    with pytest.raises(msgspec.ValidationError, match="length"):
        msgspec.convert("甲乙丙丁戊", Short)


def test_where_nothing_may_stand_nothing_unseen_may_stand_either() -> None:
    assert msgspec.convert("", OptionalLine) == ""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("甲\n乙", OptionalLine)
