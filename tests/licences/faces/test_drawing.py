"""Faces: drawn from the packages' own fonts, and nothing that somebody wrote gets out of hand."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from PIL import Image, ImageChops

from licences.faces.designs import DESIGNS
from licences.faces.face import Face, FaceField, FaceForm
from licences.faces.fonts import GETA, Style, load_fonts
from licences.faces.painting import SCALE, laid_out, missing_characters, paint
from licences.faces.samples import samples
from licences.faces.words import cleaned, fitted, width_of
from licences.kinds import LicenceStatus

ROOT = Path(__file__).parents[3]
DRAWN = {"svg", "defs", "g", "rect", "path", "circle", "clipPath", "linearGradient"} | {
    "radialGradient",
    "stop",
}
NAMES = (
    "王兰",
    "阿卜杜热合曼·买买提吐尔逊·伊敏尼亚孜",
    "古丽米热·阿卜杜克热木·艾合买提江·吐尔逊娜依·亚",
    "𠮷田䶮",
)


def face(name: str = "王桂兰", **changes: object) -> Face:
    sample = next(one for one in samples() if one.licence_type == "elder-card")
    fields = [FaceField("name", "姓名", name), FaceField("number", "证号", "LX-LNZ-1951")]
    return msgspec.structs.replace(sample, **{"fields": fields} | changes)


def size_of(png: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(png)) as image:
        return image.size


@pytest.mark.parametrize("design", [*DESIGNS, "a-kind-of-tomorrow"])
@pytest.mark.parametrize("status", LicenceStatus)
def test_every_design_can_say_every_status(design: str, status: LicenceStatus) -> None:
    canvas = laid_out(face(licence_type=design, status=status, portrait=None), load_fonts())

    words = [mark.text for mark in canvas.marks if hasattr(mark, "text")]
    assert {"有效", "未生效", "已过期", "已暂扣", "已注销"} & set(words)
    assert {
        element.tag.rpartition("}")[2] for element in ElementTree.fromstring(canvas.svg()).iter()
    } <= DRAWN


@pytest.mark.parametrize("form", ["card", "large"])
def test_what_a_kind_must_say_of_itself_stands_on_the_picture(form: str) -> None:
    """An electronic copy of an identity card says that it is none."""
    told = face(form=form, notice="不是居民身份证", stale="数据非最新 · 2026-10-30")

    canvas = laid_out(told, load_fonts())

    assert {"不是居民身份证", told.stale} <= {
        mark.text for mark in canvas.marks if hasattr(mark, "text")
    }


@pytest.mark.parametrize("form", ["card", "large"])
def test_what_somebody_wrote_never_stands_in_the_svg(form: str) -> None:
    written = "\"/><script>alert('王桂兰&amp;')</script><image href='http://a.b/'/>"

    canvas = laid_out(face(written, form=form, title=written, watermark=written), load_fonts())

    svg = canvas.svg()
    assert all(word not in svg for word in ("script", "王", "href", "&", "alert"))
    assert paint(face(written, form=form))


def test_marks_that_turn_text_round_or_hide_in_it_are_dropped() -> None:
    hidden = "王\u202e兰桂\u202c\u200b\u2066\x00\n 李\ufe0f\U000e0100"

    assert cleaned(hidden) == "王兰桂 李"
    assert len(cleaned("长" * 10_000)) == 200


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["card", "large"])
def test_long_names_fit_whole(name: str, form: str) -> None:
    canvas = laid_out(face(name, form=form), load_fonts())

    written = "".join(mark.text for mark in canvas.marks if hasattr(mark, "text"))
    ends = [
        mark.x + width_of(mark.text, load_fonts(), size=mark.size, style=mark.style)
        for mark in canvas.marks
        if hasattr(mark, "spacing") and not mark.spacing
    ]
    assert name in written
    assert max(ends) <= canvas.width - 10


def test_what_cannot_fit_is_cut_and_says_so() -> None:
    size, lines = fitted(
        "长" * 200, load_fonts(), size=20, style=Style.REGULAR, width=100, smallest=10, lines=2
    )

    assert (size, len(lines), lines[-1][-1]) == (10, 2, "…")


def test_rare_characters_are_drawn_and_absent_ones_are_known_and_shown_as_such() -> None:
    """生僻字: 𠮷 and 䶮 are in the fonts; a character of Unicode's last extension is not."""
    absent = "\U000323af"
    fonts = load_fonts()

    assert missing_characters(face("𠮷䶮")) == []
    assert missing_characters(face(f"王{absent}")) == [absent]
    drawn = [text for _, text, _ in fonts.runs(f"王{absent}", Style.MEDIUM)]
    assert "".join(drawn) == "王" + GETA


def test_a_title_with_a_character_the_serif_lacks_is_set_from_both() -> None:
    runs = list(load_fonts().runs("证𠮷", Style.SERIF))

    assert [text for _, text, _ in runs] == ["证", "𠮷"]


def test_time_and_purpose_are_written_across_the_whole_picture() -> None:
    plain, marked = (
        Image.open(BytesIO(paint(face(watermark=text)))) for text in ("", "仅用于落户，2026-11-22")
    )

    box = ImageChops.difference(plain.convert("RGB"), marked.convert("RGB")).getbbox()
    assert box is not None
    assert box[2] - box[0] > plain.width * 0.9
    assert box[3] - box[1] > plain.height * 0.9


def test_no_picture_of_an_earlier_face_is_left_in_the_next() -> None:
    """The ground is kept between faces; what is drawn on it is not."""
    first = paint(face())
    paint(face("另一个人", watermark="仅用于别处"))

    assert paint(face()) == first


def test_sizes_are_bounded_whatever_is_written() -> None:
    many = [FaceField(f"key{number}", "标签" * 50, "值" * 500) for number in range(60)]

    card = paint(face(fields=many))
    large = paint(face(fields=many, form=FaceForm.LARGE))

    assert size_of(card) == (round(360 * SCALE), round(227 * SCALE))
    assert size_of(large)[1] < 1_400 * SCALE


def test_a_portrait_that_is_none_leaves_its_place_empty() -> None:
    assert paint(face(portrait=b"<svg/>")) == paint(face(portrait=None))


def test_nothing_of_the_machine_is_needed(tmp_path: Path) -> None:
    """No fontconfig, no font folder, no home, no locale: the same picture, byte for byte."""
    program = (
        "import sys; from licences.faces.painting import paint;"
        "from licences.faces.samples import samples;"
        "sys.stdout.buffer.write(paint(samples()[0]))"
    )
    bare = {"FONTCONFIG_FILE": "/dev/null", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}

    drawn = subprocess.run(
        [sys.executable, "-c", program], env=bare, cwd=tmp_path, capture_output=True, check=True
    )

    assert drawn.stdout == paint(samples()[0])
