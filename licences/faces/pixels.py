"""From a canvas to pixels: its shapes by resvg, kept for the next; what is above by Pillow. 出图"""

from collections import OrderedDict
from functools import cache
from io import BytesIO
from typing import assert_never

import resvg_py
from PIL import Image, ImageDraw, ImageOps

from core.pictures import PictureRefused, decoded
from licences.faces.canvas import Canvas, Letters, Mark, Portrait, Stamp, Watermark
from licences.faces.fonts import Fonts, Style
from licences.faces.words import width_of

_GROUNDS = 32
_SLANT, _STAMP_SLANT = 21, 14
_SERIF_STROKE = 0.012
"""The serif comes in one weight: titles are made stronger by a stroke, in parts of their size."""

_PORTRAIT_PIXELS = 12_000_000


class Pixels:
    """Pictures of canvases at one scale. Shapes without personal data are kept, nothing else."""

    def __init__(self, fonts: Fonts, *, scale: float) -> None:
        self._fonts, self._scale = fonts, scale
        self._grounds: OrderedDict[str, Image.Image] = OrderedDict()

    def png(self, canvas: Canvas) -> bytes:
        made = BytesIO()
        self.image(canvas).save(made, "PNG", compress_level=1)
        return made.getvalue()

    def image(self, canvas: Canvas) -> Image.Image:
        ground = self._ground(canvas.svg())
        image = ground.convert("RGB")
        for mark in canvas.marks:
            self._put(image, mark)
        image.putalpha(ground.getchannel("A"))
        return image

    def _ground(self, svg: str) -> Image.Image:
        if svg not in self._grounds:
            png = resvg_py.svg_to_bytes(svg_string=svg, zoom=self._scale, skip_system_fonts=True)
            with Image.open(BytesIO(bytes(png)), formats=["PNG"]) as image:
                self._grounds[svg] = image.convert("RGBA")
            if len(self._grounds) > _GROUNDS:
                self._grounds.popitem(last=False)
        self._grounds.move_to_end(svg)
        return self._grounds[svg]

    def _put(self, image: Image.Image, mark: Mark) -> None:
        match mark:
            case Letters():
                self._letters(image, mark)
            case Portrait():
                self._portrait(image, mark)
            case Watermark():
                self._watermark(image, mark)
            case Stamp():
                self._stamp(image, mark)
            case _:
                assert_never(mark)

    def _letters(self, image: Image.Image, mark: Letters) -> None:
        if mark.opacity < 1:
            self._faint(image, mark)
            return
        self._write(ImageDraw.Draw(image), mark, mark.fill, mark.x, mark.y)

    def _faint(self, image: Image.Image, mark: Letters) -> None:
        """Letters that the ground shines through."""
        scale, size = self._scale, mark.size
        width = width_of(mark.text, self._fonts, size=size, style=mark.style, spacing=mark.spacing)
        left, top = round((mark.x - 1) * scale), round((mark.y - size * 1.1) * scale)
        mask = Image.new("L", (round((width + 3) * scale), round(size * 1.5 * scale)))
        self._write(
            ImageDraw.Draw(mask),
            mark,
            round(255 * mark.opacity),
            mark.x - left / scale,
            mark.y - top / scale,
        )
        image.paste(mark.fill, (left, top), mask)

    def _write(
        self, pen: ImageDraw.ImageDraw, mark: Letters, fill: str | int, x: float, y: float
    ) -> None:
        size = mark.size * self._scale
        stroke = size * _SERIF_STROKE if mark.style is Style.SERIF else 0
        pieces = mark.text if mark.spacing else [mark.text]
        for piece in pieces:
            for face, run, width in self._fonts.runs(piece, mark.style):
                pen.text(
                    (x * self._scale, y * self._scale),
                    run,
                    font=face.at(size),
                    fill=fill,
                    anchor="ls",
                    stroke_width=stroke,
                )
                x += width * mark.size
            x += mark.spacing

    def _portrait(self, image: Image.Image, mark: Portrait) -> None:
        """A picture that cannot be read leaves the place as it was."""
        size = round(mark.width * self._scale), round(mark.height * self._scale)
        try:
            picture = decoded(mark.content, longest=2 * max(size), max_pixels=_PORTRAIT_PIXELS)
        except PictureRefused:
            return
        fitting = ImageOps.fit(picture, size, centering=(0.5, 0.35))
        place = round(mark.x * self._scale), round(mark.y * self._scale)
        image.paste(fitting, place, _rounded(size, round(mark.radius * self._scale)))

    def _watermark(self, image: Image.Image, mark: Watermark) -> None:
        line = self._line(mark.text, mark.size)
        slanted = line.rotate(_SLANT, Image.Resampling.BICUBIC, expand=True)
        faint = slanted.point(lambda value: round(value * mark.opacity))
        across, down = round(slanted.width * 1.12), round(slanted.height * 0.8)
        for row in range(-1, image.height // down + 1):
            shift = (row % 2) * across // 2
            for left in range(-shift, image.width, across):
                image.paste(mark.fill, (left, row * down), faint)

    def _line(self, text: str, size: float) -> Image.Image:
        width = width_of(text, self._fonts, size=size, style=Style.MEDIUM) + size
        mask = Image.new("L", (round(width * self._scale), round(size * 1.6 * self._scale)))
        letters = Letters(
            text=text, x=0, y=0, size=size, fill="", style=Style.MEDIUM, spacing=0, opacity=1
        )
        self._write(ImageDraw.Draw(mask), letters, 255, size / 2, size * 1.15)
        return mask

    def _stamp(self, image: Image.Image, mark: Stamp) -> None:
        word = self._line(mark.text, mark.size)
        box = Image.new("RGBA", word.size, "#ffffff00")
        pen = ImageDraw.Draw(box)
        thick = round(2.2 * self._scale)
        edge = (thick, thick, box.width - thick, box.height - thick)
        pen.rounded_rectangle(edge, 5 * self._scale, "#ffffffd8", mark.colour, thick)
        box.paste(mark.colour, (0, round(-0.05 * mark.size * self._scale)), word)
        slanted = box.rotate(_STAMP_SLANT, Image.Resampling.BICUBIC, expand=True)
        left = round(mark.x * self._scale - slanted.width / 2)
        top = round(mark.y * self._scale - slanted.height / 2)
        image.paste(slanted, (left, top), slanted)


@cache
def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """A mask with round corners, smooth at the edge."""
    great = Image.new("L", (size[0] * 2, size[1] * 2))
    ImageDraw.Draw(great).rounded_rectangle((0, 0, *great.size), radius * 2, fill=255)
    return great.resize(size, Image.Resampling.LANCZOS)
