"""The one decoder for JSON bodies. What it refuses is a 400 that names the field, never a 500.

UTF-8 only, at most 32 levels deep, no key twice, no NaN, no half of a surrogate pair, no NUL, whole
numbers within 64 bits, no unknown field; and a text is not a number. 请求解码
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from web.errors import Malformed

T = TypeVar("T")

BODY_LIMIT = 1024 * 1024
CALLBACK_BODY_LIMIT = 64 * 1024
MAX_DEPTH = 32

_INT64 = range(-(2**63), 2**63)
_BRACKET_OR_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_AT = re.compile(r" - at `\$?\.?(?P<path>.*)`\Z", re.DOTALL)


class BodyNotUtf8(Malformed):
    code = "web.body_not_utf8"
    message = "请求内容必须使用 UTF-8 编码"


class BodyTooDeep(Malformed):
    code = "web.body_too_deep"
    message = "请求内容嵌套层数过多"


class BodyNotJson(Malformed):
    code = "web.body_not_json"
    message = "请求内容不是有效的 JSON"


class KeyRepeated(Malformed):
    code = "web.body_key_repeated"
    message = "请求内容中有重复的字段"
    shown = ("field",)


class NumberOutOfRange(Malformed):
    code = "web.body_number_out_of_range"
    message = "请求内容中的数字超出范围"


class TextNotAllowed(Malformed):
    code = "web.body_text_not_allowed"
    message = "请求内容中有不允许的字符"
    shown = ("field",)


class BodyInvalid(Malformed):
    code = "web.body_invalid"
    message = "请求内容有误，请检查后重新提交"
    shown = ("field", "reason")


BODY_REFUSALS = (
    BodyInvalid,
    BodyNotJson,
    BodyNotUtf8,
    BodyTooDeep,
    KeyRepeated,
    NumberOutOfRange,
    TextNotAllowed,
)


def decode(body: bytes, as_type: type[T] | Any) -> T:
    """Read a body as `as_type`, or raise a `Malformed` that says what is wrong with it."""
    text = _as_text(body)
    _check_depth(body)
    value = _parse(text)
    _check_texts(value)
    try:
        decoded: T = msgspec.convert(value, as_type, str_keys=True)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error
    return decoded


def _as_text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BodyNotUtf8(at_byte=error.start) from error


def _check_depth(body: bytes) -> None:
    """Count open brackets outside texts; before parsing, so that no parser meets the depth."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _BRACKET_OR_TEXT.finditer(body):
        first = body[match.start()]
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise BodyTooDeep()
        elif first in b"]}":
            depth -= 1


def _parse(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        raise BodyNotJson() from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for key, item in pairs:
        if key in value:
            raise KeyRepeated(field=_printable(key))
        value[key] = item
    return value


def _integer(digits: str) -> int:
    if len(digits) > 20 or (value := int(digits)) not in _INT64:
        raise NumberOutOfRange()
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise NumberOutOfRange()
    return value


def _no_constant(name: str) -> Any:
    raise BodyNotJson(constant=name)


def _check_texts(value: Any) -> None:
    """Refuse what no table stores and no screen shows: NUL, and halves of surrogate pairs."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, item = waiting.pop()
        if isinstance(item, str):
            if not _is_storable(item):
                raise TextNotAllowed(field=path)
        elif isinstance(item, dict):
            waiting += _entries(path, item)
        elif isinstance(item, list):
            waiting += ((f"{path}[{index}]", entry) for index, entry in enumerate(item))


def _entries(path: str, item: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, entry in item.items():
        if not _is_storable(key):
            raise TextNotAllowed(field=path)
        yield f"{path}.{key}" if path else key, entry


def _is_storable(text: str) -> bool:
    if text.isascii():
        return "\0" not in text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


_REASONS = (
    (re.compile(r"Object missing required field `(?P<name>[^`]*)`"), "缺少必填项"),
    (re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL), "没有这个字段"),
    (re.compile(r"Expected `str` of length"), "长度不符合要求"),
    (re.compile(r"Expected `(?:array|object|bytes)` of (?:at )?"), "数量不符合要求"),
    (re.compile(r"Expected `str` matching regex"), "格式不正确"),
    (re.compile(r"Expected `(?:int|float|decimal)` (?:[<>]|that|multiple)"), "数值超出允许范围"),
    (re.compile(r"Expected `(?:int|int \| null)`, got"), "应为整数"),
    (re.compile(r"Expected `(?:float|float \| null)`, got"), "应为数字"),
    (re.compile(r"Expected `(?:str|str \| null)`, got"), "应为文字"),
    (re.compile(r"Expected `(?:bool|bool \| null)`, got"), "应为是或否"),
    (re.compile(r"Expected `array"), "应为列表"),
    (re.compile(r"Expected `object"), "应为对象"),
    (re.compile(r"Invalid enum value"), "不是允许的取值"),
)


def _invalid(error: msgspec.ValidationError) -> BodyInvalid:
    """Say which field and why, in Chinese and without the value that was sent."""
    text = str(error)
    at = _AT.search(text)
    path = at["path"] if at else ""
    for pattern, reason in _REASONS:
        match = pattern.match(text)
        if match:
            name = match.groupdict().get("name")
            field = ".".join(part for part in (path, name) if part)
            return BodyInvalid(field=_printable(field), reason=reason)
    return BodyInvalid(field=_printable(path), reason="内容不正确")


def _printable(field: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in field)[:80]
