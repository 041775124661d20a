"""Proofs of a device: one signature for one request, good once (RFC 9449). 终端签名"""

import logging
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from msgspec import Struct

from core.errors import NotSignedIn
from identity.device_keys import PublicKey, PublicKeyInvalid, header_of, read_public_key
from identity.proofs import claim_once

WINDOW = timedelta(seconds=60)
_HEADER = {"alg", "jwk", "typ"}
_MAX_JTI = 128

log = logging.getLogger(__name__)


class ProofRefused(NotSignedIn):
    code = "identity.proof_refused"
    message = "终端签名校验失败，请在已启用的终端上操作"


class Proof(Struct, frozen=True):
    """What came in the DPoP header, and the request it must have been made for."""

    text: str
    method: str
    url: str


async def check_bound(
    jwk: Mapping[str, str], proof: Proof | None, *, token: str | None = None, at: datetime
) -> None:
    """Refuse what was not signed by this device for this request, with this token."""
    if proof is None:
        raise refused("none")
    key = shown_key(proof)
    if key.jwk != dict(jwk):
        raise refused("another key")
    await check_proof(proof, key, token=token, at=at)


async def check_proof(
    proof: Proof, key: PublicKey, *, token: str | None = None, at: datetime
) -> None:
    """Refuse a proof for another request, of another time, or that came before. 终端签名"""
    try:
        said = key.read(proof.text)
    except ValueError as error:
        raise refused(str(error)) from None
    issued, jti = said.get("iat"), said.get("jti")
    if (said.get("htm"), said.get("htu")) != (proof.method, proof.url):
        raise refused("another request")
    if token is not None and said.get("ath") != _digest(token):
        raise refused("another token")
    if type(issued) is not int or abs(at.timestamp() - issued) > WINDOW.total_seconds():
        raise refused("time")
    if not isinstance(jti, str) or not 8 <= len(jti) <= _MAX_JTI:
        raise refused("jti")
    forget = datetime.fromtimestamp(issued, UTC) + 2 * WINDOW
    if not await claim_once(f"dpop:{key.thumbprint}", jti, at=at, forget_after=forget):
        raise refused("used before")


def shown_key(proof: Proof) -> PublicKey:
    """The key that a proof names; whether it signed, and whose it is, is asked elsewhere."""
    try:
        header = header_of(proof.text)
        jwk = header.get("jwk")
        if set(header) != _HEADER or header["typ"] != "dpop+jwt" or not isinstance(jwk, dict):
            raise ValueError("header")
        return read_public_key(jwk)
    except (ValueError, PublicKeyInvalid) as error:
        raise refused(type(error).__name__) from None


def _digest(token: str) -> str:
    return urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()


def refused(reason: str) -> ProofRefused:
    log.info("proof refused", extra={"reason": reason})
    return ProofRefused(reason=reason)
