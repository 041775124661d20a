"""What every face is put together from: heading, portrait, band, watermark. 部件"""

from licences.faces import ornaments
from licences.faces.canvas import Anchor, Canvas, Portrait, Stamp, Watermark
from licences.faces.designs import ICONS, Design
from licences.faces.face import STATUS_COLOURS, STATUS_WORDS, Face
from licences.faces.fonts import Style
from licences.faces.words import cleaned, width_of
from licences.kinds import LicenceStatus

PORTRAIT_RADIUS = 7
STALE = "#f2c14e"
_BUST = (
    "M50 12C64 12 73 22 73 37C73 53 63 64 50 64C37 64 27 53 27 37C27 22 36 12 50 12Z"
    "M50 70C78 70 94 86 96 122H4C6 86 22 70 50 70Z"
)


def heading(canvas: Canvas, face: Face, design: Design) -> None:
    """The mark, the name of the licence, what must be said of it, and what this picture is."""
    ink, accent, up = design.ink, design.accent, 4.5 if face.notice else 0
    canvas.rectangle(16, 13, 31, 31, fill=accent, radius=9)
    canvas.path(ICONS[design.icon], stroke="#ffffff", thickness=1.5, at="translate(19.5 16.5)")
    canvas.paragraph(
        face.title, 56, 31 - up / 2, width=210, size=19, smallest=12, fill=ink, style=Style.SERIF
    )
    if face.notice:
        canvas.paragraph(face.notice, 56, 43.5, width=288, size=8.4, smallest=6.4, fill=accent)
    else:
        canvas.text(design.english, 56.5, 42.5, size=6.2, fill=accent, spacing=0.75, opacity=0.8)
    canvas.text(
        "电子证照",
        344,
        25.5 - up,
        size=9.5,
        fill=accent,
        style=Style.MEDIUM,
        anchor="end",
        spacing=1.2,
    )
    said = " · ".join(one for one in (face.region, "已脱敏" if face.masked else "完整信息") if one)
    canvas.paragraph(
        said, 344, 38.5 - up * 1.4, width=110, size=8.4, smallest=6, fill=ink, anchor="end"
    )


def portrait(
    canvas: Canvas,
    face: Face,
    design: Design,
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    busts: int = 1,
) -> None:
    """The holder's portrait; where there is none, a bust that is nobody's."""
    radius = PORTRAIT_RADIUS
    canvas.define(
        f'<clipPath id="portrait"><rect x="{x}" y="{y}" width="{width}" height="{height}"'
        f' rx="{radius}"/></clipPath>'
    )
    canvas.rectangle(x - 2.5, y - 2.5, width + 5, height + 5, fill="#ffffff", radius=radius + 2.5)
    _busts(canvas, design, x, y, width, height, busts)
    if face.portrait is not None:
        canvas.marks.append(Portrait(face.portrait, x, y, width, height, radius))
    canvas.frame(
        x - 2.5,
        y - 2.5,
        width + 5,
        height + 5,
        stroke=design.line,
        radius=radius + 2.5,
        opacity=0.55,
    )


def band(canvas: Canvas, face: Face, design: Design, *, height: float = 35) -> None:
    """Along the foot: is it valid, until when, who says so."""
    top, middle = canvas.height - height, canvas.height - height / 2
    colour = STATUS_COLOURS.get(face.status, design.accent)
    canvas.rectangle(0, top, canvas.width, height, fill=colour)
    for thread in ornaments.waves(width=canvas.width, height=height * 0.9, lines=6):
        canvas.path(
            thread, stroke="#ffffff", thickness=0.5, opacity=0.16, at=f"translate(0 {middle:.1f})"
        )
    status_mark(canvas, face.status, 26, middle)
    word = STATUS_WORDS[face.status]
    used = canvas.text(word, 40, middle + 5.6, size=15.5, fill="#ffffff", style=Style.BOLD)
    canvas.text(
        until_words(face),
        40 + used + 11,
        middle + 4.6,
        size=11.5,
        fill="#ffffff",
        style=Style.MEDIUM,
    )
    canvas.paragraph(
        f"{face.issuer}",
        344,
        middle + (4.2 if not face.stale else -1.5),
        width=128,
        size=10.5,
        smallest=7,
        fill="#ffffff",
        anchor="end",
    )
    if face.stale:
        stale_mark(canvas, face.stale, 344, middle + 12)


