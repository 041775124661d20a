"""Letters, out of fonts that come as packages and never from the machine. 字库"""

from collections.abc import Iterator, Sequence
from enum import Enum
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import freetype
from PIL import ImageFont

GETA = "〓"
"""Stands for a character that no font of ours has, as printers have set it for long: 阙字符号."""

_SIZES, _ADVANCES = 96, 8_000


class Style(Enum):
    """What a text may be set in."""

    SERIF = "serif"
    REGULAR = "regular"
    MEDIUM = "medium"
    BOLD = "bold"


class Typeface:
    """One font at one weight. Not for two threads at once."""

    def __init__(self, path: Path, *, index: int = 0, weight: int | None = None) -> None:
        self._path, self._index, self._weight = path, index, weight
        self._face = freetype.Face(str(path), index)
        if weight is not None:
            self._face.set_var_design_coords((float(weight),))
        self._advances: dict[str, float | None] = {}
        self._sizes: dict[float, ImageFont.FreeTypeFont] = {}

    def advance(self, character: str) -> float | None:
        """How wide it is at size 1; None when the font has no such character."""
        if character not in self._advances:
            if len(self._advances) >= _ADVANCES:
                self._advances.clear()
            self._advances[character] = self._read_advance(character)
        return self._advances[character]

    def at(self, size: float) -> ImageFont.FreeTypeFont:
        """The font at a size in pixels."""
        size = round(size * 4) / 4
        if size not in self._sizes:
            if len(self._sizes) >= _SIZES:
                self._sizes.clear()
            basic = ImageFont.Layout.BASIC
            font = ImageFont.truetype(str(self._path), size, index=self._index, layout_engine=basic)
            if self._weight is not None:
                font.set_variation_by_axes([self._weight])
            self._sizes[size] = font
        return self._sizes[size]

    def _read_advance(self, character: str) -> float | None:
        number = self._face.get_char_index(character)
        if not number:
            return None
        self._face.load_glyph(number, freetype.FT_LOAD_NO_SCALE | freetype.FT_LOAD_NO_BITMAP)
        return float(self._face.glyph.metrics.horiAdvance / self._face.units_per_EM)


class Fonts:
    """Every style, each with what it falls back to."""

    def __init__(self, faces: dict[Style, Sequence[Typeface]]) -> None:
        self._faces = faces

    def advances(self, text: str, style: Style) -> list[float]:
        """How wide each character is at size 1, as it will be drawn."""
        return [self._find(character, style)[2] for character in text]

    def runs(self, text: str, style: Style) -> Iterator[tuple[Typeface, str, float]]:
        """The text as it will be drawn: which font, which characters, how wide at size 1."""
        found = [self._find(character, style) for character in text]
        for _, group in groupby(found, key=lambda one: id(one[0])):
            run = list(group)
            yield run[0][0], "".join(one[1] for one in run), sum(one[2] for one in run)

    def missing(self, text: str) -> list[str]:
        """Characters that no font has: 缺字."""
        absent = {one for one in text if self._find(one, Style.REGULAR)[1] != one}
        return sorted(absent)

    def _find(self, character: str, style: Style) -> tuple[Typeface, str, float]:
        for wanted in (character, GETA):
            for face in self._faces[style]:
                advance = face.advance(wanted)
                if advance is not None:
                    return face, wanted, advance
        raise LookupError("the fonts have not even a geta mark")


@cache
def load_fonts() -> Fonts:
    """The fonts of the packages: Noto Sans CJK SC in three weights, Noto Serif SC for titles."""
    sans = _package("manimgx_fonts_cjk") / "NotoSansCJK-VF.otf.ttc"
    serif = _package("pylopdf_fonts_zh_cn") / "NotoSerifSC-Regular.otf"
    simplified = 2
    weights = {Style.REGULAR: 400, Style.MEDIUM: 540, Style.BOLD: 720}
    faces: dict[Style, Sequence[Typeface]] = {
        style: [Typeface(sans, index=simplified, weight=weight)]
        for style, weight in weights.items()
    }
    return Fonts(faces | {Style.SERIF: [Typeface(serif), *faces[Style.MEDIUM]]})


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise LookupError(f"the font package {name} is not installed")
    return Path(spec.origin).parent
