"""Keys that programs and terminals make themselves, and what they sign with them."""

import json
from base64 import urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

from identity.device_keys import read_public_key
from tests.fakes.identity import ISSUER


class DeviceKey:
    """A key pair on its own device; only `jwk` is ever shown."""

    def __init__(self, algorithm: str = "ES256") -> None:
        self.algorithm = algorithm
        self.private: Any
        if algorithm == "ES256":
            self.private = generate_private_key(SECP256R1())
            text = ECAlgorithm.to_jwk(self.private.public_key())
        else:
            self.private = Ed25519PrivateKey.generate()
            text = OKPAlgorithm.to_jwk(self.private.public_key())
        members = json.loads(text)
        self.jwk = {name: members[name] for name in ("kty", "crv", "x", "y") if name in members}
        self.thumbprint = read_public_key(self.jwk).thumbprint

    def assertion(self, client_id: UUID, *, at: datetime, **claims: object) -> str:
        """What proves a program to be itself; a claim of None is left out."""
        issued = int(at.timestamp())
        said: dict[str, Any] = {
            "iss": str(client_id),
            "sub": str(client_id),
            "aud": ISSUER,
            "iat": issued,
            "exp": issued + 120,
            "jti": str(uuid4()),
        } | claims
        return self.sign(said, {"kid": self.thumbprint})

    def proof(
        self, method: str, path: str, *, at: datetime, token: str | None = None, **claims: object
    ) -> str:
        """What a terminal sends as DPoP with one request."""
        said: dict[str, Any] = {
            "htm": method,
            "htu": ISSUER + path,
            "iat": int(at.timestamp()),
            "jti": str(uuid4()),
        }
        if token is not None:
            digest = sha256(token.encode()).digest()
            said["ath"] = urlsafe_b64encode(digest).rstrip(b"=").decode()
        return self.sign(said | claims, {"typ": "dpop+jwt", "jwk": self.jwk})

    def sign(self, claims: dict[str, Any], headers: dict[str, Any]) -> str:
        said = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(said, self.private, algorithm=self.algorithm, headers=headers)
