"""What a template's key allows as its value, told by the key's prefix. 模板参数限制"""

import re
import unicodedata
from collections.abc import Callable, Sequence

_CLOCK = r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
_DAY = r"([0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日|[0-9]{4}(?P<mark>[-/.])[0-9]{1,2}(?P=mark)[0-9]{1,2})"


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _at_most(length: int) -> Callable[[str], bool]:
    return lambda value: len(value) <= length


def _is_name(value: str) -> bool:
    return len(value) <= 10 if _has_chinese(value) else len(value) <= 20


def _is_time(value: str) -> bool:
    return all(_TIME(part.strip()) for part in value.split("~")) and value.count("~") <= 1


def _is_date(value: str) -> bool:
    return all(_DATE(part.strip()) for part in value.split("~")) and value.count("~") <= 1


def _has_chinese(value: str) -> bool:
    return re.search(r"[㐀-鿿]", value) is not None


_DATE = _matches(_DAY)
_TIME = _matches(rf"({_DAY} ?)?{_CLOCK}")

RULES: dict[str, Callable[[str], bool]] = {
    "thing": _at_most(20),
    "number": _matches(r"(?=.{1,33}\Z)[0-9]{1,32}(\.[0-9]+)?"),
    "letter": _matches(r"[A-Za-z]{1,32}"),
    "symbol": _matches(r"[^\w\s]{1,5}"),
    "character_string": _matches(r"[\x21-\x7e]{1,32}"),
    "time": _is_time,
    "date": _is_date,
    "amount": _matches(r"[¥￥$€£]?[0-9]{1,10}(\.[0-9]{1,2})?元?"),
    "phone_number": _matches(r"(?:[0-9 ]|[^\w\s]){1,17}"),
    "car_number": _at_most(8),
    "name": _is_name,
    "phrase": _matches(r"[㐀-鿿]{1,5}"),
    "enum": _at_most(20),
}


def is_allowed(key: str, value: str, listed: Sequence[str] = ()) -> bool:
    """Whether `thing1`, `amount2` … may be given this value, or `enum1` one of those listed.

    Nothing may be empty, break a line or control anything.
    """
    rule = RULES.get(key.rstrip("0123456789"))
    if rule is None or not value.strip() or _controls(value):
        return False
    return rule(value) and (not listed or value in listed)


def _controls(value: str) -> bool:
    kinds = [unicodedata.category(character) for character in value]
    return any(kind.startswith("C") or kind in ("Zl", "Zp") for kind in kinds)
