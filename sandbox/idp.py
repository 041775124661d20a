"""The bureau's sign-in service for its own staff, by OpenID Connect: code, PKCE, ES256. 统一登录

Who sits there is told by `login_hint`, in the place of a page with a password. What it says of
people's roles is for the product to leave alone.
"""

import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from msgspec import Struct

from sandbox.keys import Keys
from sandbox.refusals import MachineRefusal
from sandbox.world import World

ISSUER = "https://staff.linxi.example"
REDIRECT_URI = "https://zhangban.linxi.example/console/signed-in"
CLIENT_ID = "zhangban-console"
LIVES = timedelta(minutes=2)

AnyRequest = Request[Any, Any, State]


class Waiting(Struct, frozen=True):
    """A code that was given out."""

    login_name: str
    nonce: str
    challenge: str
    ends_at: float


class StaffService:
    """Codes and key of one service; both are gone with the process: nobody relies on them."""

    def __init__(self) -> None:
        self.codes: dict[str, Waiting] = {}
        self.key: EllipticCurvePrivateKey = generate_private_key(SECP256R1())
        self.kid = secrets.token_hex(8)


SERVICE = StaffService()


def client_secret(keys: Keys) -> str:
    """The same after every start: derived from what the state folder keeps."""
    return sha256(f"staff|{keys.wechat_secret}".encode()).hexdigest()


class OperatorIdpController(Controller):
    path = "/operator-idp"

    @get("/authorize")
    async def authorize(self, request: AnyRequest, world: NamedDependency[World]) -> Response[None]:
        """Straight back with a code, for the name in `login_hint`."""
        asked = dict(request.query_params)
        wanted = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT_URI,
            "code_challenge_method": "S256",
        }
        for name, value in wanted.items():
            if asked.get(name) != value:
                raise MachineRefusal(400, "invalid_request", name)
        for name in ("state", "nonce", "code_challenge", "login_hint"):
            if not asked.get(name):
                raise MachineRefusal(400, "invalid_request", name)
        code = secrets.token_urlsafe(24)
        ends_at = (world.clock.now() + LIVES).timestamp()
        SERVICE.codes[code] = Waiting(
            asked["login_hint"], asked["nonce"], asked["code_challenge"], ends_at
        )
        back = urlencode({"code": code, "state": asked["state"]})
        return Response(None, status_code=302, headers={"Location": f"{REDIRECT_URI}?{back}"})

    @post("/token", status_code=200)
    async def token(self, request: AnyRequest, world: NamedDependency[World]) -> dict[str, Any]:
        """A signed answer for a code, to who registered and began it, once."""
        form = dict(parse_qsl((await request.body()).decode()))
        if not _is_client(request.headers.get("authorization", ""), world.keys):
            raise MachineRefusal(401, "invalid_client", "unknown client, or its secret is wrong")
        waiting = SERVICE.codes.pop(form.get("code", ""), None)
        challenge = _text(sha256(form.get("code_verifier", "").encode()).digest())
        at = world.clock.now()
        if (
            waiting is None
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != REDIRECT_URI
            or waiting.challenge != challenge
            or at.timestamp() > waiting.ends_at
        ):
            raise MachineRefusal(400, "invalid_grant", "the code is not good for this")
        issued = int(at.timestamp())
        said = {
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "sub": sha256(waiting.login_name.encode()).hexdigest()[:24],
            "iat": issued,
            "exp": issued + 120,
            "nonce": waiting.nonce,
            "preferred_username": waiting.login_name,
            "roles": ["security_admin"],
        }
        return {"token_type": "Bearer", "access_token": "none", "id_token": _signed(said)}

    @get("/jwks", sync_to_thread=False)
    def jwks(self) -> dict[str, Any]:
        point = SERVICE.key.public_key().public_numbers()
        told = {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": SERVICE.kid}
        coordinates = {"x": _text(point.x.to_bytes(32)), "y": _text(point.y.to_bytes(32))}
        return {"keys": [told | coordinates]}


def _is_client(header: str, keys: Keys) -> bool:
    scheme, _, text = header.partition(" ")
    expected = f"{CLIENT_ID}:{client_secret(keys)}"
    return scheme == "Basic" and secrets.compare_digest(b64decode(text), expected.encode())


def _signed(said: dict[str, Any]) -> str:
    header = {"alg": "ES256", "kid": SERVICE.kid, "typ": "JWT"}
    signed = ".".join(_text(json.dumps(part).encode()) for part in (header, said))
    r, s = decode_dss_signature(SERVICE.key.sign(signed.encode(), ECDSA(SHA256())))
    return f"{signed}.{_text(r.to_bytes(32) + s.to_bytes(32))}"


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
