"""A face with large letters: one thing under the other, what counts at the top. 大字版"""

from licences.faces import ground, parts
from licences.faces.canvas import Canvas
from licences.faces.designs import ICONS, Design, design_of
from licences.faces.face import (
    NAME,
    NUMBER,
    STATUS_COLOURS,
    STATUS_WORDS,
    VALID_UNTIL,
    Face,
    FaceField,
)
from licences.faces.fonts import Fonts, Style
from licences.faces.words import broken_into_lines, cleaned

WIDTH = 360
LEFT, RIGHT = 18.0, 342.0
MOST_FIELDS = 10

_VALUE, _ROW, _LINES = 23.0, 62.0, 2
_NOTICE, _STALE = 38.0, 20.0
_WITHOUT_PORTRAIT = frozenset({"plain", "plate", "charter"})


def draw_large(face: Face, fonts: Fonts) -> Canvas:
    """Every field that a card would have, and those for which it has no room."""
    rows = [(field.label, cleaned(field.value)) for field in _rows(face)]
    heights = [_ROW + 28 * (_lines_of(value, fonts) - 1) for _, value in rows]
    top = 262.0 if _has_portrait(face) else 200.0
    canvas, design = (
        Canvas(WIDTH, top + sum(heights) + 44 + _notes(face), fonts),
        design_of(face.licence_type),
    )
    ground.paper(canvas, design)
    _heading(canvas, face, design)
    _holder(canvas, face, design)
    y = top
    for (label, value), height in zip(rows, heights, strict=True):
        _row(canvas, label, value, design, y)
        y += height
    _foot(canvas, face, design)
    parts.watermark(canvas, face, design, size=12)
    ground.close(canvas, design)
    return canvas


def _rows(face: Face) -> list[FaceField]:
    number = [field for field in face.fields if field.key == NUMBER and field.value]
    return [*number, *face.others(NAME, NUMBER, VALID_UNTIL)][:MOST_FIELDS]


def _lines_of(value: str, fonts: Fonts) -> int:
    broken = broken_into_lines(
        value, fonts, size=_VALUE * 0.8, style=Style.MEDIUM, width=RIGHT - LEFT
    )
    return min(len(broken), _LINES)


def _has_portrait(face: Face) -> bool:
    return design_of(face.licence_type).layout not in _WITHOUT_PORTRAIT


def _heading(canvas: Canvas, face: Face, design: Design) -> None:
    canvas.rectangle(18, 16, 40, 40, fill=design.accent, radius=11)
    canvas.path(
        ICONS[design.icon], stroke="#ffffff", thickness=1.5, at="translate(22 20) scale(1.333)"
    )
    canvas.paragraph(
        face.title, 70, 45, width=200, size=27, smallest=15, fill=design.ink, style=Style.SERIF
    )
    said = "已脱敏" if face.masked else "完整信息"
    canvas.text(said, RIGHT, 43, size=15, fill=design.accent, style=Style.MEDIUM, anchor="end")
    colour = STATUS_COLOURS.get(face.status, design.accent)
    canvas.rectangle(0, 70, WIDTH, 54, fill=colour)
    parts.status_mark(canvas, face.status, 34, 97, size=12.5)
    used = canvas.text(
        STATUS_WORDS[face.status], 56, 107, size=28, fill="#ffffff", style=Style.BOLD
    )
    canvas.paragraph(
        parts.until_words(face),
        RIGHT,
        105,
        width=RIGHT - 66 - used,
        size=22,
        smallest=13,
        fill="#ffffff",
        style=Style.MEDIUM,
        anchor="end",
    )


def _holder(canvas: Canvas, face: Face, design: Design) -> None:
    x, edge = LEFT, RIGHT
    if _has_portrait(face):
        parts.portrait(canvas, face, design, LEFT + 3, 139, 88, 112)
        x = LEFT + 110
        parts.verdict(canvas, face, LEFT + 47, 196, size=20)
    canvas.text(face.label(NAME) or "持证人", x, 156, size=16, fill=design.ink, opacity=0.72)
    canvas.paragraph(
        face.value(NAME),
        x,
        191,
        width=edge - x,
        size=34,
        smallest=17,
        lines=3,
        fill=design.ink,
        style=Style.BOLD,
    )


def _row(canvas: Canvas, label: str, value: str, design: Design, y: float) -> None:
    canvas.path(f"M{LEFT} {y}H{RIGHT}", stroke=design.line, thickness=0.8, opacity=0.5)
    canvas.text(label, LEFT, y + 21, size=15.5, fill=design.ink, opacity=0.72)
    canvas.paragraph(
        value,
        LEFT,
        y + 49,
        width=RIGHT - LEFT,
        size=_VALUE,
        smallest=_VALUE * 0.8,
        lines=_LINES,
        fill=design.ink,
        style=Style.MEDIUM,
    )


def _foot(canvas: Canvas, face: Face, design: Design) -> None:
    top = canvas.height - 38 - _notes(face)
    canvas.path(f"M{LEFT} {top}H{RIGHT}", stroke=design.line, thickness=0.8, opacity=0.5)
    issuer = " · ".join(one for one in (face.issuer, face.region) if one)
    canvas.paragraph(
        issuer, LEFT, top + 22, width=RIGHT - LEFT, size=16, smallest=11, fill=design.ink
    )
    y = top + 43
    if face.notice:
        canvas.paragraph(
            face.notice, LEFT, y, width=RIGHT - LEFT, size=14, smallest=11, lines=2, fill=design.ink
        )
        y += _NOTICE
    if face.stale:
        parts.stale_mark(canvas, face.stale, LEFT, y, size=14, anchor="start")


def _notes(face: Face) -> float:
    return (_NOTICE if face.notice else 0) + (_STALE if face.stale else 0)
