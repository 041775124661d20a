"""Credentials: which proofs of a key are believed, how many live, and what is shown of them."""

import asyncio
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from core.models import AuditEntry
from core.sealing import SealBroken, Vault
from identity.callers import Caller
from identity.models import Person
from licences.credentials import (
    MOST,
    CredentialsTooMany,
    IssuedCredential,
    KeyProofRefused,
    issue_credential,
    list_credentials,
    make_nonce,
    revoke_credential,
)
from licences.models import Licence, StatusEntry, StatusList
from tests.given import AT
from tests.licences import make, offline
from verifier.jws import read_keys
from verifier.refusals import Refused
from verifier.sd_jwt import read_presentation

pytestmark = pytest.mark.usefixtures("db")

NOW = AT.timestamp()
OTHER_KEY = generate_private_key(SECP256R1())
ISSUER = offline.issuer()


@pytest.fixture
async def caller(vault: Vault) -> Caller:
    return await make.caller(vault)


@pytest.fixture
async def licence(vault: Vault, caller: Caller) -> Licence:
    return await make.licence(vault, caller.required_party())


async def _issue(
    licence: Licence, caller: Caller, vault: Vault, proof: str | None = None, **changes: Any
) -> IssuedCredential:
    given = {"issuer": ISSUER, "at": AT} | changes
    proof = proof or offline.proof(caller, ISSUER, AT)
    return await issue_credential(licence.id, proof=proof, caller=caller, vault=vault, **given)


class TestProofs:
    @pytest.mark.parametrize(
        "changes",
        [
            {"aud": "https://test.zb.test"},
            {"aud": [offline.ADDRESS]},
            {"aud": None},
            {"iat": int(NOW) - 421},
            {"iat": int(NOW) + 421},
            {"iat": 10**400},
            {"iat": -(10**400)},
            {"iat": True},
            {"iat": str(int(NOW))},
            {"nonce": "made-up"},
            {"nonce": ""},
            {"nonce": None},
        ],
    )
    async def test_one_that_says_another_thing_is_refused(
        self, licence: Licence, caller: Caller, vault: Vault, changes: dict[str, Any]
    ) -> None:
        proof = offline.proof(caller, ISSUER, AT, **changes)

        with pytest.raises(KeyProofRefused):
            await _issue(licence, caller, vault, proof)

        assert not await StatusEntry.all().exists()

    @pytest.mark.parametrize(
        "headers",
        [
            {"typ": "JWT"},
            {"typ": "kb+jwt"},
            {"jwk": "a key"},
            {"jwk": {}},
            {"kid": "another"},
            {"signed_by": OTHER_KEY},
        ],
    )
    async def test_one_of_another_type_or_key_is_refused(
        self, licence: Licence, caller: Caller, vault: Vault, headers: dict[str, Any]
    ) -> None:
        nonce = make_nonce(caller=caller, issuer=ISSUER, at=AT).nonce
        claims = {"aud": offline.ADDRESS, "iat": int(NOW), "nonce": nonce}

        with pytest.raises(KeyProofRefused):
            await _issue(licence, caller, vault, offline.sign_proof(claims, **headers))

    async def test_one_without_a_signature_is_refused(
        self, licence: Licence, caller: Caller, vault: Vault
    ) -> None:
        header, claims, _ = offline.proof(caller, ISSUER, AT).split(".")
        said = json.loads(urlsafe_b64decode(header + "==")) | {"alg": "none"}
        unsigned = urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()

        for proof in (f"{unsigned}.{claims}.", f"{header}.{claims}.", f"{header}.{claims}"):
            with pytest.raises(KeyProofRefused):
                await _issue(licence, caller, vault, proof)

    async def test_a_nonce_is_none_in_another_session_or_after_its_time(
        self, licence: Licence, caller: Caller, vault: Vault
    ) -> None:
        """What was overheard is of no use to who signed in elsewhere, nor later."""
        proof = offline.proof(caller, ISSUER, AT)
        holder = (await licence.holder).id
        elsewhere = await make.caller(vault, await Person.get(id=holder))

        with pytest.raises(KeyProofRefused):
            await _issue(licence, elsewhere, vault, proof)
        with pytest.raises(KeyProofRefused):
            await _issue(licence, caller, vault, proof, at=AT + timedelta(minutes=5, seconds=1))
        assert await _issue(licence, caller, vault, proof, at=AT + timedelta(minutes=5))

    async def test_one_brings_one_credential_however_often_and_many_at_once_it_comes(
        self, licence: Licence, caller: Caller, vault: Vault
    ) -> None:
        proof = offline.proof(caller, ISSUER, AT)
        second = await make.licence(vault, licence.holder_id)
        asked = [_issue(one, caller, vault, proof) for one in (licence, second) * 3]

        done = await asyncio.gather(*asked, return_exceptions=True)
        with pytest.raises(KeyProofRefused):
            await _issue(licence, caller, vault, proof)

        assert len([one for one in done if isinstance(one, IssuedCredential)]) == 1
        assert len([one for one in done if isinstance(one, KeyProofRefused)]) == 5
        assert await StatusEntry.all().count() == 1

    async def test_two_nonces_of_one_moment_are_two(self, caller: Caller) -> None:
        first, second = [make_nonce(caller=caller, issuer=ISSUER, at=AT).nonce for _ in range(2)]

        assert first != second

    async def test_one_that_brought_nothing_may_come_again(
        self, licence: Licence, caller: Caller, vault: Vault
    ) -> None:
        every = [await _issue(licence, caller, vault) for _ in range(MOST)]
        proof = offline.proof(caller, ISSUER, AT)
        with pytest.raises(CredentialsTooMany):
            await _issue(licence, caller, vault, proof)

        await revoke_credential(licence.id, every[0].id, caller=caller, at=AT)

        assert await _issue(licence, caller, vault, proof)


