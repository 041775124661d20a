"""Keys of outside clients: kept between two playings, readable by nobody else, named as by RFC."""

from datetime import UTC, datetime
from pathlib import Path

import jwt

from app.demo.keys import ClientKey, kept_private_key, new_private_key
from identity.device_keys import read_public_key

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def client_key() -> ClientKey:
    return ClientKey(new_private_key(), address="https://zb.test", now=lambda: NOW)


def test_a_key_is_the_same_at_the_next_playing_and_readable_by_its_owner_only(
    tmp_path: Path,
) -> None:
    path = tmp_path / "demo" / "program.pem"

    first, second = kept_private_key(path), kept_private_key(path)

    assert first.private_numbers() == second.private_numbers()
    assert path.stat().st_mode & 0o777 == 0o600


def test_its_thumbprint_is_the_one_that_the_product_finds() -> None:
    key = client_key()

    assert key.thumbprint == read_public_key(key.jwk).thumbprint


def test_a_proof_is_for_one_request_without_its_query() -> None:
    proof = client_key().proof("GET", "/agency/v1/client?limit=1", "token")

    said = jwt.decode(proof, options={"verify_signature": False})
    assert (said["htm"], said["htu"]) == ("GET", "https://zb.test/agency/v1/client")
    assert said["ath"] == "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A"


def test_two_assertions_are_never_the_same() -> None:
    key = client_key()

    assert key.assertion("program") != key.assertion("program")
