"""Signed texts: JWS in compact form with ES256 (RFC 7515, RFC 7518), read strictly.

A key is found by `kid` among those given; nothing that a token says about keys is followed.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from verifier.refusals import Refused, Undecided

ALGORITHM = "ES256"
HALF = 32

Json = dict[str, Any]
Keys = Mapping[str, EllipticCurvePublicKey]


def decode(text: str) -> bytes:
    """Base64 for addresses without padding, in the one spelling that its writer has."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Refused("not_genuine") from None
    if encode(data) != text:
        raise Refused("not_genuine")
    return data


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def read_object(data: bytes) -> Json:
    """A JSON object in which no name stands twice."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError):
        raise Refused("not_genuine") from None
    if not isinstance(value, dict):
        raise Refused("not_genuine")
    return value


def check_signature(key: EllipticCurvePublicKey, signature: bytes, message: bytes) -> None:
    """Refuse all but the two numbers that ES256 makes of this very message."""
    if len(signature) != 2 * HALF:
        raise Refused("not_genuine")
    numbers = (int.from_bytes(signature[:HALF]), int.from_bytes(signature[HALF:]))
    try:
        key.verify(encode_dss_signature(*numbers), message, ECDSA(SHA256()))
    except InvalidSignature:
        raise Refused("not_genuine") from None


def open_jws(token: str, keys: Keys, *, typ: str) -> Json:
    """The claims of a token of this type by one of these keys; its times are not judged."""
    header, claims = peek(token)
    if set(header) - {"alg", "typ", "kid"} or (header.get("alg"), header.get("typ")) != (
        ALGORITHM,
        typ,
    ):
        raise Refused("not_genuine")
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise Undecided("unknown_key")
    message, _, signature = token.rpartition(".")
    check_signature(key, decode(signature), message.encode())
    return claims


def open_with(token: str, key: EllipticCurvePublicKey, *, typ: str) -> Json:
    """The same, by the one key that must have made it, whatever that is called."""
    header, claims = peek(token)
    if "crit" in header or (header.get("alg"), header.get("typ")) != (ALGORITHM, typ):
        raise Refused("not_genuine")
    message, _, signature = token.rpartition(".")
    check_signature(key, decode(signature), message.encode())
    return claims


def peek(token: str) -> tuple[Json, Json]:
    """Header and claims of a token that nobody has checked."""
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():
        raise Refused("not_genuine")
    return read_object(decode(parts[0])), read_object(decode(parts[1]))


def read_key(jwk: Mapping[str, object]) -> EllipticCurvePublicKey:
    """A P-256 public key as a JWK (RFC 7517)."""
    x, y = jwk.get("x"), jwk.get("y")
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        raise Refused("not_genuine")
    if not isinstance(x, str) or not isinstance(y, str) or "d" in jwk:
        raise Refused("not_genuine")
    point = int.from_bytes(decode(x)), int.from_bytes(decode(y))
    try:
        return EllipticCurvePublicNumbers(*point, SECP256R1()).public_key()
    except ValueError:
        raise Refused("not_genuine") from None


def read_keys(jwks: Mapping[str, object]) -> dict[str, EllipticCurvePublicKey]:
    """The keys of a JWK set by their names; what is not for ES256 is passed over."""
    listed = jwks.get("keys")
    keys = {}
    for jwk in listed if isinstance(listed, list) else []:
        if isinstance(jwk, dict) and jwk.get("crv") == "P-256" and isinstance(jwk.get("kid"), str):
            keys[jwk["kid"]] = read_key(jwk)
    return keys


def _no_duplicates(pairs: list[tuple[str, Any]]) -> Json:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)