def until_words(face: Face) -> str:
    if face.status in (LicenceStatus.SUSPENDED, LicenceStatus.REVOKED):
        return "不可使用"
    if face.until == "长期":
        return "长期有效" if face.status is LicenceStatus.VALID else "长期"
    return f"至 {face.until}" if face.status is not LicenceStatus.EXPIRED else f"止于 {face.until}"


def watermark(canvas: Canvas, face: Face, design: Design, *, size: float = 9.5) -> None:
    """What it is for and when it was made, over everything, again and again."""
    canvas.marks.append(Watermark(cleaned(face.watermark), size, design.ink, 0.13))


def verdict(canvas: Canvas, face: Face, x: float, y: float, *, size: float = 22) -> None:
    """A licence that may not be used says so across its face."""
    colour = STATUS_COLOURS.get(face.status)
    if colour is not None:
        canvas.marks.append(Stamp(STATUS_WORDS[face.status], x, y, size, colour))


def _busts(
    canvas: Canvas, design: Design, x: float, y: float, width: float, height: float, count: int
) -> None:
    canvas.define(
        f'<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0"'
        f' stop-color="#ffffff"/><stop offset="1" stop-color="{design.paper[0]}"/></linearGradient>'
    )
    canvas.rectangle(x, y, width, height, fill="url(#sky)", radius=PORTRAIT_RADIUS)
    canvas.draw('<g clip-path="url(#portrait)">')
    step = width / (count + 0.16 * (count - 1))
    scale = min(step / 104, height / 126)
    for number in range(count):
        middle = x + width / 2 + (number - (count - 1) / 2) * step
        canvas.draw(
            f'<path d="{_BUST}" fill="{design.line}" fill-opacity="0.42" transform="translate('
            f'{middle - 50 * scale:.2f} {y + height - 122 * scale:.2f}) scale({scale:.4f})"/>'
        )
    canvas.draw("</g>")


def status_mark(
    canvas: Canvas, status: LicenceStatus, x: float, y: float, *, size: float = 8
) -> None:
    """A tick, a cross or an exclamation mark in a white disc."""
    canvas.draw(f'<circle cx="{x}" cy="{y:.1f}" r="{size}" fill="#ffffff" fill-opacity="0.95"/>')
    colour = STATUS_COLOURS.get(status, "#15803d")
    signs = {
        LicenceStatus.VALID: "M-3.6 0.2L-1 2.8L3.8 -2.8",
        LicenceStatus.REVOKED: "M-3 -3L3 3M3 -3L-3 3",
    }
    sign, scale = signs.get(status, "M0 -4V1M0 3.7V3.8"), size / 8
    canvas.path(sign, stroke=colour, thickness=2, at=f"translate({x} {y:.1f}) scale({scale:.2f})")


def stale_mark(
    canvas: Canvas, stale: str, x: float, y: float, *, size: float = 8.4, anchor: Anchor = "end"
) -> None:
    """That what is said is not of today: black on yellow."""
    width = width_of(stale, canvas.fonts, size=size, style=Style.MEDIUM) + size * 1.4
    left = x - width if anchor == "end" else x
    canvas.rectangle(left, y - size * 1.02, width, size * 1.42, fill=STALE, radius=size * 0.7)
    canvas.text(
        stale,
        left + width / 2,
        y + size * 0.07,
        size=size,
        fill="#3b2a00",
        style=Style.MEDIUM,
        anchor="middle",
    )
