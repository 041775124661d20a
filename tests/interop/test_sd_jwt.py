"""SD-JWT VC and status lists (RFC 9901) between us and an implementation that is not ours.

All tests of it are in this one file: two processes would install it at once.
"""

import json
from typing import Any

import httpx
import pytest

from core.clock import now
from core.sealing import Vault
from identity.models import Account
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from tests.fakes.identity import FakeProvider
from tests.interop.other import FOLDER, ask
from tests.licences import make
from verifier.jws import read_keys
from verifier.refusals import Refused
from verifier.sd_jwt import read_presentation
from verifier.status_list import check_status, read_list

AUDIENCE, NONCE = "gate-3", "n-1"
THEIRS = "https://other.test"


@pytest.fixture(scope="module")
def holder() -> dict[str, Any]:
    return ask("makeKeys")


@pytest.fixture
async def wang(client: httpx.AsyncClient, issuer: TokenIssuer, vault: Vault) -> str:
    """Where Wang's credentials are asked for, by her."""
    person = await make.person(vault)
    await Account.create(
        provider="wechat", appid="wx-1", subject="openid-wang", person=person, level=2
    )
    signed_in = await log_in("openid-wang", provider=FakeProvider(), issuer=issuer, at=now())
    client.headers["authorization"] = f"Bearer {signed_in.access_token}"
    return f"/v1/licences/{(await make.licence(vault, person.id)).id}/credentials"


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    return {**ask("makeKeys"), "kid": "theirs-1"}


@pytest.fixture(scope="module")
def shown(theirs: dict[str, Any], holder: dict[str, Any]) -> str:
    at = int(now().timestamp())
    claims = {
        "iss": THEIRS,
        "iat": at,
        "exp": at + 86_400,
        "vct": f"{THEIRS}/cards/elder",
        "cnf": {"jwk": _public(holder)},
        "status": {"status_list": {"idx": 5, "uri": f"{THEIRS}/lists/1"}},
        "name": "王桂兰",
        "benefit_class": "公交免费",
    }
    hidden = ["name", "benefit_class"]
    made = ask("issue", issuer=theirs, claims=claims, hidden=hidden, decoys=3)
    return _present(made["credential"], holder)


class TestOurs:
    async def _issued(
        self, client: httpx.AsyncClient, path: str, holder: dict[str, Any]
    ) -> dict[str, Any]:
        nonce = (await client.post("/v1/credential-nonces")).json()["nonce"]
        claims = {"aud": "https://zb.test", "iat": int(now().timestamp()), "nonce": nonce}
        proof = ask("signProof", holder=holder, claims=claims)["proof"]
        reply = await client.post(path, json={"proof": proof})
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    async def _verified(
        self, client: httpx.AsyncClient, presentation: str, **changes: Any
    ) -> dict[str, Any]:
        """By what anybody may fetch of us."""
        metadata = (await client.get("/.well-known/jwt-vc-issuer")).json()
        keys = (await client.get(metadata["jwks_uri"])).json()["keys"]
        named = await client.get(metadata["status_list_aggregation_endpoint"])
        listed = await client.get(named.json()["status_lists"][0])
        wanted = {"nonce": NONCE, "audience": AUDIENCE, "at": int(now().timestamp())}
        given = {"presentation": presentation, "keys": keys, "list": listed.text}
        return ask("verify", **(given | wanted | changes))

    async def test_is_shown_and_verified_by_the_other(
        self, client: httpx.AsyncClient, wang: str, holder: dict[str, Any]
    ) -> None:
        issued = await self._issued(client, wang, holder)
        shown = _present(issued["credential"], holder)

        claims = (await self._verified(client, shown))["claims"]

        assert claims["benefit_class"] == "公交免费"
        assert claims["vct"] == issued["vct"]
        assert "name" not in claims
        assert "number" not in claims

    async def test_is_refused_by_both_when_it_was_changed_or_is_for_another(
        self, client: httpx.AsyncClient, wang: str, holder: dict[str, Any]
    ) -> None:
        """C03: also by who holds the right key."""
        issued = await self._issued(client, wang, holder)
        shown = _present(issued["credential"], holder)
        other = _present(issued["credential"], ask("makeKeys"))
        keys = (await client.get("/.well-known/licence-keys.json")).json()
        forged = _altered(shown)

        for said, changes in (
            (forged, {}),
            (other, {}),
            (shown, {"nonce": "n-2"}),
            (shown, {"audience": "gate-4"}),
        ):
            assert "refused" in await self._verified(client, said, **changes), changes
            with pytest.raises(Refused):
                _read(said, keys, "https://zb.test", **changes)
        assert "claims" in await self._verified(client, shown)

    async def test_is_refused_by_the_other_once_it_was_taken_back(
        self, client: httpx.AsyncClient, wang: str, holder: dict[str, Any]
    ) -> None:
        """C04: our list of bits is read by the other's library."""
        issued = await self._issued(client, wang, holder)
        shown = _present(issued["credential"], holder)

        reply = await client.delete(f"{wang}/{issued['id']}")

        assert reply.status_code == 204
        assert "Status" in (await self._verified(client, shown))["refused"]


