"""Public keys that programs and devices made themselves, and what is signed with them. 公钥

A key is an EC key on P-256 or an Ed25519 key as a JWK (RFC 7517), and its name is its thumbprint
(RFC 7638). The algorithm follows from the key; nothing that a signed text says of keys is followed.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from msgspec import Struct

from core.errors import Rejected

MAX_BYTES = 4096
LEEWAY = timedelta(seconds=30)

_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
_ALGORITHMS = {("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
_COORDINATE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class PublicKeyInvalid(Rejected):
    code = "identity.public_key_invalid"
    message = "公钥格式不正确，请使用 P-256 或 Ed25519 的 JWK 公钥"


class PublicKey(Struct, frozen=True):
    """A key to check signatures with; `jwk` has the members that count and no others."""

    jwk: dict[str, str]
    algorithm: str
    thumbprint: str

    def read(self, token: str) -> dict[str, Any]:
        """What a JWT signed with this key says, or ValueError.

        Its audience and its times are for the caller to judge.
        """
        if len(token) > MAX_BYTES:
            raise ValueError("too large")
        key = jwt.PyJWK(self.jwk, algorithm=self.algorithm)
        try:
            payload = jwt.PyJWS().decode(token, key, algorithms=[self.algorithm])
            return msgspec.json.decode(payload, type=dict[str, Any])
        except (jwt.PyJWTError, msgspec.DecodeError, RecursionError) as error:
            raise ValueError(type(error).__name__) from None


def read_public_key(jwk: Mapping[str, object]) -> PublicKey:
    """The key of a JWK, or PublicKeyInvalid. A private one is refused: it was seen by others."""
    kind = str(jwk.get("kty"))
    algorithm = _ALGORITHMS.get((kind, str(jwk.get("crv"))))
    if algorithm is None or "d" in jwk:
        raise PublicKeyInvalid()
    members = {name: str(jwk.get(name)) for name in _MEMBERS[kind]}
    if not all(_COORDINATE.match(members[name]) for name in ("x", "y") if name in members):
        raise PublicKeyInvalid()
    try:
        jwt.PyJWK(members, algorithm=algorithm)
    except (jwt.PyJWTError, ValueError, UnsupportedAlgorithm):
        raise PublicKeyInvalid() from None
    return PublicKey(members, algorithm, _thumbprint(members))


def header_of(token: str) -> dict[str, Any]:
    """What a JWT says of itself, before anything of it is believed; ValueError for none."""
    if len(token) > MAX_BYTES:
        raise ValueError("too large")
    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, RecursionError) as error:
        raise ValueError(type(error).__name__) from None


def in_time(iat: object, exp: object, *, at: datetime, at_most: timedelta) -> bool:
    """Whether a thing that says so holds now, and not for longer than it may."""
    if type(iat) is not int or type(exp) is not int:
        return False
    moment, leeway = at.timestamp(), LEEWAY.total_seconds()
    begun, over = iat - leeway <= moment, moment >= exp + leeway
    return begun and not over and 0 < exp - iat <= at_most.total_seconds()


def _thumbprint(members: Mapping[str, str]) -> str:
    text = msgspec.json.encode(dict(members), order="deterministic")
    return urlsafe_b64encode(sha256(text).digest()).rstrip(b"=").decode()
