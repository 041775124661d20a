"""Access tokens: JWS ES256, ten minutes, one audience each (RFC 7519, RFC 8725, RFC 9068). 访问令牌

Each audience has its own keys, type and name, so that one's token opens nothing of another's. A key
is found by `kid` in our own set; nothing that a token says about keys or algorithms is followed.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from msgspec import Struct

from core.errors import NotSignedIn

ALGORITHM = "ES256"
LIFETIME = timedelta(minutes=10)
LEEWAY = timedelta(seconds=30)
MAX_BYTES = 4096
KEPT_OPEN = 8_192

_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL)
_HEADER = {"alg", "typ", "kid"}

log = logging.getLogger(__name__)


class TokenRefused(NotSignedIn):
    code = "identity.token_refused"
    message = "登录已失效，请重新登录"


class Audience(StrEnum):
    RESIDENT = "resident"
    VERIFIER = "verifier"
    MACHINE = "machine"

    @property
    def token_type(self) -> str:
        return "at+jwt" if self is Audience.RESIDENT else f"{self}-at+jwt"


class Claims(Struct, frozen=True, kw_only=True):
    """What a token says. Rights are judged by the session's state; these must agree with it."""

    sub: UUID
    sid: UUID
    epoch: int
    level: int = 0
    party: UUID | None = None
    scope: str | None = None


class _Times(Struct, frozen=True):
    iat: int
    nbf: int
    exp: int


class Opened(Struct, frozen=True):
    """A token whose signature is ours."""

    claims: Claims
    times: _Times


class SigningKey(Struct, frozen=True):
    kid: str
    private_key: EllipticCurvePrivateKey

    def __repr__(self) -> str:
        return f"SigningKey({self.kid!r})"


def new_key_pem() -> str:
    """A fresh key, as `read_keys` reads it."""
    key = generate_private_key(SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def read_keys(text: str) -> list[SigningKey]:
    """The keys of one audience, PEM after PEM. The last signs; all are accepted.

    To rotate: put the new key first and start every process; then last; and ten minutes later
    take the old one out. Nobody is turned away at any step.
    """
    return [_signing_key(pem) for pem in _PEM.findall(text)]


class TokenIssuer:
    """Makes and reads the access tokens of every audience."""

    def __init__(self, keys: Mapping[Audience, Sequence[SigningKey]], *, issuer: str) -> None:
        if any(not keys.get(audience) for audience in Audience):
            raise ValueError("every audience needs a key")
        kids = [key.kid for given in keys.values() for key in given]
        if len(kids) != len(set(kids)):
            raise ValueError("two audiences may not share a key")
        self._signing = {audience: given[-1] for audience, given in keys.items()}
        self._accepted = {
            audience: {key.kid: key.private_key.public_key() for key in given}
            for audience, given in keys.items()
        }
        self.issuer = issuer

    def issue(self, audience: Audience, claims: Claims, *, at: datetime) -> tuple[str, datetime]:
        """A token, and when it ends."""
        key, issued, ends = self._signing[audience], int(at.timestamp()), at + LIFETIME
        payload = msgspec.to_builtins(claims) | {
            "iss": self.issuer,
            "aud": audience.value,
            "jti": str(uuid4()),
            "iat": issued,
            "nbf": issued,
            "exp": int(ends.timestamp()),
        }
        headers = {"kid": key.kid, "typ": audience.token_type}
        token = jwt.encode(payload, key.private_key, algorithm=ALGORITHM, headers=headers)
        return token, datetime.fromtimestamp(payload["exp"], UTC)

    def read(self, token: str, audience: Audience, *, at: datetime) -> Claims:
        """What a genuine token of this audience says, or TokenRefused. The log gets the reason."""
        return _in_time(self.open(token, audience), at)

    def open(self, token: str, audience: Audience) -> Opened:
        """What a token of ours says and when it holds, or TokenRefused; the time is not asked."""
        try:
            payload = self._open(token, audience)
            return Opened(msgspec.convert(payload, Claims), msgspec.convert(payload, _Times))
        except (jwt.PyJWTError, msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise _refused(type(error).__name__) from None

    def _open(self, token: str, audience: Audience) -> dict[str, Any]:
        if len(token) > MAX_BYTES:
            raise ValueError("too large")
        header = jwt.get_unverified_header(token)
        key = self._accepted[audience].get(str(header.get("kid")))
        if key is None or set(header) != _HEADER or header["typ"] != audience.token_type:
            raise ValueError("header")
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=audience.value,
            issuer=self.issuer,
            # The times are judged by `at`, which a demonstration may have moved.
            options={
                "require": ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )


class TokenReader:
    """Reads the same tokens as their issuer, and opens none twice: a phone sends one for minutes.

    The keys of a process never change, so a signature that was good stays good. Whether it is
    still time is asked each time, and so is whether the session lives, by whoever reads.
    """

    def __init__(self, issuer: TokenIssuer) -> None:
        self._open = lru_cache(KEPT_OPEN)(issuer.open)

    def read(self, token: str, audience: Audience, *, at: datetime) -> Claims:
        """As `TokenIssuer.read`."""
        return _in_time(self._open(token, audience), at)


def _in_time(opened: Opened, at: datetime) -> Claims:
    times, moment, leeway = opened.times, at.timestamp(), LEEWAY.total_seconds()
    if moment > times.exp + leeway:
        raise _refused("expired")
    if moment < max(times.nbf, times.iat) - leeway:
        raise _refused("not yet")
    if times.exp - times.iat > LIFETIME.total_seconds():
        raise _refused("too long")
    return opened.claims


def _refused(reason: str) -> TokenRefused:
    log.info("token refused", extra={"reason": reason})
    return TokenRefused(reason=reason)


def _signing_key(pem: str) -> SigningKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, EllipticCurvePrivateKey) or key.curve.name != SECP256R1.name:
        raise ValueError("a P-256 private key is needed")
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(sha256(public).hexdigest()[:16], key)
