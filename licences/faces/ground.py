"""What lies under everything: coloured paper with line work on it. 底纹"""

from licences.faces import ornaments
from licences.faces.canvas import Canvas
from licences.faces.designs import Design
from licences.faces.fonts import Style

RADIUS = 14


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
