"""The identifier of an electronic licence, the same all over the country. 电子证照标识

Root (1.2.156.3005.2), kind (证照类型代码), issuer (颁发机构代码), serial number (流水号), version
(版本号) and a check character (校验位), with dots between. A kind's code is the unified social
credit code of the ministry that defined it and three figures; an issuer's is its own such code.
The check character is that of ISO/IEC 7064 MOD 37,36 over the four middle parts without dots.

The standard (GB/T 36904-2018) is sold, not published: structure and calculation are restated from
public code that follows it, and agree with identifiers that were really given out (see the tests).
The greatest length of a serial number, and whether an issuer's code is always one of 18 characters,
could not be verified: issuers' codes of 6 characters and more are read, ours are of 18.
"""

import re
import secrets

from msgspec import Struct
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_37_36

from core.errors import Rejected

ROOT = "1.2.156.3005.2"
MAX_LENGTH = 128

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SERIAL_LENGTH = 20
_IDENTIFIER = re.compile(
    re.escape(ROOT)
    + r"\.([0-9A-Z]{21})\.([0-9A-Z]{6,22})\.([0-9A-Z]{1,48})\.([0-9]{3})\.([0-9A-Z])\Z"
)


class IdentifierInvalid(Rejected):
    code = "licences.identifier_invalid"
    message = "电子证照标识有误"


class Identifier(Struct, frozen=True):
    """An identifier taken apart; `str()` puts it together again."""

    type_code: str
    issuer_code: str
    serial_no: str
    version: int

    def __str__(self) -> str:
        parts = (self.type_code, self.issuer_code, self.serial_no, f"{self.version:03d}")
        return ".".join((ROOT, *parts, mod_37_36.calc_check_digit("".join(parts))))


def read_identifier(text: str) -> Identifier:
    """An identifier whose form and check character are right; IdentifierInvalid otherwise."""
    found = _IDENTIFIER.match(text)
    if found is None or len(text) > MAX_LENGTH:
        raise IdentifierInvalid()
    type_code, issuer_code, serial_no, version, _ = found.groups()
    identifier = Identifier(type_code, issuer_code, serial_no, int(version))
    if str(identifier) != text:
        raise IdentifierInvalid()
    return identifier


def new_identifier(type_code: str, *, issuer_code: str) -> str:
    """An identifier for the first version of a licence whose registry gave it none."""
    serial_no = "".join(secrets.choice(_ALPHABET) for _ in range(_SERIAL_LENGTH))
    try:
        issuer = uscc.validate(issuer_code)
    except ValidationError as error:
        raise IdentifierInvalid() from error
    return str(Identifier(type_code, issuer, serial_no, 1))
