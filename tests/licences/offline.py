"""Keys, an issuer and a holder's hand for the tests of what is checked without us."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from jwt.algorithms import ECAlgorithm

from core.signing import Signer
from identity.callers import Caller
from identity.tokens import new_key_pem, read_keys
from licences.credentials import PROOF_TYPE, make_nonce
from licences.issuing import LicenceIssuer

ADDRESS = "https://zb.test"
HOLDER_KEY = generate_private_key(SECP256R1())


def issuer(address: str = ADDRESS, *, keys: int = 1) -> LicenceIssuer:
    made = read_keys("\n".join(new_key_pem() for _ in range(keys)))
    return LicenceIssuer(made, address=address, nonces=Signer([b"tests"], purpose="nonces"))


def proof(
    caller: Caller,
    issuer: LicenceIssuer,
    at: datetime,
    *,
    key: EllipticCurvePrivateKey = HOLDER_KEY,
    **changes: Any,
) -> str:
    nonce = make_nonce(caller=caller, issuer=issuer, at=at).nonce
    claims = {"aud": issuer.address, "iat": int(at.timestamp()), "nonce": nonce} | changes
    return sign_proof(claims, key=key)


def sign_proof(
    claims: dict[str, Any],
    *,
    key: EllipticCurvePrivateKey = HOLDER_KEY,
    signed_by: EllipticCurvePrivateKey | None = None,
    **headers: Any,
) -> str:
    """A proof that says this, of a key, signed by it or by another."""
    described = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    jwk = {name: described[name] for name in ("kty", "crv", "x", "y")}
    said = {"typ": PROOF_TYPE, "jwk": jwk} | headers
    return jwt.encode(claims, signed_by or key, algorithm="ES256", headers=said)


def present(
    credential: str,
    keep: set[str],
    *,
    audience: str,
    nonce: str,
    at: datetime,
    key: EllipticCurvePrivateKey = HOLDER_KEY,
) -> str:
    """The holder's side: the disclosures of these names, and its signature over all of it."""
    signed, *disclosures, _ = credential.split("~")
    kept = [text for text in disclosures if _name(text) in keep]
    return bind("~".join([signed, *kept, ""]), audience=audience, nonce=nonce, at=at, key=key)


def bind(
    shown: str,
    *,
    audience: str,
    nonce: str,
    at: datetime,
    key: EllipticCurvePrivateKey = HOLDER_KEY,
) -> str:
    """The same of any text: what a holder signs need not be what it was given."""
    digest = urlsafe_b64encode(sha256(shown.encode()).digest()).rstrip(b"=").decode()
    claims = {
        "iat": int(at.timestamp()),
        "aud": audience,
        "nonce": nonce,
        "sd_hash": digest,
    }
    return shown + jwt.encode(claims, key, algorithm="ES256", headers={"typ": "kb+jwt"})


def _name(disclosure: str) -> str:
    return str(json.loads(urlsafe_b64decode(disclosure + "=="))[1])
