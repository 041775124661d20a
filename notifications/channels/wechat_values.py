"""What WeChat's templates take, told by the key's prefix. Checked before sending. 模板参数

Free text is cut; an amount, a time or a name that does not fit is refused: half of it is wrong.
"""

import re
from collections.abc import Callable, Mapping

from notifications.channels import ValueRefused
from notifications.kinds import clean

_LINK_OR_BRACES = re.compile(r"://|\bwww\.|\{\{|\}\}|\b[\w-]+\.(?:com|cn|net|org|top|xyz)\b", re.I)
_EMOJI = re.compile("[\u2190-\u2bff\u20e3\ufe00-\ufe0f\U0001f000-\U0001ffff\U000e0000-\U000e007f]")
_CHINESE = re.compile(r"[㐀-鿿]")
_D = "[0-9]"
_DAY = (
    rf"(?:{_D}{{4}}年{_D}{_D}?月{_D}{_D}?日|"
    + "|".join(rf"{_D}{{4}}{mark}{_D}{_D}?{mark}{_D}{_D}?" for mark in ("-", "/", r"\."))
    + ")"
)
_CLOCK = rf"(?:[01]?{_D}|2[0-3]):[0-5]{_D}(?::[0-5]{_D})?"
_TIME = rf"(?:{_DAY} ?)?{_CLOCK}"
THING_LIMIT = 20
NAME_LIMIT, LATIN_NAME_LIMIT = 10, 20


def fit_values(values: Mapping[str, str]) -> dict[str, str]:
    """Every value as its key takes it; ValueRefused names the first that cannot be."""
    return {key: fit_value(key, value) for key, value in values.items()}


def fit_value(key: str, value: str) -> str:
    rule = _RULES.get(key.rstrip("0123456789"))
    text = _without_emoji(clean(value))
    if rule is None or not text or _LINK_OR_BRACES.search(text):
        raise ValueRefused(field=key)
    fitted = rule(text)
    if fitted is None:
        raise ValueRefused(field=key)
    return fitted


def _without_emoji(text: str) -> str:
    """Pictures and what modifies them go; ℃, № and the marks of other scripts stay."""
    return _EMOJI.sub("", text).strip()


def _only(pattern: str) -> Callable[[str], str | None]:
    compiled = re.compile(pattern)
    return lambda text: text if compiled.fullmatch(text) else None


def _cut(text: str) -> str:
    return text if len(text) <= THING_LIMIT else text[: THING_LIMIT - 1] + "…"


def _name(text: str) -> str | None:
    limit = NAME_LIMIT if _CHINESE.search(text) else LATIN_NAME_LIMIT
    return text if len(text) <= limit else None


_RULES: Mapping[str, Callable[[str], str | None]] = {
    "thing": _cut,
    "number": _only(r"(?=.{1,32}\Z)[0-9]+(?:\.[0-9]+)?"),
    "letter": _only(r"[A-Za-z]{1,32}"),
    "symbol": _only(r"[^\w\s]{1,5}"),
    "character_string": _only(r"[\x21-\x7e]{1,32}"),
    "time": _only(rf"{_TIME}(?: ?~ ?{_TIME})?"),
    "date": _only(rf"{_DAY}(?: ?~ ?{_DAY})?"),
    "amount": _only(r"[¥￥$€£]?[0-9]{1,10}(?:\.[0-9]{1,2})?元?"),
    "phone_number": _only(r"[0-9+()* -]{1,17}"),
    "car_number": _only(r"[㐀-鿿A-Z0-9]{1,8}"),
    "name": _name,
    "phrase": _only(r"[㐀-鿿]{1,5}"),
    "enum": _only(r".{1,20}"),
}
