"""Every notice in words that an old person is helped by, and every refusal. 适老"""

import re
from string import Formatter

import pytest

from core.texts import package_texts
from notifications.kinds import known_kinds

PACKAGES = (
    "core",
    "facts",
    "identity",
    "licences",
    "notifications",
    "payments",
    "proactive",
    "web",
)
SENTENCE_ENDS = re.compile("[。！？]")


def sentences(text: str) -> int:
    return len(SENTENCE_ENDS.findall(text))


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("kind", sorted(known_kinds()))
def test_a_notice_says_in_two_sentences_how_much_and_whom_to_call(kind: str) -> None:
    wording = known_kinds()[kind]

    assert 1 <= sentences(wording.plain) <= 2
    assert "12345" in wording.plain
    if "{amount} 元" in wording.text:
        assert "{amount}元" in wording.plain


@pytest.mark.parametrize("kind", sorted(known_kinds()))
def test_a_notice_is_there_in_english_with_no_values_of_its_own(kind: str) -> None:
    wording = known_kinds()[kind]

    assert wording.en is not None
    assert fields(wording.en.text) | fields(wording.en.title) <= fields(wording.text)
    assert (wording.en.title + wording.en.text).isascii()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_refusal_is_plain_in_two_sentences_and_names_a_telephone_where_people_help(
    package: str,
) -> None:
    for code, texts in package_texts(package).items():
        assert 1 <= sentences(texts.plain) <= 2, code
        assert texts.en.isascii(), code
        if re.search("工作人员会|到服务窗口|到窗口", texts.plain):
            assert "12345" in texts.plain, code
