"""A face as a card of the size of a bank card. 卡片版式"""

from collections.abc import Callable, Mapping, Sequence

from licences.faces import ground, parts
from licences.faces.canvas import Canvas
from licences.faces.designs import Design, design_of
from licences.faces.face import NAME, NUMBER, VALID_UNTIL, Face, FaceField
from licences.faces.fonts import Fonts, Style
from licences.faces.words import cleaned, width_of

WIDTH, HEIGHT = 360, 227
LEFT, RIGHT, TOP, FOOT = 18.0, 342.0, 57.0, 188.0
SPOUSE, PLATE, VEHICLE_CLASS = "spouse_name", "plate_number", "vehicle_class"
PLATES, VIN = (PLATE, "plate_no", "plate"), "vin"

_ROW, _SIZE, _BETWEEN = 28.0, 12.6, 22.0


def draw_card(face: Face, fonts: Fonts) -> Canvas:
    canvas, design = Canvas(WIDTH, HEIGHT, fonts), design_of(face.licence_type)
    ground.paper(canvas, design)
    parts.heading(canvas, face, design)
    _LAYOUTS[design.layout](canvas, face, design)
    parts.band(canvas, face, design)
    parts.watermark(canvas, face, design)
    ground.close(canvas, design)
    return canvas


def _with_portrait(canvas: Canvas, face: Face, design: Design) -> None:
    edge = RIGHT - 84 - 16
    y = _name(canvas, face, design, LEFT, edge)
    rest = face.others(NAME, NUMBER, VALID_UNTIL, VEHICLE_CLASS)
    _flow(canvas, rest, design, LEFT, edge, y)
    _number(canvas, face, design, LEFT, edge)
    height = 99 if face.value(VEHICLE_CLASS) else 108
    parts.portrait(canvas, face, design, RIGHT - 84, TOP + 3, 84, height)
    if face.value(VEHICLE_CLASS):
        _badge(canvas, face.value(VEHICLE_CLASS), design, RIGHT - 42, TOP + height + 17.5)
    parts.verdict(canvas, face, RIGHT - 42, TOP + 62)


def _with_chip(canvas: Canvas, face: Face, design: Design) -> None:
    edge = RIGHT - 84 - 16
    _chip(canvas, LEFT, TOP + 5)
    y = _name(canvas, face, design, LEFT + 52, edge)
    _flow(canvas, face.others(NAME, NUMBER, VALID_UNTIL), design, LEFT, edge, y)
    _number(canvas, face, design, LEFT, edge)
    parts.portrait(canvas, face, design, RIGHT - 84, TOP + 3, 84, 108)
    parts.verdict(canvas, face, RIGHT - 42, TOP + 62)


def _plain(canvas: Canvas, face: Face, design: Design) -> None:
    y = _name(canvas, face, design, LEFT, RIGHT)
    _flow(canvas, face.others(NAME, NUMBER, VALID_UNTIL), design, LEFT, RIGHT, y)
    _number(canvas, face, design, LEFT, RIGHT)
    parts.verdict(canvas, face, 286, TOP + 56, size=30)


def _with_plate(canvas: Canvas, face: Face, design: Design) -> None:
    """The plate is the number of most vehicle licences; then the vehicle's own stands below."""
    plate = face.value(*PLATES) or face.value(NUMBER)
    y = TOP
    if plate:
        _plate(canvas, plate, LEFT, TOP + 2)
        y = max(_name(canvas, face, design, LEFT + 156, RIGHT), TOP + 44)
    else:
        y = _name(canvas, face, design, LEFT, RIGHT)
    below = NUMBER if face.value(*PLATES) else VIN
    rest = face.others(NAME, NUMBER, VALID_UNTIL, below, *PLATES)
    _flow(canvas, rest, design, LEFT, RIGHT, y)
    _number(canvas, face, design, LEFT, RIGHT, key=below)
    parts.verdict(canvas, face, 286, TOP + 62, size=30)


def _couple(canvas: Canvas, face: Face, design: Design) -> None:
    edge = RIGHT - 112 - 16
    name, spouse = face.value(NAME), face.value(SPOUSE)
    both = f"{name} · {spouse}" if spouse else name
    canvas.text(
        "夫妻双方" if spouse else face.label(NAME),
        LEFT,
        TOP + 9,
        size=9.2,
        fill=design.ink,
        opacity=0.66,
    )
    canvas.paragraph(
        both,
        LEFT,
        TOP + 31,
        width=edge - LEFT,
        size=20,
        smallest=10,
        lines=2,
        fill=design.ink,
        style=Style.MEDIUM,
    )
    rest = face.others(NAME, NUMBER, VALID_UNTIL, SPOUSE)
    _flow(canvas, rest, design, LEFT, edge, TOP + 44)
    _number(canvas, face, design, LEFT, edge)
    parts.portrait(canvas, face, design, RIGHT - 112, TOP + 8, 112, 84, busts=2)
    parts.verdict(canvas, face, RIGHT - 56, TOP + 58)


