"""What every face is put together from: paper, heading, portrait, band, watermark. 部件"""

from licences.faces import ornaments
from licences.faces.canvas import Canvas, Portrait, Stamp, Watermark
from licences.faces.designs import ICONS, Design
from licences.faces.face import STATUS_COLOURS, STATUS_WORDS, Face
from licences.faces.fonts import Style
from licences.faces.words import cleaned, width_of
from licences.kinds import LicenceStatus

RADIUS = 14
STALE = "#f2c14e"
_BUST = (
    "M50 12C64 12 73 22 73 37C73 53 63 64 50 64C37 64 27 53 27 37C27 22 36 12 50 12Z"
    "M50 70C78 70 94 86 96 122H4C6 86 22 70 50 70Z"
)


def paper(canvas: Canvas, design: Design) -> None:
    """The ground with rounded corners, and the line work on it."""
    w, h = canvas.width, canvas.height
    canvas.define(
        f'<linearGradient id="paper" x1="0" y1="0" x2="1" y2="1"><stop offset="0"'
        f' stop-color="{design.paper[0]}"/><stop offset="1" stop-color="{design.paper[1]}"/>'
        f'</linearGradient><radialGradient id="glow" cx="0.82" cy="0.42" r="0.6"><stop offset="0"'
        f' stop-color="#fff" stop-opacity="0.75"/><stop offset="1" stop-color="#fff"'
        f' stop-opacity="0"/></radialGradient><clipPath id="edge"><rect width="{w}" height="{h}"'
        f' rx="{RADIUS}"/></clipPath>'
    )
    canvas.draw('<g clip-path="url(#edge)">')
    canvas.rectangle(0, 0, w, h, fill="url(#paper)")
    canvas.rectangle(0, 0, w, h, fill="url(#glow)")
    _line_work(canvas, design)


def close(canvas: Canvas, design: Design) -> None:
    """The end of the ground, and a hair line round it."""
    canvas.draw("</g>")
    canvas.frame(
        0.5,
        0.5,
        canvas.width - 1,
        canvas.height - 1,
        stroke=design.accent,
        radius=RADIUS - 0.5,
        opacity=0.28,
    )


def heading(canvas: Canvas, face: Face, design: Design) -> None:
    """The mark, the name of the licence, and on the right what this picture is."""
    canvas.rectangle(16, 13, 31, 31, fill=design.accent, radius=9)
    canvas.path(ICONS[design.icon], stroke="#ffffff", thickness=1.5, at="translate(19.5 16.5)")
    canvas.paragraph(
        face.title, 56, 31, width=210, size=19, smallest=12, fill=design.ink, style=Style.SERIF
    )
    canvas.text(design.english, 56.5, 42.5, size=6.2, fill=design.accent, spacing=0.75, opacity=0.8)
    canvas.text(
        "电子证照",
        344,
        25.5,
        size=9.5,
        fill=design.accent,
        style=Style.MEDIUM,
        anchor="end",
        spacing=1.2,
    )
    said = " · ".join(one for one in (face.region, "已脱敏" if face.masked else "完整信息") if one)
    canvas.paragraph(
        said, 344, 38.5, width=110, size=8.4, smallest=6, fill=design.ink, anchor="end"
    )


def portrait(
    canvas: Canvas, face: Face, design: Design, x: float, y: float, width: float, height: float
) -> None:
    """The holder's portrait; where there is none, a bust that is nobody's."""
    radius = 7
    canvas.define(
        f'<clipPath id="portrait"><rect x="{x}" y="{y}" width="{width}" height="{height}"'
        f' rx="{radius}"/></clipPath>'
    )
    canvas.rectangle(x - 2.5, y - 2.5, width + 5, height + 5, fill="#ffffff", radius=radius + 2.5)
    _bust(canvas, design, x, y, width, height)
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
    _status_mark(canvas, face.status, 26, middle)
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
        _stale_mark(canvas, face.stale, 344, middle + 12)


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


def _bust(canvas: Canvas, design: Design, x: float, y: float, width: float, height: float) -> None:
    canvas.define(
        f'<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0"'
        f' stop-color="#ffffff"/><stop offset="1" stop-color="{design.paper[0]}"/></linearGradient>'
    )
    canvas.rectangle(x, y, width, height, fill="url(#sky)", radius=7)
    scale = min(width / 104, height / 126)
    left, top = x + (width - 100 * scale) / 2, y + height - 122 * scale
    canvas.draw(
        f'<g clip-path="url(#portrait)"><path d="{_BUST}" fill="{design.line}" fill-opacity="0.42"'
        f' transform="translate({left:.2f} {top:.2f}) scale({scale:.4f})"/></g>'
    )


def _line_work(canvas: Canvas, design: Design) -> None:
    w, h = canvas.width, canvas.height
    for thread in ornaments.waves(width=w * 1.1, height=h * 0.42):
        canvas.path(
            thread,
            stroke=design.line,
            thickness=0.55,
            opacity=0.2,
            at=f"translate({-w * 0.05:.1f} {h * 0.66:.1f})",
        )
    x, y, radius = w * 0.76, min(h * 0.5, 150), 96
    if design.ornament == "road":
        canvas.path(
            ornaments.road(width=210, depth=128),
            stroke=design.line,
            thickness=1.3,
            opacity=0.16,
            at=f"translate({w * 0.5:.1f} {h:.1f})",
        )
    if design.ornament == "skyline":
        canvas.draw(
            f'<path d="{ornaments.skyline(width=w)}" fill="{design.line}"'
            f' fill-opacity="0.10" transform="translate(0 {h - 35:.1f}) scale(1 1.35)"/>'
        )
    if design.ornament == "dial":
        canvas.path(
            ornaments.rays(radius=radius, inner=radius * 0.55, count=96),
            stroke=design.line,
            thickness=0.8,
            opacity=0.2,
            at=f"translate({x} {y})",
        )
    else:
        for ring in ornaments.rosette(radius=radius, petals=design.petals):
            canvas.path(
                ring,
                stroke=design.line,
                thickness=0.5,
                opacity=0.26,
                at=f"translate({x:.1f} {y:.1f})",
            )
    if design.motif:
        canvas.text(
            design.motif,
            x - 96,
            y + 46,
            size=128,
            fill=design.line,
            style=Style.SERIF,
            anchor="middle",
            opacity=0.1,
        )


def _status_mark(canvas: Canvas, status: LicenceStatus, x: float, y: float) -> None:
    canvas.draw(f'<circle cx="{x}" cy="{y:.1f}" r="8" fill="#ffffff" fill-opacity="0.95"/>')
    colour = STATUS_COLOURS.get(status, "#15803d")
    sign = (
        "M-3.6 0.2L-1 2.8L3.8 -2.8"
        if status is LicenceStatus.VALID
        else ("M-3 -3L3 3M3 -3L-3 3" if status is LicenceStatus.REVOKED else "M0 -4V1M0 3.7V3.8")
    )
    canvas.path(sign, stroke=colour, thickness=2, at=f"translate({x} {y:.1f})")


def _stale_mark(canvas: Canvas, stale: str, right: float, y: float) -> None:
    width = width_of(stale, canvas.fonts, size=8.4, style=Style.MEDIUM) + 12
    canvas.rectangle(right - width, y - 8.6, width, 12, fill=STALE, radius=6)
    canvas.text(
        stale,
        right - width / 2,
        y + 0.6,
        size=8.4,
        fill="#3b2a00",
        style=Style.MEDIUM,
        anchor="middle",
    )
