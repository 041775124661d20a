"""A contact sheet: every design on a phone, with the code that is shown beside it. 样张总览

`python -m licences.faces.sheet PATH` writes it as one PNG.
"""

import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import segno
from PIL import Image

from licences.faces.canvas import Canvas
from licences.faces.face import Face, FaceForm
from licences.faces.fonts import Fonts, Style, load_fonts
from licences.faces.painting import laid_out
from licences.faces.pixels import Pixels
from licences.faces.samples import samples
from licences.kinds import LicenceStatus

PHONE_WIDTH, PHONE_HEIGHT = 400, 640
COLUMNS, GAP, HEADING = 4, 36, 118
SCALE = 1.5
_INK, _QUIET, _GROUND = "#16202c", "#5d6977", "#dfe5ec"


def contact_sheet(faces: Sequence[Face]) -> Image.Image:
    """All of them, four in a row."""
    fonts = load_fonts()
    pixels = Pixels(fonts, scale=SCALE)
    rows = -(-len(faces) // COLUMNS)
    width = COLUMNS * PHONE_WIDTH + (COLUMNS + 1) * GAP
    height = HEADING + rows * (PHONE_HEIGHT + GAP) + GAP / 2
    sheet = pixels.image(_ground(width, height, len(faces), fonts)).convert("RGB")
    for number, face in enumerate(faces):
        phone = _phone(face, number, pixels, fonts)
        x = GAP + (number % COLUMNS) * (PHONE_WIDTH + GAP)
        y = HEADING + (number // COLUMNS) * (PHONE_HEIGHT + GAP)
        sheet.paste(phone, (round(x * SCALE), round(y * SCALE)), phone)
    return sheet


def _ground(width: float, height: float, count: int, fonts: Fonts) -> Canvas:
    canvas = Canvas(width, height, fonts)
    canvas.rectangle(0, 0, width, height, fill=_GROUND)
    canvas.text("掌上办 · 电子证照样张", GAP, 62, size=34, fill=_INK, style=Style.SERIF)
    canvas.text(
        f"{count} 个版面；人物、单位、号码均为虚构，不含国徽、公章等法定标志",
        GAP,
        93,
        size=16,
        fill=_QUIET,
    )
    return canvas


def _phone(face: Face, number: int, pixels: Pixels, fonts: Fonts) -> Image.Image:
    """One screen: the face, and under a card the code to be scanned."""
    canvas = Canvas(PHONE_WIDTH, PHONE_HEIGHT, fonts)
    canvas.rectangle(0, 0, PHONE_WIDTH, PHONE_HEIGHT, fill="#f6f8fa", radius=34)
    canvas.frame(
        0.8, 0.8, PHONE_WIDTH - 1.6, PHONE_HEIGHT - 1.6, stroke="#b9c3cf", radius=33, thickness=1.6
    )
    canvas.text(
        "亮证", PHONE_WIDTH / 2, 40, size=18, fill=_INK, style=Style.MEDIUM, anchor="middle"
    )
    canvas.path("M28 26L20 34L28 42", stroke=_INK, thickness=2.2)
    if face.form == FaceForm.CARD:
        _code(canvas, face, number)
    screen = pixels.image(canvas)
    picture = pixels.image(laid_out(face, fonts))
    screen.paste(picture, (round(20 * SCALE), round(60 * SCALE)), picture)
    return screen


def _code(canvas: Canvas, face: Face, number: int) -> None:
    canvas.rectangle(20, 304, 360, 312, fill="#ffffff", radius=14)
    middle = PHONE_WIDTH / 2
    if face.status is not LicenceStatus.VALID:
        canvas.text("该证照当前不能出示", middle, 450, size=18, fill=_INK, anchor="middle")
        canvas.text("如有疑问请联系发证机关", middle, 478, size=14, fill=_QUIET, anchor="middle")
        return
    canvas.text(
        "请核验人员扫码，或报下面的数字", middle, 336, size=14.5, fill=_QUIET, anchor="middle"
    )
    _squares(canvas, f"ZB-SAMPLE-{number:02d}-" + "x7Qm2f0KdA9tLrW4" * 3, middle - 97, 350, 194)
    digits = f"{4_730_915_286_240_173 + number * 8_117_204_913:016d}"
    shown = "  ".join(digits[at : at + 4] for at in range(0, 16, 4))
    canvas.text(shown, middle, 574, size=19, fill=_INK, style=Style.MEDIUM, anchor="middle")
    canvas.text("60 秒内有效，只能核验一次", middle, 600, size=13, fill=_QUIET, anchor="middle")


def _squares(canvas: Canvas, content: str, x: float, y: float, size: float) -> None:
    rows = list(segno.make(content, error="m", micro=False).matrix)
    step = size / len(rows)
    dark = (
        f"M{across} {down}h1v1h-1z"
        for down, row in enumerate(rows)
        for across, cell in enumerate(row)
        if cell
    )
    canvas.draw(
        f'<path d="{"".join(dark)}" fill="{_INK}" shape-rendering="crispEdges"'
        f' transform="translate({x} {y}) scale({step:.4f})"/>'
    )


def main() -> None:
    made = BytesIO()
    contact_sheet(samples()).save(made, "PNG", optimize=True)
    Path(sys.argv[1]).write_bytes(made.getvalue())


if __name__ == "__main__":
    main()