def _charter(canvas: Canvas, face: Face, design: Design) -> None:
    for inset, thickness, opacity in ((5.5, 1.6, 0.75), (9, 0.6, 0.6)):
        canvas.frame(
            inset,
            inset,
            WIDTH - 2 * inset,
            HEIGHT - 31 - 2 * inset,
            stroke=design.line,
            radius=ground.RADIUS - inset * 0.7,
            thickness=thickness,
            opacity=opacity,
        )
    y = _name(canvas, face, design, LEFT + 2, RIGHT - 2, size=19)
    rest = face.others(NAME, NUMBER, VALID_UNTIL)
    _flow(canvas, rest, design, LEFT + 2, RIGHT - 2, y)
    _number(canvas, face, design, LEFT + 2, RIGHT - 2)
    parts.verdict(canvas, face, 286, TOP + 60, size=30)


_LAYOUTS: Mapping[str, Callable[[Canvas, Face, Design], None]] = {
    "portrait": _with_portrait,
    "chip": _with_chip,
    "plain": _plain,
    "plate": _with_plate,
    "couple": _couple,
    "charter": _charter,
}


def _name(
    canvas: Canvas, face: Face, design: Design, x: float, edge: float, *, size: float = 22
) -> float:
    """Whose it is, in the largest letters; where the rest begins."""
    canvas.text(face.label(NAME) or "持证人", x, TOP + 9, size=9.2, fill=design.ink, opacity=0.66)
    last = canvas.paragraph(
        face.value(NAME),
        x,
        TOP + 31,
        width=edge - x,
        size=size,
        smallest=11,
        lines=2,
        fill=design.ink,
        style=Style.MEDIUM,
    )
    return last + 11


def _flow(
    canvas: Canvas,
    fields: Sequence[FaceField],
    design: Design,
    x: float,
    edge: float,
    y: float,
) -> None:
    """Label above value, one after another, as many to a row as have room in their order.

    What has no room at all stays out: the list of fields beside the picture has it.
    """
    left = x
    for field in fields:
        room = min(_room(canvas, field), edge - x)
        if left > x and left + room > edge:
            left, y = x, y + _ROW
        if y + _ROW > FOOT - 24:
            return
        canvas.text(field.label, left, y + 8.5, size=8.8, fill=design.ink, opacity=0.66)
        canvas.paragraph(
            field.value,
            left,
            y + 22.5,
            width=edge - left,
            size=_SIZE,
            smallest=8.5,
            fill=design.ink,
        )
        left += room + _BETWEEN


def _room(canvas: Canvas, field: FaceField) -> float:
    value = width_of(cleaned(field.value), canvas.fonts, size=_SIZE, style=Style.REGULAR)
    label = width_of(cleaned(field.label), canvas.fonts, size=8.8, style=Style.REGULAR)
    return max(value, label)


def _number(
    canvas: Canvas, face: Face, design: Design, x: float, edge: float, *, key: str = NUMBER
) -> None:
    number = face.value(key)
    if not number:
        return
    label = face.label(key)
    used = canvas.text(label, x, FOOT - 10, size=9.2, fill=design.ink, opacity=0.66)
    canvas.paragraph(
        number,
        x + used + 9,
        FOOT - 8.6,
        width=edge - x - used - 9,
        size=15.5,
        smallest=8.5,
        fill=design.ink,
        style=Style.MEDIUM,
    )


def _badge(canvas: Canvas, text: str, design: Design, x: float, y: float) -> None:
    canvas.rectangle(x - 23, y - 11, 46, 20, fill=design.accent, radius=10)
    canvas.paragraph(
        text,
        x,
        y + 4.6,
        width=38,
        size=13,
        smallest=7,
        fill="#ffffff",
        style=Style.BOLD,
        anchor="middle",
    )


def _plate(canvas: Canvas, number: str, x: float, y: float) -> None:
    canvas.rectangle(x, y, 142, 38, fill="#1d4fa3", radius=6)
    canvas.draw(
        f'<rect x="{x + 2.5}" y="{y + 2.5}" width="137" height="33" rx="4.5" fill="none"'
        ' stroke="#ffffff" stroke-width="1.2"/>'
    )
    canvas.paragraph(
        number,
        x + 71,
        y + 27,
        width=124,
        size=23,
        smallest=12,
        fill="#ffffff",
        style=Style.BOLD,
        anchor="middle",
    )


def _chip(canvas: Canvas, x: float, y: float) -> None:
    canvas.define(
        '<linearGradient id="gold" x1="0" y1="0" x2="1" y2="1"><stop offset="0"'
        ' stop-color="#f7e3a1"/><stop offset="0.5" stop-color="#d9ae4b"/><stop offset="1"'
        ' stop-color="#f0d27c"/></linearGradient>'
    )
    canvas.rectangle(x, y, 40, 30, fill="url(#gold)", radius=5)
    canvas.path(
        "M0 10H14M0 20H14M40 10H26M40 20H26M14 0V30M26 0V30M14 10C18 6 22 6 26 10"
        "M14 20C18 24 22 24 26 20",
        stroke="#8d6a1d",
        thickness=0.8,
        opacity=0.75,
        at=f"translate({x} {y})",
    )
