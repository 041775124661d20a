"""Two at once, around the checking of a code. 核验"""

import asyncio

import pytest
from tortoise.transactions import in_transaction

from core.sealing import Vault
from licences.checking import VerifiedLicence
from licences.models import Licence, Outcome, Presentation, Verification
from licences.presentations import present_licence
from licences.verifications import CodeAlreadyUsed, RequestReused
from tests.conftest import AT
from tests.licences import make
from tests.licences.make import SIGNER
from tests.licences.test_verifications import shown, verify

pytestmark = pytest.mark.usefixtures("db")


async def test_of_two_verifiers_at_once_exactly_one_is_told_that_it_is_valid(vault: Vault) -> None:
    """C02, a hundred times."""
    await race_for_codes(vault, rounds=100)


@pytest.mark.soak
async def test_of_two_verifiers_at_once_exactly_one_is_told_so_a_thousand_times(
    vault: Vault,
) -> None:
    """C02"""
    await race_for_codes(vault, rounds=1_000)


async def race_for_codes(vault: Vault, *, rounds: int) -> None:
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())
    gates = [make.verifier(), make.verifier()]

    for number in range(rounds):
        code = await present_licence(
            licence.id, consented=["name"], caller=caller, signer=SIGNER, at=AT
        )
        answers = await asyncio.gather(
            *(
                verify(code.code, vault, verifier=gate, request_id=f"round-{number}")
                for gate in gates
            ),
            return_exceptions=True,
        )

        told = [one.outcome for one in answers if isinstance(one, VerifiedLicence)]
        assert told == [Outcome.VALID]
        assert sum(isinstance(one, CodeAlreadyUsed) for one in answers) == 1

    valid = Verification.filter(outcome=Outcome.VALID)
    assert await valid.count() == rounds
    assert await Verification.all().count() == 2 * rounds


async def test_one_request_sent_at_once_for_several_codes_is_kept_for_one(vault: Vault) -> None:
    verifier = make.verifier()
    codes = [(await shown(vault, "name"))[0] for _ in range(4)]

    answers = await asyncio.gather(
        *(verify(code.code, vault, verifier=verifier) for code in codes), return_exceptions=True
    )

    assert sum(isinstance(answer, VerifiedLicence) for answer in answers) == 1
    assert sum(isinstance(answer, RequestReused) for answer in answers) == 3
    assert await Presentation.filter(verified_at__isnull=False).count() == 1


async def test_a_late_scan_sent_many_times_at_once_is_kept_once(vault: Vault) -> None:
    """C02"""
    code, _ = await shown(vault, "name")
    await verify(code.code, vault)
    late = make.verifier()

    answers = await asyncio.gather(
        *(verify(code.code, vault, verifier=late) for _ in range(6)), return_exceptions=True
    )

    assert {type(answer) for answer in answers} == {CodeAlreadyUsed}
    assert await Verification.filter(verifier_id=late.verifier_id).count() == 1


async def test_a_scan_and_a_renewal_at_once_do_not_wait_for_each_other(vault: Vault) -> None:
    """Both lock the licence before its codes; the other way round they would end in a deadlock."""
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())
    code = await present_licence(
        licence.id, consented=["name"], caller=caller, signer=SIGNER, at=AT
    )
    renewing = asyncio.Event()

    async def scan() -> VerifiedLicence:
        await renewing.wait()
        return await verify(code.code, vault)

    scanning = asyncio.create_task(scan())
    async with in_transaction():
        await Licence.select_for_update(no_key=True).get(id=licence.id)
        renewing.set()
        await asyncio.sleep(0.2)
        await Presentation.filter(id=code.id).update(replaced_at=AT)

    assert (await scanning).outcome is Outcome.VALID
