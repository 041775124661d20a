"""Keys that clients make for themselves and never show: an agency's program, a terminal. 密钥

Written after RFC 7523 and RFC 9449, and not after what the product has.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm

from app.running import write_private

_ASSERTION_SECONDS = 120


class ClientKey:
    """A P-256 key pair of a client of the product at `address`."""

    def __init__(
        self, private: EllipticCurvePrivateKey, *, address: str, now: Callable[[], datetime]
    ) -> None:
        self._private, self._address, self._now = private, address, now
        members = json.loads(ECAlgorithm.to_jwk(private.public_key()))
        self.jwk = {name: str(members[name]) for name in ("crv", "kty", "x", "y")}
        """What may be shown: the public half."""

    @property
    def thumbprint(self) -> str:
        """RFC 7638."""
        return _base64(sha256(json.dumps(self.jwk, separators=(",", ":")).encode()).digest())

    def assertion(self, client_id: str) -> str:
        """What proves a program to be itself, once."""
        said = {"iss": client_id, "sub": client_id, "aud": self._address}
        until = int(self._now().timestamp()) + _ASSERTION_SECONDS
        return self._signed(said | {"exp": until}, {"kid": self.thumbprint})

    def proof(self, method: str, path: str, token: str | None) -> str:
        """What a terminal sends with one request, for that request alone."""
        said = {"htm": method, "htu": f"{self._address}{path.partition('?')[0]}"}
        if token is not None:
            said["ath"] = _base64(sha256(token.encode()).digest())
        return self._signed(said, {"typ": "dpop+jwt", "jwk": self.jwk})

    def _signed(self, said: dict[str, Any], headers: dict[str, Any]) -> str:
        dated = {"iat": int(self._now().timestamp()), "jti": str(uuid4())}
        return jwt.encode(said | dated, self._private, algorithm="ES256", headers=headers)


def new_private_key() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


def kept_private_key(path: Path) -> EllipticCurvePrivateKey:
    """That of an earlier playing, or a new one, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        made = new_private_key()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(path, pem)
    private = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, EllipticCurvePrivateKey):
        raise ValueError(f"no P-256 key: {path}")
    return private


def _base64(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
