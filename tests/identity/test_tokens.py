import base64
import json
import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from identity.tokens import (
    LIFETIME,
    Audience,
    Claims,
    TokenIssuer,
    TokenReader,
    TokenRefused,
    new_key_pem,
    read_keys,
)
from tests.conftest import AT
from tests.fakes.identity import ISSUER

OLD, NEW, VERIFIERS, MACHINES = (new_key_pem() for _ in range(4))
CLAIMS = Claims(sub=uuid4(), sid=uuid4(), epoch=0, level=2, party=uuid4(), scope="confirmer")


def issuer_with(*residents: str, issuer: str = ISSUER) -> TokenIssuer:
    keys = {
        Audience.RESIDENT: read_keys("".join(residents)),
        Audience.VERIFIER: read_keys(VERIFIERS),
        Audience.MACHINE: read_keys(MACHINES),
    }
    return TokenIssuer(keys, issuer=issuer)


ISSUED = issuer_with(OLD).issue(Audience.RESIDENT, CLAIMS, at=AT)[0]
(KEY,) = read_keys(OLD)


def forged(
    *,
    key: Any = KEY.private_key,
    algorithm: str = "ES256",
    header: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """A token as ours, but for what is named. A claim of None is left out."""
    payload = jwt.decode(ISSUED, options={"verify_signature": False}) | claims
    payload = {name: value for name, value in payload.items() if value is not None}
    headers = {"kid": KEY.kid, "typ": "at+jwt"} | (header or {})
    return jwt.encode(payload, key, algorithm=algorithm, headers=headers)


def hs256_with_public_key() -> str:
    """The classic: our public key as the secret of an HMAC. PyJWT will not make it, so by hand."""
    import hmac

    public = KEY.private_key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    header = {"alg": "HS256", "typ": "at+jwt", "kid": KEY.kid}
    signed = f"{part(header)}.{ISSUED.split('.')[1]}"
    mac = hmac.digest(public, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


STRANGER = generate_private_key(SECP256R1())
TIMES = {"iat": None, "nbf": None, "exp": None}


class TestRead:
    def test_reads_what_it_issued(self) -> None:
        assert issuer_with(OLD).read(ISSUED, Audience.RESIDENT, at=AT) == CLAIMS

    @pytest.mark.parametrize(
        "token",
        [
            pytest.param("", id="empty"),
            pytest.param("a.b.c", id="not a token"),
            pytest.param("я.b.c", id="not ascii"),
            pytest.param(ISSUED + "." + ISSUED, id="five parts"),
            pytest.param("." * 4000, id="dots"),
            pytest.param("A" * 1_000_000, id="one megabyte"),
            pytest.param(forged(pad="x" * 4096), id="genuine but too large"),
            pytest.param(ISSUED[:-4] + "AAAA", id="signature changed"),
            pytest.param(forged(key=STRANGER), id="another key"),
            pytest.param(forged(key=None, algorithm="none"), id="alg none"),
            pytest.param(hs256_with_public_key(), id="HS256 with our public key"),
            pytest.param(forged(header={"typ": "JWT"}), id="typ JWT"),
            pytest.param(forged(header={"typ": "verifier-at+jwt"}), id="typ of verifiers"),
            pytest.param(forged(header={"kid": "../../x"}), id="kid a path"),
            pytest.param(forged(header={"kid": "0" * 16}), id="kid unknown"),
            pytest.param(forged(header={"jku": "https://evil.test/keys"}), id="jku"),
            pytest.param(forged(header={"x5u": "https://evil.test/cert"}), id="x5u"),
            pytest.param(forged(header={"jwk": {"kty": "EC"}}), id="jwk"),
            pytest.param(forged(header={"crit": ["exp"]}), id="crit"),
            pytest.param(forged(aud="verifier"), id="another audience"),
            pytest.param(forged(aud=["resident", "verifier"], iss="x"), id="another issuer"),
            pytest.param(forged(iss="https://evil.test"), id="issuer"),
            *(
                pytest.param(forged(**{name: None}), id=f"no {name}")
                for name in ("iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "epoch")
            ),
            pytest.param(forged(sid="not-an-id"), id="sid no id"),
            pytest.param(forged(level="2"), id="level a text"),
            pytest.param(forged(exp=int((AT + timedelta(days=1)).timestamp())), id="lives a day"),
        ],
    )
    def test_anything_else_is_refused_and_not_logged(
        self, token: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A06"""
        caplog.set_level(logging.DEBUG)

        with pytest.raises(TokenRefused):
            issuer_with(OLD).read(token, Audience.RESIDENT, at=AT)

        assert not token or token not in caplog.text

    @pytest.mark.parametrize(
        ("moment", "good"),
        [
            (AT - timedelta(minutes=10), False),
            (AT - timedelta(seconds=31), False),
            (AT - timedelta(seconds=29), True),
            (AT + LIFETIME + timedelta(seconds=29), True),
            (AT + LIFETIME + timedelta(seconds=31), False),
            (AT + LIFETIME + timedelta(minutes=10), False),
        ],
    )
    def test_is_good_for_its_ten_minutes_and_thirty_seconds_to_either_side(
        self, moment: datetime, good: bool
    ) -> None:
        """A07"""
        issuer = issuer_with(OLD)

        if good:
            assert issuer.read(ISSUED, Audience.RESIDENT, at=moment) == CLAIMS
        else:
            with pytest.raises(TokenRefused):
                issuer.read(ISSUED, Audience.RESIDENT, at=moment)

    def test_one_audience_opens_nothing_of_anothers(self) -> None:
        issuer = issuer_with(OLD)
        verifiers, _ = issuer.issue(Audience.VERIFIER, CLAIMS, at=AT)

        with pytest.raises(TokenRefused):
            issuer.read(verifiers, Audience.RESIDENT, at=AT)
        with pytest.raises(TokenRefused):
            issuer.read(ISSUED, Audience.VERIFIER, at=AT)


class TestReader:
    def test_reads_again_what_it_read(self) -> None:
        reader = TokenReader(issuer_with(OLD))

        assert [reader.read(ISSUED, Audience.RESIDENT, at=AT) for _ in range(2)] == [CLAIMS] * 2

    def test_what_it_read_still_ends_in_time(self) -> None:
        """A07"""
        reader = TokenReader(issuer_with(OLD))
        reader.read(ISSUED, Audience.RESIDENT, at=AT)

        for moment in (AT + LIFETIME + timedelta(seconds=31), AT - timedelta(seconds=31)):
            with pytest.raises(TokenRefused):
                reader.read(ISSUED, Audience.RESIDENT, at=moment)

    @pytest.mark.parametrize(
        ("token", "audience"),
        [
            pytest.param(ISSUED[:-4] + "AAAA", Audience.RESIDENT, id="signature changed"),
            pytest.param(forged(key=STRANGER), Audience.RESIDENT, id="another key"),
            pytest.param(ISSUED, Audience.VERIFIER, id="another audience"),
        ],
    )
    def test_a_genuine_token_opens_the_door_to_no_other(
        self, token: str, audience: Audience
    ) -> None:
        """A06"""
        reader = TokenReader(issuer_with(OLD))
        reader.read(ISSUED, Audience.RESIDENT, at=AT)

        for _ in range(2):
            with pytest.raises(TokenRefused):
                reader.read(token, audience, at=AT)


class TestRotation:
    def test_nobody_is_turned_away_while_keys_overlap_and_the_old_ends_when_taken_out(self) -> None:
        """A11"""
        before, seen = issuer_with(OLD), issuer_with(NEW, OLD)
        turned, after = issuer_with(OLD, NEW), issuer_with(NEW)

        for maker in (before, seen):
            token, _ = maker.issue(Audience.RESIDENT, CLAIMS, at=AT)
            for reader in (before, seen, turned):
                assert reader.read(token, Audience.RESIDENT, at=AT) == CLAIMS
            with pytest.raises(TokenRefused):
                after.read(token, Audience.RESIDENT, at=AT)
        token, _ = turned.issue(Audience.RESIDENT, CLAIMS, at=AT)
        for reader in (seen, turned, after):
            assert reader.read(token, Audience.RESIDENT, at=AT) == CLAIMS

    def test_two_audiences_never_share_a_key(self) -> None:
        with pytest.raises(ValueError, match="share"):
            issuer_with(VERIFIERS)
