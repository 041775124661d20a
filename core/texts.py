"""The catalogue of refusals by code: a plain form for elders, and English.

Each package keeps its own `texts.yaml`: `code: {plain: …, en: …}`.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import msgspec
import yaml
from msgspec import Struct


class Texts(Struct, frozen=True, forbid_unknown_fields=True):
    plain: str
    en: str


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
