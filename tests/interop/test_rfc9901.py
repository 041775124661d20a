"""The examples that RFC 9901 prints: its digests of disclosures, and a presentation bound to a key.

The presentation has the form it had in the standard's drafts; the keys are the standard's own.
"""

from pathlib import Path

import pytest

from licences.sd_jwt import digest
from verifier.jws import Json, decode, encode, open_with, read_key
from verifier.refusals import Refused
from verifier.sd_jwt import BINDING_TYPE, disclose

EXAMPLE = Path(__file__).with_name("rfc9901_example.txt").read_text("ascii").replace("\n", "")
ISSUER_KEY: Json = {
    "kty": "EC",
    "crv": "P-256",
    "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
    "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
}


@pytest.mark.parametrize(
    ("said", "known_by"),
    [
        (
            '["_26bc4LT-ac6q2KI6cBW5es", "family_name", "Möbius"]',
            "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0",
        ),
        ('["lklxF5jMYlGTPUovMNIvCA", "FR"]', "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"),
    ],
)
def test_a_disclosure_has_the_digest_that_the_standard_prints(said: str, known_by: str) -> None:
    """Section 4.2.3"""
    assert digest(encode(said.encode())) == known_by


def test_the_issuer_s_signature_holds_and_shows_what_was_disclosed() -> None:
    signed, *disclosures, _ = EXAMPLE.split("~")

    shown = disclose(open_with(signed, read_key(ISSUER_KEY), typ="example+sd-jwt"), disclosures)

    assert (shown["given_name"], shown["family_name"]) == ("John", "Doe")
    assert shown["address"] == {
        "street_address": "123 Main St",
        "locality": "Anytown",
        "region": "Anystate",
        "country": "US",
    }
    assert shown["nationalities"] == ["US"]
    assert not {"_sd", "_sd_alg", "email", "phone_number"} & set(shown)


def test_the_holder_s_signature_holds_over_just_this_presentation() -> None:
    signed, *_, binding = EXAMPLE.split("~")
    claims = open_with(signed, read_key(ISSUER_KEY), typ="example+sd-jwt")

    said = open_with(binding, read_key(claims["cnf"]["jwk"]), typ=BINDING_TYPE)

    assert said["sd_hash"] == digest(EXAMPLE.removesuffix(binding))
    assert (said["aud"], said["nonce"]) == ("https://verifier.example.org", "1234567890")


def test_with_a_disclosure_of_another_name_it_is_refused() -> None:
    signed, *disclosures, _ = EXAMPLE.split("~")
    claims = open_with(signed, read_key(ISSUER_KEY), typ="example+sd-jwt")
    other = encode(decode(disclosures[0]).replace(b"Doe", b"Roe"))

    with pytest.raises(Refused, match="tampered"):
        disclose(claims, [other, *disclosures[1:]])
