"""What stands in an offline code: who signed, what of a licence, as of when, until when. 离线码

`ZBL1:` and Base45 (RFC 9285) of: 8 bytes naming the key, JSON, 64 bytes of signature (ES256). The
signature is over a fixed word, the issuer's address, the key's name and the JSON, so that a code of
another place or for another use is none. The JSON is a list, as short as can be:
[type, name, [issued, ends], [list, index], as_of, until, [[label, value], …]].
"""

import json
from dataclasses import dataclass
from typing import Any

from verifier.jws import HALF, Keys, check_signature
from verifier.refusals import Refused, Undecided

PREFIX = "ZBL1:"
CONTEXT = b"zhangban offline licence 1\n"
KID_BYTES = 8
MAX_BYTES = 600
MAX_SECONDS = 900
SKEW_SECONDS = 120
"""How far this clock and the issuer's may be apart."""

_SIGNATURE = 2 * HALF
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


@dataclass(frozen=True, kw_only=True)
class OfflineLicence:
    """A genuine code says this. Moments are in seconds since 1970, `until` is a day or 长期."""

    licence_type: str
    name: str
    issued: int
    ends: int
    list_no: int
    index: int
    as_of: int
    until: str
    fields: list[tuple[str, str]]


def read_code(code: str, keys: Keys, *, issuer: str, at: float) -> OfflineLicence:
    """What a code by one of these keys says; Refused when it is not one, or not its time."""
    code = code.strip("\r\n\t")
    if not code.startswith(PREFIX):
        raise Refused("not_genuine")
    data = _base45(code.removeprefix(PREFIX))
    kid, body, signature = data[:KID_BYTES], data[KID_BYTES:-_SIGNATURE], data[-_SIGNATURE:]
    key = keys.get(kid.hex())
    if key is None:
        raise Undecided("unknown_key")
    check_signature(key, signature, signed_part(issuer, kid, body))
    said = _read_body(body)
    if at < said.issued - SKEW_SECONDS:
        raise Undecided("clock_behind")
    if at > said.ends + SKEW_SECONDS or said.ends - said.issued > MAX_SECONDS:
        raise Refused("code_expired")
    return said


def signed_part(issuer: str, kid: bytes, body: bytes) -> bytes:
    return CONTEXT + issuer.encode() + b"\n" + kid + body


def _read_body(body: bytes) -> OfflineLicence:
    try:
        kind, name, (issued, ends), (list_no, index), as_of, until, fields = json.loads(body)
        shown = [(_text(label), _text(value)) for label, value in fields]
        numbers = [_number(one) for one in (issued, ends, list_no, index, as_of)]
    except (ValueError, TypeError, RecursionError):
        raise Refused("not_genuine") from None
    return OfflineLicence(
        licence_type=_text(kind),
        name=_text(name),
        issued=numbers[0],
        ends=numbers[1],
        list_no=numbers[2],
        index=numbers[3],
        as_of=numbers[4],
        until=_text(until),
        fields=shown,
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise Refused("not_genuine")
    return value


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise Refused("not_genuine")
    return value


def _base45(text: str) -> bytes:
    digits = [_ALPHABET.find(letter) for letter in text]
    if -1 in digits or len(digits) % 3 == 1 or len(digits) > MAX_BYTES * 3 // 2:
        raise Refused("not_genuine")
    data = bytearray()
    for start in range(0, len(digits), 3):
        group = digits[start : start + 3]
        value = sum(digit * 45**place for place, digit in enumerate(group))
        size = len(group) - 1
        if value >= 256**size:
            raise Refused("not_genuine")
        data += value.to_bytes(size)
    if len(data) <= KID_BYTES + _SIGNATURE:
        raise Refused("not_genuine")
    return bytes(data)
