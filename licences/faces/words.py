"""Text before it is drawn: nothing in it that moves, hides or turns round other text. 文字"""

import unicodedata

from licences.faces.fonts import Fonts, Style

LONGEST = 200
ELLIPSIS = "…"

_UNSEEN = frozenset({"Cc", "Cf", "Cs"})
"""Not the unassigned ones: they may be rare characters that are younger than this Python."""
_BREAK_AFTER = frozenset("·，、；。 -）)")


def cleaned(text: str) -> str:
    """What can be seen of it, in one line: no marks of direction, no control characters."""
    text = unicodedata.normalize("NFC", text[:LONGEST])
    seen = (
        " " if one.isspace() else one
        for one in text
        if one.isspace() or not (unicodedata.category(one) in _UNSEEN or _selects_variant(one))
    )
    return " ".join("".join(seen).split())


def width_of(text: str, fonts: Fonts, *, size: float, style: Style, spacing: float = 0) -> float:
    return sum(fonts.advances(text, style)) * size + spacing * max(len(text) - 1, 0)


def fitted(
    text: str,
    fonts: Fonts,
    *,
    size: float,
    style: Style,
    width: float,
    smallest: float,
    lines: int = 1,
) -> tuple[float, list[str]]:
    """The greatest size down to `smallest` at which the text fits, and its lines then.

    What does not fit at the smallest is cut, and says so by an ellipsis.
    """
    while True:
        broken = broken_into_lines(text, fonts, size=size, style=style, width=width)
        if len(broken) <= lines:
            return size, broken
        if size <= smallest:
            return size, _cut(broken, lines, fonts, size=size, style=style, width=width)
        size = max(size * 0.94, smallest)


def broken_into_lines(
    text: str, fonts: Fonts, *, size: float, style: Style, width: float
) -> list[str]:
    """Broken where Chinese may be, which is anywhere, and by preference after a dot or comma."""
    lines, line, used = [], "", 0.0
    for one, advance in zip(text, fonts.advances(text, style), strict=True):
        step = advance * size
        if line and used + step > width:
            kept = _kept(line)
            lines.append(kept)
            line = line[len(kept) :]
            used = width_of(line, fonts, size=size, style=style)
        line, used = line + one, used + step
    return [*lines, line] if line else lines or [""]


def _kept(line: str) -> str:
    """How much of a full line stays on it: all, or up to a place in its last third to break at."""
    for end in range(len(line), len(line) * 2 // 3, -1):
        if line[end - 1] in _BREAK_AFTER:
            return line[:end]
    return line


def _cut(
    broken: list[str], lines: int, fonts: Fonts, *, size: float, style: Style, width: float
) -> list[str]:
    kept, last = broken[: lines - 1], broken[lines - 1]
    while last and width_of(last + ELLIPSIS, fonts, size=size, style=style) > width:
        last = last[:-1]
    return [*kept, last + ELLIPSIS]


def _selects_variant(character: str) -> bool:
    number = ord(character)
    return 0xFE00 <= number <= 0xFE0F or 0xE0100 <= number <= 0xE01EF
