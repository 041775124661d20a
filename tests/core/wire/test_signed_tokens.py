import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from core.signing import BadSignature
from core.wire import NoAnswer
from core.wire.signed_tokens import FETCH_AGAIN_AFTER, KEYS_LAST, PublishedKeys, open_token
from tests.conftest import AT

ISSUER, CLIENT = "https://id.example", "zb-1"
KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
NOW = int(AT.timestamp())
CLAIMS = {"iss": ISSUER, "aud": CLIENT, "sub": "s-1", "iat": NOW, "exp": NOW + 300}


class Issuer:
    """Publishes keys by kid; `mute` when it does not answer."""

    def __init__(self, **keys: ec.EllipticCurvePrivateKey) -> None:
        self.keys, self.asked, self.mute = keys, 0, False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.mute:
            raise httpx.ConnectError("gone")
        told = [
            json.loads(ECAlgorithm.to_jwk(key.public_key())) | {"kid": kid}
            for kid, key in self.keys.items()
        ]
        return httpx.Response(200, json={"keys": [{"kty": "RSA", "kid": "r"}, *told]})

    def published(self) -> PublishedKeys:
        client = httpx.AsyncClient(transport=httpx.MockTransport(self), base_url=ISSUER)
        return PublishedKeys(client, "/jwks")


def token(
    key: Any = KEY, *, algorithm: str = "ES256", header: dict[str, Any] | None = None, **claims: Any
) -> str:
    headers = {"kid": "k1", "typ": "JWT"} | (header or {})
    said = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return jwt.encode(said, key, algorithm=algorithm, headers=headers)


async def read(text: str, keys: PublishedKeys, *, at: datetime = AT) -> dict[str, Any]:
    return await open_token(text, keys, issuer=ISSUER, audience=CLIENT, typ="JWT", at=at)


async def test_says_what_its_issuer_signed_for_us() -> None:
    assert (await read(token(), Issuer(k1=KEY).published()))["sub"] == "s-1"


PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
FORGED: dict[str, Callable[[], str]] = {
    "no signature": lambda: token(None, algorithm="none"),
    "signed by another": lambda: token(OTHER),
    "another algorithm": lambda: token(
        rsa.generate_private_key(65537, 2048), algorithm="RS256", header={"kid": "r"}
    ),
    "the public key as a secret": lambda: jwt.encode(
        CLAIMS, PUBLIC.hex(), algorithm="HS256", headers={"kid": "k1"}
    ),
    "brings its own key": lambda: token(OTHER, header={"jwk": {"kty": "EC"}}),
    "names an address of keys": lambda: token(OTHER, header={"jku": "https://evil.example"}),
    "a critical extension": lambda: token(header={"crit": ["b64"]}),
    "a key nobody has": lambda: token(header={"kid": "../../x"}),
    "another type": lambda: token(header={"typ": "at+jwt"}),
    "another issuer": lambda: token(iss="https://evil.example"),
    "for another client": lambda: token(aud="zb-2"),
    "for several clients": lambda: token(aud=[CLIENT, "zb-2"]),
    "about nobody": lambda: token(sub=None),
    "no end": lambda: token(exp=None),
    "over": lambda: token(iat=NOW - 400, exp=NOW - 31),
    "not yet": lambda: token(iat=NOW + 31, exp=NOW + 60),
    "for too long": lambda: token(exp=NOW + 7200),
    "a time that is none": lambda: token(iat=1.5),
    "too large": lambda: token(filler="x" * 9000),
    "no token": lambda: "x.y",
}


@pytest.mark.parametrize("forged", FORGED)
async def test_anything_else_is_refused(forged: str) -> None:
    with pytest.raises(BadSignature):
        await read(FORGED[forged](), Issuer(k1=KEY).published())


class TestKeys:
    async def test_a_new_key_is_fetched_once_and_an_unknown_one_seldom(self) -> None:
        issuer = Issuer(k1=KEY)
        keys = issuer.published()
        await read(token(), keys)
        issuer.keys["k2"] = OTHER

        later = AT + FETCH_AGAIN_AFTER
        await read(token(OTHER, header={"kid": "k2"}), keys, at=later)
        for _ in range(20):
            with pytest.raises(BadSignature):
                await read(token(header={"kid": "k9"}), keys, at=later)

        assert issuer.asked == 2

    async def test_a_key_that_was_taken_back_ends_within_minutes(self) -> None:
        issuer = Issuer(k1=KEY)
        keys = issuer.published()
        await read(token(), keys)
        issuer.keys = {"k2": OTHER}
        late = int((AT + KEYS_LAST).timestamp())

        with pytest.raises(BadSignature):
            await read(token(iat=late, exp=late + 60), keys, at=AT + KEYS_LAST)

    async def test_while_the_issuer_is_mute_the_keys_we_have_are_still_its_own(self) -> None:
        issuer = Issuer(k1=KEY)
        keys = issuer.published()
        await read(token(), keys)
        issuer.mute = True
        late = int((AT + KEYS_LAST).timestamp())

        said = await read(token(iat=late, exp=late + 60), keys, at=AT + KEYS_LAST)

        assert said["sub"] == "s-1"

    async def test_without_any_key_a_mute_issuer_is_no_answer_and_may_be_asked_again(self) -> None:
        issuer = Issuer(k1=KEY)
        issuer.mute = True
        keys = issuer.published()

        with pytest.raises(NoAnswer):
            await read(token(), keys)
        issuer.mute = False

        assert (await read(token(), keys))["sub"] == "s-1"

    async def test_times_have_half_a_minute_of_leeway(self) -> None:
        keys = Issuer(k1=KEY).published()

        for off in (timedelta(seconds=-30), timedelta(seconds=330)):
            await read(token(), keys, at=AT + off)
