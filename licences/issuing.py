"""The name under which licences are signed to be checked elsewhere, without asking us. 签发

What is signed here leaves the house: offline codes, status lists and credentials, each of its own
type, so that none passes for another. Keys are ES256; all of them are published, the last signs.
"""

from collections.abc import Mapping, Sequence

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import ECAlgorithm

from core.signing import Signer
from identity.tokens import ALGORITHM, SigningKey

NONCE_PURPOSE = "credential nonce"
_HALF = 32


class LicenceIssuer:
    """Signs for the outside under one address; `nonces` makes what holders' proofs must repeat."""

    def __init__(self, keys: Sequence[SigningKey], *, address: str, nonces: Signer) -> None:
        if not keys:
            raise ValueError("at least one key is needed")
        self._keys = list(keys)
        self.address = address
        self.nonces = nonces

    @property
    def kid(self) -> str:
        return self._keys[-1].kid

    def sign_token(self, claims: Mapping[str, object], *, typ: str) -> str:
        """A JWT of one type."""
        key = self._keys[-1]
        headers = {"kid": key.kid, "typ": typ}
        return jwt.encode(dict(claims), key.private_key, algorithm=ALGORITHM, headers=headers)

    def sign_bytes(self, message: bytes) -> bytes:
        """The 64 bytes of ES256 as JWS has them. The message must begin with a word of its use."""
        signature = self._keys[-1].private_key.sign(message, ECDSA(SHA256()))
        return b"".join(part.to_bytes(_HALF) for part in decode_dss_signature(signature))

    def key_set(self) -> dict[str, list[dict[str, object]]]:
        """Every public key that may have signed, as a JWK set (RFC 7517)."""
        return {"keys": [_jwk(key.kid, key.private_key.public_key()) for key in self._keys]}

    def status_list_uri(self, list_id: int) -> str:
        return f"{self.address}/agency/v1/status-lists/{list_id}"

    def type_uri(self, licence_type: str) -> str:
        return f"{self.address}/agency/v1/credential-types/{licence_type}"


def _jwk(kid: str, key: EllipticCurvePublicKey) -> dict[str, object]:
    described = ECAlgorithm.to_jwk(key, as_dict=True)
    named = {"kid": kid, "use": "sig", "alg": ALGORITHM}
    return {name: described[name] for name in ("kty", "crv", "x", "y")} | named
