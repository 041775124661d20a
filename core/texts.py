"""The catalogue of refusals by code: a plain form for elders, and English.

Each package keeps its own `texts.yaml`: `code: {plain: …, en: …}`.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import msgspec
import yaml
from msgspec import Struct

CHINESE, ENGLISH = "zh-CN", "en"
"""The languages that an account may prefer."""


class Texts(Struct, frozen=True, forbid_unknown_fields=True):
    plain: str
    en: str

    def title(self, title: str, *, language: str, elder_mode: bool) -> str:
        """What is shown to somebody who prefers this, `title` being the words for everybody."""
        if language == ENGLISH:
            return self.en
        return self.plain if elder_mode else title

    def shortly(self, language: str) -> str:
        """Two short sentences at most."""
        return self.en if language == ENGLISH else self.plain


@cache
def package_texts(package: str) -> Mapping[str, Texts]:
    """What a package says of its codes; empty when it has no catalogue."""
    source = files(package).joinpath("texts.yaml")
    if not source.is_file():
        return {}
    return msgspec.convert(yaml.safe_load(source.read_text("utf-8")), dict[str, Texts])


def find_texts(code: str) -> Texts | None:
    """The texts of one code; the code's first part is its package."""
    return package_texts(code.partition(".")[0]).get(code)


def missing_texts(codes: Iterable[str]) -> list[str]:
    """Codes without an entry, for the test that wants none."""
    return sorted(code for code in codes if find_texts(code) is None)
