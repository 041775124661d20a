"""A unified identity service: authorization code with PKCE, answers signed ES256. 统一身份认证

The form is ours (docs/zh/unified-identity.md), after OpenID Connect; it was read from there, and
signs by hand, so that an error in the product's reading shows.
"""

import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key
from msgspec import Struct

from sandbox.city import Person
from sandbox.clock import moment, stamp
from sandbox.crypto import is_same
from sandbox.keys import UnifiedKeys
from sandbox.refusals import MachineRefusal, PhoneRefusal
from sandbox.world import World

ISSUER = "https://id.linxi.example"
REDIRECT_URI = "https://zhangban.linxi.example/unified-login"
CODE_LIVES, TOKEN_LIVES = timedelta(minutes=5), timedelta(minutes=5)
Assurance = Literal["1", "2", "3"]


class Login(Struct, frozen=True):
    """One row of unified_logins."""

    code: str
    person: str
    nonce: str
    challenge: str
    acr: str
    made_at: str
    access_token: str | None = None


def authorize(world: World, person: Person, url: str, acr: Assurance) -> str:
    """This person says who they are on the service's page; where the page then leads."""
    asked = dict(parse_qsl(urlsplit(url).query))
    keys = world.keys.unified
    fixed = {
        "response_type": "code",
        "client_id": keys.client_id,
        "redirect_uri": REDIRECT_URI,
        "code_challenge_method": "S256",
    }
    for name, value in fixed.items():
        if asked.get(name) != value:
            raise PhoneRefusal(f"invalid_request: {name}")
    for name in ("state", "nonce", "code_challenge"):
        if len(asked.get(name, "")) < 32:
            raise PhoneRefusal(f"invalid_request: {name}")
    code = secrets.token_urlsafe(32)
    world.book.write(
        "INSERT INTO unified_logins (code, person, nonce, challenge, acr, made_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        code,
        person.key,
        asked["nonce"],
        asked["code_challenge"],
        acr,
        stamp(world.clock.now()),
    )
    return f"{REDIRECT_URI}?{urlencode({'code': code, 'state': asked['state']})}"


def give_tokens(world: World, form: dict[str, str]) -> dict[str, Any]:
    """An id_token for a code, to who registered and began it, once."""
    keys, at = world.keys.unified, world.clock.now()
    known = form.get("client_id") == keys.client_id
    if not known or not is_same(form.get("client_secret", ""), keys.client_secret):
        raise MachineRefusal(401, "invalid_client", "unknown client, or its secret is wrong")
    query = "SELECT * FROM unified_logins WHERE code = ?"
    login = world.book.find(Login, query, form.get("code", ""))
    challenge = _text(sha256(form.get("code_verifier", "").encode()).digest())
    if (
        form.get("grant_type") != "authorization_code"
        or login is None
        or at - moment(login.made_at) > CODE_LIVES
        or form.get("redirect_uri") != REDIRECT_URI
        or challenge != login.challenge
    ):
        raise MachineRefusal(400, "invalid_grant", "the code is not good for this")
    access_token = secrets.token_urlsafe(32)
    if not world.book.write(
        "UPDATE unified_logins SET used_at = ?, access_token = ?"
        " WHERE code = ? AND used_at IS NULL",
        stamp(at),
        access_token,
        login.code,
    ):
        raise MachineRefusal(400, "invalid_grant", "the code was used")
    claims = {
        "nonce": login.nonce,
        "auth_time": int(moment(login.made_at).timestamp()),
        "acr": login.acr,
    }
    return {
        "token_type": "Bearer",
        "expires_in": int(TOKEN_LIVES.total_seconds()),
        "access_token": access_token,
        "id_token": _signed(world, login.person, "JWT", claims),
    }


def tell_person(world: World, access_token: str) -> str:
    """Name and number of who logged in, as a signed token; not of who is only a phone to it."""
    query = "SELECT * FROM unified_logins WHERE access_token = ?"
    login = world.book.find(Login, query, access_token)
    if login is None or world.clock.now() - moment(login.made_at) > CODE_LIVES + TOKEN_LIVES:
        raise MachineRefusal(401, "invalid_token", "unknown or expired")
    if login.acr == "1":
        raise MachineRefusal(403, "insufficient_scope", "this person has no real name here")
    person = world.city.people[login.person]
    claims = {"name": person.name, "id_number": person.id_number}
    return _signed(world, login.person, "userinfo+jwt", claims)


def published_keys(keys: UnifiedKeys) -> dict[str, Any]:
    point = _key(keys).public_key().public_numbers()
    told = {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": keys.kid}
    coordinates = {"x": _text(point.x.to_bytes(32)), "y": _text(point.y.to_bytes(32))}
    return {"keys": [told | coordinates]}


def pairwise(world: World, person: str) -> str:
    """The name of a person at one client only."""
    keys = world.keys.unified
    return sha256(f"{keys.client_id}|{keys.client_secret}|{person}".encode()).hexdigest()


def _signed(world: World, person: str, typ: str, claims: dict[str, Any]) -> str:
    keys, issued = world.keys.unified, int(world.clock.now().timestamp())
    header = {"alg": "ES256", "kid": keys.kid, "typ": typ}
    payload = claims | {
        "iss": ISSUER,
        "aud": keys.client_id,
        "sub": pairwise(world, person),
        "iat": issued,
        "exp": issued + int(TOKEN_LIVES.total_seconds()),
    }
    parts = [_text(json.dumps(part, ensure_ascii=False).encode()) for part in (header, payload)]
    signature = _key(keys).sign(".".join(parts).encode(), ECDSA(SHA256()))
    r, s = decode_dss_signature(signature)
    return ".".join([*parts, _text(r.to_bytes(32) + s.to_bytes(32))])


def _key(keys: UnifiedKeys) -> EllipticCurvePrivateKey:
    key = load_der_private_key(b64decode(keys.private_key), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
