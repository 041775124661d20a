"""Chinese text made ready to be read aloud: amounts, days and telephone numbers in words. 朗读

A machine that reads "80.00元" says "eighty point zero zero"; people say 八十元. What is not a
number stays as it is.
"""

import re
from collections.abc import Callable

_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿", "万亿")
_FIGURES = 16
_LONGEST = 10**_FIGURES


def spoken(text: str) -> str:
    """The same said in words. 12345 is read figure by figure, as every telephone number is."""
    for pattern, said in _RULES:
        text = pattern.sub(said, text)
    return text.translate(_QUIET)


def spoken_number(number: int) -> str:
    """105000 → 十万五千. Beyond what anybody is paid, figure by figure."""
    if number >= _LONGEST:
        return spoken_figures(str(number))
    if number == 0:
        return _DIGITS[0]
    groups: list[str] = []
    for name in _GROUPS:
        number, group = divmod(number, 10_000)
        groups.append(_group(group, leading=number == 0) + name if group else "")
        if not number:
            break
    said = _joined(groups)
    return said.removeprefix("一") if said.startswith("一十") else said


def spoken_figures(figures: str) -> str:
    """12345 → 一二三四五."""
    return "".join(_DIGITS[int(figure)] for figure in figures)


def _said(figures: str) -> str:
    """A number as it is written, however long."""
    figures = figures.lstrip("0") or "0"
    return spoken_figures(figures) if len(figures) > _FIGURES else spoken_number(int(figures))


def _group(number: int, *, leading: bool) -> str:
    """Up to four figures; a group that is short is said with 零 before it unless it leads."""
    said, gap = "", not leading and number < 1_000
    for place in (3, 2, 1, 0):
        figure = number // 10**place % 10
        if figure:
            said += (_DIGITS[0] if gap and (said or not leading) else "") + _DIGITS[figure]
            said += _PLACES[place]
            gap = False
        else:
            gap = gap or bool(said)
    return said


def _joined(groups: list[str]) -> str:
    """Groups of four figures, the highest first. One of nought is heard where something follows."""
    said, gap = "", False
    for group in reversed(groups):
        if not group:
            gap = bool(said)
            continue
        said += (_DIGITS[0] if gap and not group.startswith(_DIGITS[0]) else "") + group
        gap = False
    return said


def _money(found: re.Match[str]) -> str:
    yuan, _, cents = found["yuan"].replace(",", "").partition(".")
    jiao, fen = (int(figure) for figure in (cents + "00")[:2])
    small = (f"{_DIGITS[jiao]}角" if jiao else "") + (f"{_DIGITS[fen]}分" if fen else "")
    any_yuan = any(int(figure) for figure in yuan)
    if small and not jiao and any_yuan:
        small = _DIGITS[0] + small
    whole = f"{_said(yuan)}元" if any_yuan or not small else ""
    return whole + small


def _day(found: re.Match[str]) -> str:
    year = spoken_figures(found["year"])
    return f"{year}年{_of(found, 'month')}月{_of(found, 'day')}日"


def _time(found: re.Match[str]) -> str:
    minute = int(found["minute"])
    zero = _DIGITS[0] if 0 < minute < 10 else ""
    return f"{_of(found, 'hour')}点" + (f"{zero}{spoken_number(minute)}分" if minute else "")


def _of(found: re.Match[str], name: str) -> str:
    return spoken_number(int(found[name]))


def _telephone(found: re.Match[str]) -> str:
    return spoken_figures(found[0].replace("-", ""))


def _count(found: re.Match[str]) -> str:
    whole, _, part = found[0].partition(".")
    point = f"点{spoken_figures(part)}" if part else ""
    return _said(whole) + point


Said = Callable[[re.Match[str]], str]
_RULES: tuple[tuple[re.Pattern[str], Said], ...] = (
    (re.compile(r"(?P<yuan>\d[\d,]*(?:\.\d{1,2})?) ?元"), _money),
    (re.compile(r"(?P<year>\d{4})[-年](?P<month>\d{1,2})[-月](?P<day>\d{1,2})日?"), _day),
    (re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?!\d)"), _time),
    (re.compile(r"(?<!\d)(?:12345|1\d{10}|0\d{2,3}-?\d{7,8})(?!\d)"), _telephone),
    (re.compile(r"\d+(?:\.\d+)?"), _count),
)
_QUIET = {ord(mark): "，" for mark in "（）；"} | {ord(mark): None for mark in "「」“”《》"}
