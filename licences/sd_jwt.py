"""Making credentials of which a holder shows only some fields: SD-JWT (RFC 9901). 选择性披露"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256

import msgspec
from msgspec import Struct

_SALT_BYTES = 16
_ROUND_UP_TO = 8


class Hidden(Struct, frozen=True):
    """What goes into the signed part, and what its holder keeps beside it."""

    digests: list[str]
    disclosures: list[str]


def hide(values: Mapping[str, str]) -> Hidden:
    """A salted digest of each value, among decoys, in an order that tells nothing.

    With the decoys a credential has a multiple of eight digests: how many fields a licence has does
    not show.
    """
    disclosures = [_disclosure(name, value) for name, value in values.items()]
    decoys = [secrets.token_urlsafe(32) for _ in range(-len(disclosures) % _ROUND_UP_TO)]
    digests = [digest(text) for text in disclosures] + [digest(text) for text in decoys]
    return Hidden(sorted(digests), disclosures)


def combine(signed: str, hidden: Hidden) -> str:
    """The credential as it is handed to its holder, with every disclosure."""
    return "~".join([signed, *hidden.disclosures, ""])


def digest(text: str) -> str:
    return _encode(sha256(text.encode()).digest())


def _disclosure(name: str, value: str) -> str:
    salt = _encode(secrets.token_bytes(_SALT_BYTES))
    return _encode(msgspec.json.encode([salt, name, value]))


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
