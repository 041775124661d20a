"""From a face to a PNG, in this process. `licences.faces.studio` does it beside the server. 绘制"""

from functools import cache

from licences.faces.canvas import Canvas
from licences.faces.card import draw_card
from licences.faces.face import Face, FaceForm
from licences.faces.fonts import Fonts, load_fonts
from licences.faces.large import draw_large
from licences.faces.pixels import Pixels
from licences.faces.words import cleaned

SCALE = 2.0
"""Pixels for one unit; a card is 360 units wide, as a phone's screen. More costs more to pack."""


def paint(face: Face) -> bytes:
    """The PNG of a face."""
    return _pixels().png(laid_out(face, load_fonts()))


def laid_out(face: Face, fonts: Fonts) -> Canvas:
    """Everything in its place, in the form asked for."""
    return (draw_large if face.form == FaceForm.LARGE else draw_card)(face, fonts)


def missing_characters(face: Face) -> list[str]:
    """What the fonts lack of what is written on it: it is drawn as 〓."""
    written = "".join((face.title, face.issuer, *(field.value for field in face.fields)))
    return load_fonts().missing(cleaned(written))


@cache
def _pixels() -> Pixels:
    return Pixels(load_fonts(), scale=SCALE)
