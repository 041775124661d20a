"""Credentials and offline codes on the wire, as a phone and a verifier have them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import httpx
import pytest
from msgspec.structs import replace

from app.asgi import create_app
from app.providers import Parts
from core.clock import now
from core.sealing import Vault
from identity import tokens
from identity.models import Account, Person
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from licences.issuing import LicenceIssuer
from licences.models import StatusList
from tests.deployment import LICENCE_KEYS, make_settings
from tests.fakes.identity import FakeProvider
from tests.licences import make, offline
from verifier.jws import Keys, peek, read_keys
from verifier.refusals import Undecided
from verifier.sd_jwt import read_presentation
from verifier.status_list import Status, read_list


@pytest.fixture
async def holder(vault: Vault, db: None) -> Person:
    return await make.person(vault)


@pytest.fixture
async def wang(
    client: httpx.AsyncClient, issuer: TokenIssuer, vault: Vault, holder: Person
) -> httpx.AsyncClient:
    for subject in ("openid-wang", "openid-wang-tablet"):
        await Account.create(
            provider="wechat", appid="wx-1", subject=subject, person=holder, level=2
        )
    await _sign_in(client, issuer, "openid-wang")
    return client


@pytest.fixture
async def path(wang: httpx.AsyncClient, vault: Vault, holder: Person) -> str:
    licence = await make.licence(vault, holder.id)
    return f"/v1/licences/{licence.id}/credentials"


async def _sign_in(client: httpx.AsyncClient, issuer: TokenIssuer, code: str) -> None:
    signed_in = await log_in(code, provider=FakeProvider(), issuer=issuer, at=now())
    client.headers["authorization"] = f"Bearer {signed_in.access_token}"


async def _issuer(client: httpx.AsyncClient) -> dict[str, str]:
    return dict((await client.get("/.well-known/jwt-vc-issuer")).json())


async def _proof(client: httpx.AsyncClient, **changes: Any) -> str:
    nonce = (await client.post("/v1/credential-nonces")).json()["nonce"]
    address = (await _issuer(client))["issuer"]
    return offline.sign_proof(
        {"aud": address, "iat": int(now().timestamp()), "nonce": nonce} | changes
    )


async def _issue(client: httpx.AsyncClient, path: str, proof: str) -> httpx.Response:
    return await client.post(path, json={"proof": proof})


async def test_a_credential_is_issued_shown_and_taken_back(
    wang: httpx.AsyncClient, path: str
) -> None:
    """All that a verifier needs is what anybody may fetch."""
    issued = (await _issue(wang, path, await _proof(wang))).json()
    metadata = await _issuer(wang)
    keys = read_keys((await wang.get("/.well-known/licence-keys.json")).json())
    shown = offline.present(
        issued["credential"], {"benefit_class"}, audience="gate-3", nonce="n-1", at=now()
    )
    said = read_presentation(
        shown,
        keys,
        issuer=metadata["issuer"],
        audience="gate-3",
        nonce="n-1",
        at=now().timestamp(),
    )

    back = [await wang.delete(f"{path}/{issued['id']}") for _ in range(2)]
    token = await wang.get(said.status_uri)

    listed = read_list(token.text, keys, uri=said.status_uri, at=now().timestamp())
    assert said.claims["benefit_class"] == "公交免费"
    assert "name" not in said.claims
    assert [reply.status_code for reply in back] == [204, 204]
    assert (await wang.get(path)).json()["items"] == []
    assert listed.status(said.status_index) == Status.REVOKED


@pytest.mark.parametrize(
    "changes", [{"aud": "https://other.test"}, {"iat": 10**400}, {"iat": 0}, {"nonce": "x"}]
)
async def test_a_proof_that_says_another_thing_is_refused_in_words(
    wang: httpx.AsyncClient, path: str, changes: dict[str, Any]
) -> None:
    reply = await _issue(wang, path, await _proof(wang, **changes))

    assert reply.status_code == 422, reply.text
    assert reply.json()["code"] == "licences.key_proof_refused"


@pytest.mark.parametrize("proof", ["", "x" * 4097, None, "a.b.c", "..", "é.é.é", 10**400])
async def test_what_is_no_proof_is_the_callers_mistake(
    wang: httpx.AsyncClient, path: str, proof: object
) -> None:
    reply = await wang.post(path, json={"proof": proof})

    assert reply.status_code in (400, 422), reply.text


async def test_a_proof_is_none_in_another_session(
    wang: httpx.AsyncClient, path: str, issuer: TokenIssuer
) -> None:
    proof = await _proof(wang)
    await _sign_in(wang, issuer, "openid-wang-tablet")

    reply = await _issue(wang, path, proof)

    assert reply.status_code == 422
    assert reply.json()["code"] == "licences.key_proof_refused"


async def test_a_proof_that_was_used_is_refused(wang: httpx.AsyncClient, path: str) -> None:
    """Who overheard it gets no second credential."""
    proof = await _proof(wang)

    first, second = await _issue(wang, path, proof), await _issue(wang, path, proof)

    assert (first.status_code, second.status_code) == (201, 422)
    assert second.json()["code"] == "licences.key_proof_refused"
    assert len((await wang.get(path)).json()["items"]) == 1


async def test_what_the_key_before_signed_holds_until_that_key_is_withdrawn(
    wang: httpx.AsyncClient, path: str, parts: Parts
) -> None:
    """C03: the new key signs the list; a key that is published no more is of another house."""
    issued = (await _issue(wang, path, await _proof(wang))).json()
    given = {"audience": "gate-3", "nonce": "n-1", "at": now()}
    shown = offline.present(issued["credential"], {"name"}, **given)
    fresh = tokens.read_keys(tokens.new_key_pem())

    both = await _published(parts, [*LICENCE_KEYS, *fresh])
    alone = await _published(parts, fresh)

    wanted = {"issuer": "https://zb.test", **given, "at": now().timestamp()}
    said = read_presentation(shown, both.keys, **wanted)
    for published in (both, alone):
        uri, at = said.status_uri, now().timestamp()
        listed = read_list(published.token, published.keys, uri=uri, at=at)
        assert listed.status(said.status_index) == Status.VALID
        assert peek(published.token)[0]["kid"] == fresh[0].kid
    with pytest.raises(Undecided) as refused:
        read_presentation(shown, alone.keys, **wanted)
    assert refused.value.reason == "unknown_key"


class _Published(NamedTuple):
    keys: Keys
    token: str


async def _published(parts: Parts, signing: Sequence[tokens.SigningKey]) -> _Published:
    """What anybody may fetch where these keys are set: the last of them signs."""
    nonces = parts.licence_issuer.nonces
    issuer = LicenceIssuer(signing, address="https://zb.test", nonces=nonces)
    await StatusList.all().update(built_at=None)
    transport = httpx.ASGITransport(
        create_app(make_settings(), replace(parts, licence_issuer=issuer))
    )
    async with httpx.AsyncClient(transport=transport, base_url=issuer.address) as anybody:
        keys = (await anybody.get("/.well-known/licence-keys.json")).json()
        token = (await anybody.get("/agency/v1/status-lists/1")).text
    return _Published(read_keys(keys), token)


async def test_the_ninth_that_lives_is_refused_until_one_is_taken_back(
    wang: httpx.AsyncClient, path: str
) -> None:
    first, *_ = [await _issue(wang, path, await _proof(wang)) for _ in range(8)]
    proof = await _proof(wang)

    ninth = await _issue(wang, path, proof)
    await wang.delete(f"{path}/{first.json()['id']}")
    then = await _issue(wang, path, proof)

    assert first.status_code == 201, first.text
    assert ninth.status_code == 409
    assert ninth.json()["code"] == "licences.credentials_too_many"
    assert then.status_code == 201


async def test_of_anothers_licence_there_is_neither_credential_nor_code(
    wang: httpx.AsyncClient, vault: Vault
) -> None:
    other = await make.licence(vault, (await make.person(vault)).id)
    path = f"/v1/licences/{other.id}"

    replies = [
        await _issue(wang, f"{path}/credentials", await _proof(wang)),
        await wang.get(f"{path}/credentials"),
        await wang.delete(f"{path}/credentials/{other.id}"),
        await wang.post(f"{path}/offline-codes", json={"fields": ["name"]}),
    ]

    assert {reply.status_code for reply in replies} == {404}


@pytest.mark.parametrize(
    "address",
    [
        *("status-lists/0", "status-lists/-1", "status-lists/-99999999999"),
        *("status-lists/99999999999", f"status-lists/{'9' * 1200}"),
        f"credential-types/{'x' * 200}",
    ],
)
async def test_what_there_is_none_of_is_not_found(client: httpx.AsyncClient, address: str) -> None:
    """G01."""
    reply = await client.get(f"/agency/v1/{address}")

    assert reply.status_code == 404, reply.text
