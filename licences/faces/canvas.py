"""A face being laid out: shapes, which are SVG of our own, and letters and pictures above. 画布

What anybody wrote never stands in the SVG: letters are drawn from the fonts onto the pixels.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from licences.faces.fonts import Fonts, Style
from licences.faces.words import cleaned, fitted, width_of

Anchor = Literal["start", "middle", "end"]

LEADING = 1.22


class Letters(Struct, frozen=True, kw_only=True):
    """One line, its left end on the baseline at x y."""

    text: str
    x: float
    y: float
    size: float
    fill: str
    style: Style
    spacing: float
    opacity: float


class Portrait(Struct, frozen=True):
    """A picture that fills its frame."""

    content: bytes
    x: float
    y: float
    width: float
    height: float
    radius: float


class Watermark(Struct, frozen=True):
    """One line, over everything, again and again."""

    text: str
    size: float
    fill: str
    opacity: float


class Stamp(Struct, frozen=True):
    """A word in a box, aslant, round x y."""

    text: str
    x: float
    y: float
    size: float
    colour: str


Mark = Letters | Portrait | Watermark | Stamp


class Canvas:
    """Takes shapes in the order they lie above one another, and marks above all shapes."""

    def __init__(self, width: float, height: float, fonts: Fonts) -> None:
        self.width, self.height, self.fonts = width, height, fonts
        self.marks: list[Mark] = []
        self._definitions: list[str] = []
        self._shapes: list[str] = []

    def define(self, markup: str) -> None:
        self._definitions.append(markup)

    def draw(self, markup: str) -> None:
        self._shapes.append(markup)

    def rectangle(
        self, x: float, y: float, width: float, height: float, *, fill: str, radius: float = 0
    ) -> None:
        self.draw(
            f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"'
            f' rx="{radius:.2f}" fill="{fill}"/>'
        )

    def frame(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        stroke: str,
        radius: float = 0,
        thickness: float = 1,
        opacity: float = 1,
    ) -> None:
        self.draw(
            f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"'
            f' rx="{radius:.2f}" fill="none" stroke="{stroke}" stroke-width="{thickness:.2f}"'
            f' stroke-opacity="{opacity:.3f}"/>'
        )

    def path(
        self, outline: str, *, stroke: str, thickness: float = 1, opacity: float = 1, at: str = ""
    ) -> None:
        """A line that is not filled; `at` is a transform."""
        self.draw(
            f'<path d="{outline}" fill="none" stroke="{stroke}" stroke-width="{thickness:.2f}"'
            f' stroke-opacity="{opacity:.3f}" stroke-linecap="round" stroke-linejoin="round"'
            f' transform="{at or "translate(0)"}"/>'
        )

    def text(
        self,
        text: str,
        x: float,
        y: float,
        *,
        size: float,
        fill: str,
        style: Style = Style.REGULAR,
        anchor: Anchor = "start",
        spacing: float = 0,
        opacity: float = 1,
    ) -> float:
        """One line on the baseline `y`; how wide it became."""
        text = cleaned(text)
        width = width_of(text, self.fonts, size=size, style=style, spacing=spacing)
        x -= {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        self.marks.append(
            Letters(
                text=text,
                x=x,
                y=y,
                size=size,
                fill=fill,
                style=style,
                spacing=spacing,
                opacity=opacity,
            )
        )
        return width

    def paragraph(
        self,
        text: str,
        x: float,
        y: float,
        *,
        width: float,
        size: float,
        fill: str,
        smallest: float,
        style: Style = Style.REGULAR,
        lines: int = 1,
        anchor: Anchor = "start",
    ) -> float:
        """What somebody wrote, made to fit; `y` is the first baseline. Returns the last one."""
        size, broken = fitted(
            cleaned(text),
            self.fonts,
            size=size,
            style=style,
            width=width,
            smallest=smallest,
            lines=lines,
        )
        for number, line in enumerate(broken):
            below = y + number * size * LEADING
            self.text(line, x, below, size=size, fill=fill, style=style, anchor=anchor)
        return y + (len(broken) - 1) * size * LEADING

    def svg(self) -> str:
        """The shapes alone."""
        return (
            '<svg xmlns="http://www.w3.org/2000/svg"'
            f' width="{self.width:.0f}" height="{self.height:.0f}"'
            f' viewBox="0 0 {self.width:.2f} {self.height:.2f}">'
            f"<defs>{''.join(self._definitions)}</defs>{''.join(self._shapes)}</svg>"
        )


def points(pairs: Sequence[tuple[float, float]], *, closed: bool = False) -> str:
    """A path through points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in pairs) + ("Z" if closed else "")