class TestTheFirstList:
    async def test_of_many_who_find_none_one_opens_it(self, caller: Caller, vault: Vault) -> None:
        """The licences are different, so that no lock of theirs stands between."""
        licences = [await make.licence(vault, caller.required_party()) for _ in range(6)]

        await asyncio.gather(*[_issue(one, caller, vault) for one in licences])

        assert await StatusList.all().count() == 1
        assert await StatusEntry.all().count() == 6


class TestHowMany:
    async def test_of_many_asked_for_at_once_no_more_live_than_may(
        self, licence: Licence, caller: Caller, vault: Vault
    ) -> None:
        asked = [_issue(licence, caller, vault) for _ in range(MOST + 4)]

        done = await asyncio.gather(*asked, return_exceptions=True)

        refused = [one for one in done if isinstance(one, CredentialsTooMany)]
        assert len(refused) == 4
        assert len(await list_credentials(licence.id, caller=caller, at=AT)) == MOST

    async def test_one_taken_back_or_over_makes_room(
        self, licence: Licence, caller: Caller, vault: Vault
    ) -> None:
        every = [await _issue(licence, caller, vault) for _ in range(MOST)]
        await revoke_credential(licence.id, every[0].id, caller=caller, at=AT)

        assert await _issue(licence, caller, vault)
        with pytest.raises(CredentialsTooMany):
            await _issue(licence, caller, vault)
        later = AT + timedelta(days=31)
        assert await _issue(licence, caller, vault, offline.proof(caller, ISSUER, later), at=later)

    async def test_one_that_could_not_be_made_takes_no_place_and_is_not_in_the_audit(
        self, licence: Licence, caller: Caller, vault: Vault
    ) -> None:
        """G10: the values do not open."""
        other = await make.licence(vault, (await make.person(vault)).id)
        await Licence.filter(id=licence.id).update(values_sealed=other.values_sealed)

        with pytest.raises(SealBroken):
            await _issue(licence, caller, vault)

        assert not await StatusEntry.all().exists()
        assert not await AuditEntry.filter(action="licences.issue_credential").exists()


class TestShowing:
    async def _shown(self, licence: Licence, caller: Caller, vault: Vault, **how: Any) -> str:
        credential = (await _issue(licence, caller, vault)).credential
        given = {"audience": "gate-3", "nonce": "n-1", "at": AT} | how
        return offline.present(credential, {"benefit_class"}, **given)

    def _read(self, shown: str, **changes: Any) -> str:
        given = {"issuer": offline.ADDRESS, "audience": "gate-3", "nonce": "n-1", "at": NOW}
        keys = read_keys(ISSUER.key_set())
        with pytest.raises(Refused) as refused:
            read_presentation(shown, keys, **(given | changes))
        return refused.value.reason

    async def test_by_another_key_it_is_refused(
        self, licence: Licence, caller: Caller, vault: Vault
    ) -> None:
        shown = await self._shown(licence, caller, vault, key=OTHER_KEY)

        assert self._read(shown) == "not_genuine"

    async def test_without_a_holders_signature_or_with_that_of_another_showing_it_is_refused(
        self, licence: Licence, caller: Caller, vault: Vault
    ) -> None:
        first = await self._shown(licence, caller, vault)
        second = await self._shown(licence, caller, vault)
        bare, _, _ = first.rpartition("~")
        _, _, binding = second.rpartition("~")

        assert self._read(f"{bare}~") == "not_bound"
        assert self._read(f"{bare}~{binding}") == "not_bound"

    @pytest.mark.parametrize("seconds", [-121, 301])
    async def test_outside_its_moment_it_is_refused(
        self, licence: Licence, caller: Caller, vault: Vault, seconds: int
    ) -> None:
        shown = await self._shown(licence, caller, vault, at=AT)

        assert self._read(shown, at=NOW + seconds) in ("clock_behind", "binding_old")

    async def test_a_disclosure_changed_added_or_said_twice_is_refused(
        self, licence: Licence, caller: Caller, vault: Vault
    ) -> None:
        """The holder itself signs what it changed: only the issuer's digests stand against it."""
        credential = (await _issue(licence, caller, vault)).credential
        signed, *disclosures, _ = credential.split("~")
        said = json.loads(urlsafe_b64decode(disclosures[0] + "=="))
        forged = urlsafe_b64encode(json.dumps([said[0], said[1], "改过"]).encode()).decode()
        changed = {
            "changed": [forged.rstrip("=")],
            "added": [*disclosures, forged.rstrip("=")],
            "twice": [disclosures[0], disclosures[0]],
            "padded": [disclosures[0] + "="],
            "no json": ["AAAA"],
            "empty": [""],
        }

        for how, texts in changed.items():
            shown = _bind("~".join([signed, *texts, ""]))
            assert self._read(shown) in ("tampered", "not_genuine"), how

    async def test_how_many_fields_there_are_does_not_show(
        self, licence: Licence, caller: Caller, vault: Vault
    ) -> None:
        credential = (await _issue(licence, caller, vault)).credential
        signed, *disclosures, _ = credential.split("~")

        claims = json.loads(urlsafe_b64decode(signed.split(".")[1] + "=="))

        assert len(disclosures) == 4
        assert len(set(claims["_sd"])) == 8
        assert claims["_sd"] == sorted(claims["_sd"])


def _bind(shown: str) -> str:
    """The holder's own signature over whatever it makes of its credential."""
    return offline.bind(shown, audience="gate-3", nonce="n-1", at=AT)
