"""Pictures from outside, made anew: what leaves here was drawn by us, pixel by pixel. 图片

Of what came only the pixels remain: no place and time of taking, no colour profile, no comment, no
second file behind the picture. What is no JPEG or PNG, or has more pixels than a camera, is refused
by its head, before any memory is taken for it.
"""

import warnings
from collections.abc import Mapping
from io import BytesIO

from msgspec import Struct
from PIL import Image, ImageOps

from core.errors import Rejected

MAX_PIXELS = 50_000_000
MAX_WHOLE_PIXELS = 20_000_000
"""Of a PNG, which is decoded whole: up to four bytes for each."""

LONGEST = 2_400
QUALITY = 86

_BEGINNINGS: Mapping[str, bytes] = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
}
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}
KINDS = frozenset(_FORMATS)
"""What is taken, by media type."""


class PictureRefused(Rejected):
    code = "core.picture_refused"
    message = "无法识别该图片，请上传 JPG 或 PNG 格式的照片"


class PictureTooLarge(Rejected):
    code = "core.picture_too_large"
    message = "图片尺寸过大，请缩小后再上传"


class Picture(Struct, frozen=True):
    """A JPEG of ours."""

    content: bytes
    width: int
    height: int


def begins_as(media_type: str, content: bytes | bytearray) -> bool:
    """Whether the content starts as a file of this kind does."""
    beginning = _BEGINNINGS.get(media_type)
    return beginning is not None and content.startswith(beginning)


def remade(content: bytes, *, longest: int = LONGEST, max_pixels: int = MAX_PIXELS) -> Picture:
    """The same picture, upright, at most `longest` pixels a side, as a JPEG and nothing but that.

    Takes a thread for a while: at most `max_pixels` are ever decoded.
    """
    plain = decoded(content, longest=longest, max_pixels=max_pixels)
    made = BytesIO()
    plain.save(made, "JPEG", quality=QUALITY, optimize=True)
    return Picture(made.getvalue(), plain.width, plain.height)


def decoded(content: bytes, *, longest: int, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Its pixels alone, upright, without transparency. PictureRefused for what is no picture."""
    kind = next((kind for kind in _FORMATS if begins_as(kind, content)), None)
    if kind is None:
        raise PictureRefused()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of oddities in what others made
            return _decoded(content, _FORMATS[kind], longest, max_pixels)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise PictureRefused() from error


def _decoded(content: bytes, form: str, longest: int, max_pixels: int) -> Image.Image:
    with Image.open(BytesIO(content), formats=[form]) as image:
        most = max_pixels if form == "JPEG" else min(max_pixels, MAX_WHOLE_PIXELS)
        if image.width * image.height > most:
            raise PictureTooLarge()
        image.draft("RGB", (longest, longest))  # a JPEG is decoded no larger than needed
        image.thumbnail((longest, longest))  # before it is turned: that makes a copy
        return _on_white(ImageOps.exif_transpose(image))


def _on_white(image: Image.Image) -> Image.Image:
    """Without transparency, and in a fresh image that carries nothing of the old one's."""
    ground = Image.new("RGB", image.size, "white")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        ground.paste(clear, mask=clear.getchannel("A"))
    else:
        ground.paste(image.convert("RGB"))
    return ground
