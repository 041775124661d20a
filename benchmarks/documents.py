"""Which three licences somebody of the population holds, and how they stand. 人口的证照

About as in a city: an identity card and a social security card for everybody, and by age a birth
certificate, a driving licence, an elder card or another. Six of a hundred are not valid any more:
over, suspended or revoked. The same number always holds the same.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zlib import crc32

from msgspec import Struct

EACH = 3
CHILD_UNTIL, ELDER_FROM = 18, 60
OVER, SUSPENDED, REVOKED = 30, 40, 60
"""Of a thousand licences, counted up: past their last day, suspended, revoked."""

_YEARS = {
    "id-card": 20,
    "social-security-card": 20,
    "driving": 10,
    "vehicle": 2,
    "residence-permit": 1,
    "disability-card": 10,
}
"""How long one is good for. The others have no end, nor has an identity card from 46 years on."""

_THIRD: tuple[tuple[int, tuple[tuple[int, str], ...]], ...] = (
    (ELDER_FROM, ((750, "elder-card"), (950, "driving"), (1000, "disability-card"))),
    (
        CHILD_UNTIL,
        ((720, "driving"), (840, "vehicle"), (940, "residence-permit"), (1000, "disability-card")),
    ),
    (0, ((1000, "birth-certificate"),)),
)
"""From an age on, of a thousand people, counted up: what the third licence is."""

_VALUES: dict[str, dict[str, str]] = {
    "id-card": {"ethnicity": "汉", "address": "江南省临溪市城中街道溪口路12号"},
    "social-security-card": {"bank_name": "临溪农村商业银行"},
    "driving": {"first_issued_on": "2012-04-18", "vehicle_class": "C1", "record_status": "正常"},
    "vehicle": {"vehicle_type": "小型轿车", "use_character": "非营运", "model": "临溪牌LX7150EV"},
    "residence-permit": {"ethnicity": "汉", "address": "江南省临溪市溪北街道新渡口路6号"},
    "disability-card": {"disability_type": "肢体", "disability_grade": "三级"},
    "elder-card": {"benefit_class": "公交免费"},
    "birth-certificate": {"mother_name": "周敏"},
}
KINDS = tuple(_VALUES)
_WITH_SEX = ("id-card", "driving", "residence-permit", "disability-card", "elder-card")


class Someone(Struct, frozen=True):
    """Who holds the licences, in words that stand on them."""

    number: int
    name: str
    id_number: str
    born: date
    sex: str


class Document(Struct, frozen=True):
    """One licence. `values` are its fields but for its number and its last day."""

    kind: str
    number: str
    valid_from: date
    valid_until: date | None
    status: str
    values: Mapping[str, str]


def documents_of(someone: Someone, *, today: date) -> list[Document]:
    """Three licences of different kinds."""
    age = (today - someone.born).days // 365
    third = _third(age, _roll(someone.number, "third") % 1000)
    return [_document(kind, someone, age, today) for kind in ("id-card", _SOCIAL, third)]


_SOCIAL = "social-security-card"


def _third(age: int, roll: int) -> str:
    shares = next(shares for from_age, shares in _THIRD if age >= from_age)
    return next(kind for until, kind in shares if roll < until)


def _document(kind: str, someone: Someone, age: int, today: date) -> Document:
    roll = _roll(someone.number, kind)
    fate = roll % 1000
    years = None if kind == "id-card" and age >= 46 else _YEARS.get(kind)
    start, end = _days(years, today, over=fate < OVER, roll=roll // 1000)
    number = someone.id_number if kind == "id-card" else f"BM-{kind}-{someone.number:010d}"
    status = "valid"
    if OVER <= fate < REVOKED:
        status = "suspended" if fate < SUSPENDED else "revoked"
    return Document(kind, number, max(start, someone.born), end, status, _values(kind, someone))


def _days(years: int | None, today: date, *, over: bool, roll: int) -> tuple[date, date | None]:
    """First and last day: of one that is over some time ago, of another around today."""
    if years is None:
        return today - timedelta(days=roll % 3_650), None
    length = years * 365
    gone = length + 1 + roll % 700 if over else roll % length
    start = today - timedelta(days=gone)
    return start, start + timedelta(days=length)


def _values(kind: str, someone: Someone) -> dict[str, str]:
    values: dict[str, Any] = {"name": someone.name, **_VALUES[kind]}
    if kind == _SOCIAL:
        values["social_security_no"] = someone.id_number
    if kind in _WITH_SEX:
        born = someone.born
        values["sex"] = "男" if someone.sex == "male" else "女"
        values["birth_date"] = f"{born.year}年{born.month}月{born.day}日"
    return values


def _roll(number: int, what: str) -> int:
    """Evenly spread, and no even steps through the population always meet the same."""
    return crc32(f"{what}/{number}".encode())
