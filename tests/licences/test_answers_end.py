from datetime import timedelta

import pytest

from core.sealing import Vault
from licences import verifications
from licences.models import Outcome, Verification
from licences.verifications import CodeAlreadyUsed, VerificationNotFound
from tests.given import AT
from tests.licences import make
from tests.licences.test_verifications import shown, verify

pytestmark = pytest.mark.usefixtures("db")


async def test_an_answer_ends_after_a_quarter_of_an_hour_and_then_its_values_are_forgotten(
    vault: Vault,
) -> None:
    """That there was a check stays, for the holder and for audit."""
    code, _ = await shown(vault, "name")
    verifier, verified_at = make.verifier(), AT + timedelta(seconds=1)
    await verify(code.code, vault, verifier=verifier)

    ends = verified_at + timedelta(minutes=15)
    with pytest.raises(VerificationNotFound):
        await verifications.read_again("request-1", verifier=verifier, vault=vault, at=ends)
    with pytest.raises(CodeAlreadyUsed):
        await verify(code.code, vault, verifier=verifier, seconds=901)
    await verifications.forget_answers(at=ends - timedelta(seconds=1))
    assert (await Verification.get()).answer_sealed is not None

    await verifications.forget_answers(at=ends)

    row = await Verification.get()
    assert (row.answer_sealed, row.outcome, row.fields_shown) == (None, Outcome.VALID, ["name"])
