"""C10: pictures from outside are refused or made anew."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from core.pictures import MAX_WHOLE_PIXELS, PictureRefused, PictureTooLarge, remade

GPS = 0x8825
SCRIPT = b"<script>alert(1)</script>"


def photograph(*, form: str = "JPEG", size: tuple[int, int] = (120, 160), **saved: object) -> bytes:
    made = BytesIO()
    Image.new("RGB", size, "#336699").save(made, form, **saved)
    return made.getvalue()


def with_place_and_time() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "SomebodysPhone"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(GPS)[2] = (30.0, 15.0, 20.25)
    return photograph(exif=exif, comment=b"at home")


def bomb(side: int) -> bytes:
    """A PNG that says it has side × side pixels, in a few hundred bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side + 1) * 8)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_nothing_but_the_pixels_remains_and_they_stand_upright() -> None:
    """C10: EXIF with the place of taking, comments and the maker's name are gone."""
    taken = with_place_and_time()

    made = remade(taken)

    assert b"Exif" in taken
    with Image.open(BytesIO(made.content)) as image:
        assert (image.format, image.size) == ("JPEG", (160, 120))
        assert dict(image.getexif()) == {}
        assert not {"exif", "comment", "icc_profile", "xmp"} & set(image.info)
    assert b"Exif" not in made.content
    assert b"SomebodysPhone" not in made.content


def test_a_second_file_behind_the_picture_does_not_come_along() -> None:
    """C10: a polyglot."""
    made = remade(photograph(form="PNG") + b"PK\x03\x04" + SCRIPT)

    assert SCRIPT not in made.content
    assert b"PK\x03\x04" not in made.content


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>", id="SVG"),
        pytest.param(photograph(form="GIF"), id="another kind"),
        pytest.param(photograph()[:200], id="cut off"),
        pytest.param(b"\xff\xd8\xff" + SCRIPT * 50, id="a head and nonsense"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_photograph_is_refused(content: bytes) -> None:
    """C10"""
    with pytest.raises(PictureRefused):
        remade(content)


@pytest.mark.parametrize("side", [4_500, 10_000, 60_000])
def test_a_picture_of_too_many_pixels_is_refused_by_its_head(side: int) -> None:
    """C10: a PNG is decoded whole; 20 megapixels and more in a small file."""
    content = bomb(side)

    assert side * side > MAX_WHOLE_PIXELS
    assert len(content) < 2_000
    with pytest.raises((PictureTooLarge, PictureRefused)):
        remade(content)


def test_what_shines_through_becomes_white_and_what_is_large_small() -> None:
    clear = BytesIO()
    Image.new("RGBA", (3_000, 30), (0, 0, 0, 0)).save(clear, "PNG")

    made = remade(clear.getvalue())

    with Image.open(BytesIO(made.content)) as image:
        assert image.size == (2_400, 24)
        assert image.getpixel((5, 5)) == (255, 255, 255)
