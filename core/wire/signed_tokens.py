"""Tokens that another house signs for us: JWS with one pinned algorithm, keys from one fixed place.

Nothing that a token says about keys or algorithms is followed (RFC 8725): its `kid` is looked up in
the set of keys that its issuer publishes, and that is fetched from an address of our settings only.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from jwt.algorithms import ECAlgorithm
from msgspec import Struct

from core.signing import BadSignature
from core.wire import NoAnswer

ALGORITHM = "ES256"
LEEWAY = timedelta(seconds=30)
LONGEST = timedelta(hours=1)
MAX_BYTES = 8192
FETCH_AGAIN_AFTER = timedelta(minutes=1)
KEYS_LAST = timedelta(minutes=10)

_HEADER = {"alg", "kid", "typ"}


class _KeySet(Struct):
    keys: list[dict[str, Any]]


class PublishedKeys:
    """The keys that one issuer publishes at `path`. Asked for seldom, however many are unknown."""

    def __init__(self, client: httpx.AsyncClient, path: str) -> None:
        self._client = client
        self._path = path
        self._keys: dict[str, EllipticCurvePublicKey] = {}
        self._fetched_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._was_mute = False
        self._single = asyncio.Lock()

    async def key(self, kid: str, *, at: datetime) -> EllipticCurvePublicKey:
        """The key of this name; BadSignature when the issuer has none, NoAnswer when it is mute."""
        if not self._holds(kid, at):
            async with self._single:
                if not self._holds(kid, at):
                    await self._fetch(at)
        if kid in self._keys:
            return self._keys[kid]
        raise NoAnswer("keys") if self._was_mute else BadSignature

    def _holds(self, kid: str, at: datetime) -> bool:
        """Whether nothing need be asked: it is known and fresh, or was asked about just now."""
        fresh = self._fetched_at is not None and abs(at - self._fetched_at) < KEYS_LAST
        waits = self._asked_at is not None and abs(at - self._asked_at) < FETCH_AGAIN_AFTER
        return waits or (fresh and kid in self._keys)

    async def _fetch(self, at: datetime) -> None:
        """While it is mute those we have are still its own. Without any it is asked each time."""
        try:
            response = await self._client.get(self._path)
            told = msgspec.json.decode(response.raise_for_status().content, type=_KeySet)
        except (httpx.HTTPError, msgspec.MsgspecError):
            self._was_mute = True
            self._asked_at = at if self._keys else None
            return
        self._was_mute, self._asked_at, self._fetched_at = False, at, at
        self._keys = {str(one.get("kid")): key for one in told.keys if (key := _read_key(one))}


async def open_token(
    token: str,
    keys: PublishedKeys,
    *,
    issuer: str,
    audience: str,
    typ: str,
    at: datetime,
) -> dict[str, Any]:
    """What a genuine token for us says, or BadSignature. It holds now and not for long."""
    try:
        if len(token) > MAX_BYTES:
            raise BadSignature
        header = jwt.get_unverified_header(token)
        if set(header) != _HEADER or (header["alg"], header["typ"]) != (ALGORITHM, typ):
            raise BadSignature
        claims: dict[str, Any] = jwt.decode(
            token,
            await keys.key(str(header["kid"]), at=at),
            algorithms=[ALGORITHM],
            audience=audience,
            issuer=issuer,
            # The times are judged by `at`, which a demonstration may have moved.
            options={
                "require": ["iss", "aud", "sub", "iat", "exp"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "strict_aud": True,
            },
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise BadSignature from error
    _check_times(claims, at)
    return claims


def _check_times(claims: dict[str, Any], at: datetime) -> None:
    issued, ends, moment = claims["iat"], claims["exp"], at.timestamp()
    if not isinstance(issued, int) or not isinstance(ends, int):
        raise BadSignature
    leeway = LEEWAY.total_seconds()
    if not issued - leeway <= moment <= ends + leeway:
        raise BadSignature
    if ends - issued > LONGEST.total_seconds():
        raise BadSignature


def _read_key(described: dict[str, Any]) -> EllipticCurvePublicKey | None:
    """A P-256 key meant for signatures; any other in the set is none of ours."""
    if (described.get("kty"), described.get("crv")) != ("EC", "P-256"):
        return None
    public = {name: described.get(name) for name in ("kty", "crv", "x", "y")}
    try:
        key = ECAlgorithm.from_jwk(msgspec.json.encode(public).decode())
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return key if isinstance(key, EllipticCurvePublicKey) else None