class TestTheirs:
    """Its issuer publishes a key under a name, as ours does; our verifier reads what it made."""

    def test_is_verified_by_ours(self, theirs: dict[str, Any], shown: str) -> None:
        said = _read(shown, _published(theirs), THEIRS)

        assert said.claims["benefit_class"] == "公交免费"
        assert "name" not in said.claims
        assert (said.status_uri, said.status_index) == (f"{THEIRS}/lists/1", 5)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [({"nonce": "n-2"}, "other_nonce"), ({"audience": "gate-4"}, "other_audience")],
    )
    def test_is_refused_by_ours_when_it_is_for_another(
        self, theirs: dict[str, Any], shown: str, changes: dict[str, Any], reason: str
    ) -> None:
        with pytest.raises(Refused) as refused:
            _read(shown, _published(theirs), THEIRS, **changes)

        assert refused.value.reason == reason

    def test_is_refused_by_ours_when_it_was_changed(
        self, theirs: dict[str, Any], shown: str
    ) -> None:
        with pytest.raises(Refused):
            _read(_altered(shown), _published(theirs), THEIRS)

    def test_list_says_to_ours_what_was_revoked(self, theirs: dict[str, Any]) -> None:
        at, uri = int(now().timestamp()), f"{THEIRS}/lists/1"
        claims = {"iss": THEIRS, "sub": uri, "iat": at, "exp": at + 3600, "ttl": 300}
        words = [0, 0, 0, 2, 0, 1, 0, 0]
        token = ask("makeList", issuer=theirs, words=words, claims=claims)["list"]

        listed = read_list(token, read_keys(_published(theirs)), uri=uri, at=at)

        assert [listed.status(index) for index in range(8)] == words
        with pytest.raises(Refused):
            check_status(listed.status(5))


def test_the_lock_file_carries_hashes_and_no_registry() -> None:
    locked = json.loads((FOLDER / "package-lock.json").read_text("utf-8"))
    packages = {name: package for name, package in locked["packages"].items() if name}

    assert packages
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
        assert "://" not in json.dumps(package), name


def _present(credential: str, holder: dict[str, Any]) -> str:
    binding = {"iat": int(now().timestamp()), "aud": AUDIENCE, "nonce": NONCE}
    given = {"shown": ["benefit_class"], "holder": holder, "binding": binding}
    return str(ask("present", credential=credential, **given)["presentation"])


def _read(shown: str, keys: dict[str, Any], issuer: str, **changes: Any) -> Any:
    wanted = {"audience": AUDIENCE, "nonce": NONCE, "at": now().timestamp()} | changes
    return read_presentation(shown, read_keys(keys), issuer=issuer, **wanted)


def _altered(shown: str) -> str:
    """One letter of the disclosure is another."""
    signed, disclosure, binding = shown.split("~")
    letter = "A" if disclosure[8] != "A" else "B"
    return "~".join([signed, disclosure[:8] + letter + disclosure[9:], binding])


def _public(pair: dict[str, Any]) -> dict[str, str]:
    return {name: pair["publicKey"][name] for name in ("kty", "crv", "x", "y")}


def _published(theirs: dict[str, Any]) -> dict[str, Any]:
    return {"keys": [{**_public(theirs), "kid": theirs["kid"], "alg": "ES256", "use": "sig"}]}
