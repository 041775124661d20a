"""Portraits of people who do not exist, drawn for samples and contact sheets. 示意头像"""

from io import BytesIO

import resvg_py
from msgspec import Struct
from PIL import Image

WIDTH, HEIGHT = 360, 462

_HAIR = {
    "short": "M104 196C92 96 138 62 182 62C232 62 268 96 257 196C250 168 244 148 234 134"
    "C204 146 150 144 128 128C116 146 110 168 104 196Z",
    "long": "M96 318C70 220 84 58 182 58C280 58 292 220 266 318C256 326 244 326 238 318"
    "C252 250 250 176 232 132C204 150 156 150 130 130C112 176 110 250 124 318C118 326 106 326"
    " 96 318Z",
    "bun": "M104 190C94 96 138 66 182 66C230 66 268 96 258 190C250 160 242 142 226 130"
    "C200 142 162 142 138 130C120 142 112 160 104 190ZM150 64a32 24 0 1 1 64 0z",
    "thin": "M106 190C100 150 108 116 126 102C130 88 160 78 182 78C206 78 232 88 238 102"
    "C256 116 264 150 256 190C252 166 246 148 238 138C222 108 142 108 124 138"
    "C116 148 110 166 106 190Z",
}


class Likeness(Struct, frozen=True):
    """What tells one drawn head from another."""

    hair: str
    hair_colour: str
    clothes: str
    skin: str = "#f1cfb4"
    ground: str = "#dfe9f4"
    glasses: bool = False


def drawn(likeness: Likeness) -> bytes:
    """A JPEG like one out of a register: head and shoulders, from the front."""
    png = resvg_py.svg_to_bytes(svg_string=_svg(likeness), skip_system_fonts=True)
    made = BytesIO()
    with Image.open(BytesIO(bytes(png)), formats=["PNG"]) as image:
        image.convert("RGB").save(made, "JPEG", quality=88)
    return made.getvalue()


def _svg(of: Likeness) -> str:
    shade = "#00000018"
    collar = "M146 352L182 404L218 352L232 366L196 436L182 420L168 436L132 366Z"
    glasses = (
        '<g fill="none" stroke="#3c4450" stroke-width="5"><rect x="122" y="190" width="50"'
        ' height="36" rx="14"/><rect x="192" y="190" width="50" height="36" rx="14"/>'
        '<path d="M172 204q10 -7 20 0"/></g>'
        if of.glasses
        else ""
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{of.ground}"/>'
        f'<path d="M24 462C28 388 86 360 140 350L182 372L224 350C278 360 334 388 338 462Z"'
        f' fill="{of.clothes}"/>'
        f'<path d="M148 290H216V352C206 376 158 376 148 352Z" fill="{of.skin}"/>'
        f'<path d="M148 306C166 330 198 330 216 306V330C198 352 166 352 148 330Z" fill="{shade}"/>'
        f'<path d="{collar}" fill="#ffffff" fill-opacity="0.92"/>'
        f'<path d="M182 84C234 84 256 128 254 200C252 272 220 320 182 320C144 320 112 272 110 200'
        f'C108 128 130 84 182 84Z" fill="{of.skin}"/>'
        f'<ellipse cx="108" cy="212" rx="12" ry="24" fill="{of.skin}"/>'
        f'<ellipse cx="256" cy="212" rx="12" ry="24" fill="{of.skin}"/>'
        f'<path d="{_HAIR[of.hair]}" fill="{of.hair_colour}"/>'
        '<g fill="none" stroke="#4a3a34" stroke-linecap="round" stroke-width="6">'
        '<path d="M130 184q17 -10 34 -2"/><path d="M200 182q17 -8 34 2"/></g>'
        '<ellipse cx="148" cy="208" rx="7" ry="8" fill="#2c2624"/>'
        '<ellipse cx="216" cy="208" rx="7" ry="8" fill="#2c2624"/>'
        f'<path d="M182 212q-9 34 -4 42q6 6 14 2" fill="none" stroke="{shade}" stroke-width="6"'
        ' stroke-linecap="round"/>'
        '<path d="M158 280q24 14 48 0" fill="none" stroke="#b5705f" stroke-width="7"'
        f' stroke-linecap="round"/>{glasses}</svg>'
    )
