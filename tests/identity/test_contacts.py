import asyncio

import pytest

from core.database import DatabaseGone
from core.sealing import Place, Vault
from identity.callers import Caller
from identity.contacts import PhoneProofUsed, find_person_phone, find_phone, verify_phone
from identity.models import Account, PhoneContact
from identity.providers import PhoneProofRejected
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import NO_CACHE, FakeProvider, caller_of, real_name_account

pytestmark = pytest.mark.usefixtures("db")

PHONE = "15401991001"
PROVIDER = FakeProvider()


async def tap(issuer: TokenIssuer, code: str) -> Caller:
    return await caller_of(await log_in(code, provider=PROVIDER, issuer=issuer, at=AT), at=AT)


async def share(caller: Caller, proof: str, vault: Vault) -> str:
    return await verify_phone(caller, proof, provider=PROVIDER, vault=vault, states=NO_CACHE, at=AT)


async def test_a_shared_number_is_a_contact_sealed_and_masked(
    issuer: TokenIssuer, vault: Vault
) -> None:
    caller = await tap(issuer, "openid-a")

    assert await share(caller, f"phone-{PHONE}", vault) == "154****1001"

    assert await find_phone(caller.account_id, vault=vault) == PHONE
    assert (await Account.get()).level == 1
    assert PHONE not in repr(await PhoneContact.all().values())


async def test_a_proof_counts_once_also_for_two_at_once(issuer: TokenIssuer, vault: Vault) -> None:
    callers = [await tap(issuer, "openid-a"), await tap(issuer, "openid-b")] * 3

    answers = await asyncio.gather(
        *(share(caller, f"phone-{PHONE}", vault) for caller in callers), return_exceptions=True
    )

    assert sum(isinstance(answer, PhoneProofUsed) for answer in answers) == 5
    assert await PhoneContact.all().count() == 1


async def test_a_refused_proof_may_be_shown_again(issuer: TokenIssuer, vault: Vault) -> None:
    caller = await tap(issuer, "openid-a")

    for _ in range(2):
        with pytest.raises(PhoneProofRejected):
            await share(caller, "nonsense", vault)


class FailingVault(Vault):
    """Seals nothing: stands for a database that dies before the number is kept."""

    def seal(self, place: Place, text: str) -> bytes:
        raise DatabaseGone()


async def test_a_proof_is_spent_only_together_with_the_number_it_brings(
    issuer: TokenIssuer, vault: Vault
) -> None:
    """G05: the database dies after the number was read and before it is kept."""
    caller = await tap(issuer, "openid-a")

    with pytest.raises(DatabaseGone):
        await share(caller, f"phone-{PHONE}", FailingVault({1: b"k" * 32}, index_key=b"i" * 32))

    assert await share(caller, f"phone-{PHONE}", vault) == "154****1001"
    with pytest.raises(PhoneProofUsed):
        await share(caller, f"phone-{PHONE}", vault)


async def test_a_new_number_ends_the_old_one(issuer: TokenIssuer, vault: Vault) -> None:
    caller = await tap(issuer, "openid-a")
    await share(caller, f"phone-{PHONE}#1", vault)
    await share(caller, f"phone-{PHONE}#2", vault)

    await share(caller, "phone-15401991999", vault)

    assert await find_phone(caller.account_id, vault=vault) == "15401991999"
    assert await PhoneContact.filter(ended_at=AT).count() == 1


async def test_a_number_given_to_somebody_else_leaves_the_first_and_brings_no_account(
    issuer: TokenIssuer, vault: Vault
) -> None:
    """A12"""
    first, second = await tap(issuer, "openid-a"), await tap(issuer, "openid-b")
    await share(first, f"phone-{PHONE}#1", vault)

    await share(second, f"phone-{PHONE}#2", vault)

    assert await find_phone(first.account_id, vault=vault) is None
    assert (await Account.get(id=first.account_id)).level == 0
    assert await find_phone(second.account_id, vault=vault) == PHONE
    assert second.account_id != first.account_id


async def test_two_who_prove_one_number_at_once_do_not_both_have_it(
    issuer: TokenIssuer, vault: Vault
) -> None:
    """A12"""
    for number in range(10):
        callers = [await tap(issuer, f"openid-{who}{number}") for who in "abc"]

        await asyncio.gather(
            *(share(one, f"phone-{PHONE}#{one.subject}", vault) for one in callers)
        )

        assert await PhoneContact.filter(ended_at=None).count() == 1


async def test_two_accounts_of_one_person_may_have_one_number(
    issuer: TokenIssuer, vault: Vault
) -> None:
    person = {"name": "王桂兰", "id_number": "330100195103089023", "vault": vault}
    one = await real_name_account(subject="openid-a", **person)
    await real_name_account(subject="openid-b", **person)
    stranger = await real_name_account(
        name="陈丽", id_number="330100197609219066", vault=vault, subject="openid-c"
    )

    for code in ("openid-c", "openid-a", "openid-b"):
        await share(await tap(issuer, code), f"phone-{PHONE}#{code}", vault)

    assert await PhoneContact.filter(ended_at=None).count() == 2
    assert one.person_id is not None
    assert await find_person_phone(one.person_id, vault=vault) == PHONE
    assert stranger.person_id is not None
    assert await find_person_phone(stranger.person_id, vault=vault) is None
    assert (await Account.get(id=stranger.id)).level == 2
