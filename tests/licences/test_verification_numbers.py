import msgspec
import pytest

from core.models import HumanTask
from core.sealing import Vault
from identity.callers import Caller
from licences.models import Outcome, Way
from licences.presentations import present_licence
from licences.verification_numbers import (
    Misuse,
    NumberNotFound,
    look_up,
    report_misuse,
)
from licences.verifications import verify_presentation
from tests.conftest import AT
from tests.licences import make
from tests.licences.make import SIGNER

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def wang(vault: Vault) -> Caller:
    return await make.caller(vault)


@pytest.fixture
async def number(wang: Caller, vault: Vault) -> str:
    """Of a check of Wang's card by the traffic police."""
    card = await make.licence(vault, wang.required_party())
    code = await present_licence(card.id, consented=["name"], caller=wang, signer=SIGNER, at=AT)
    answer = await verify_presentation(
        code.code,
        request_id="request-1",
        verifier=await make.registered(make.police()),
        signer=SIGNER,
        vault=vault,
        at=AT,
    )
    return answer.verification_no


async def test_a_number_proves_that_there_was_a_check_and_tells_nothing_of_the_holder(
    number: str, wang: Caller
) -> None:
    """C06"""
    found = await look_up(number)

    assert (found.way, found.licence_type, found.outcome, found.verified_at) == (
        Way.SHOWN,
        "elder-card",
        Outcome.VALID,
        AT,
    )
    text = msgspec.json.encode(found).decode()
    assert not any(word in text for word in ("王", str(wang.party_id), make.SENSITIVE_NUMBER))


async def test_a_number_that_nobody_gave_is_not_found() -> None:
    """C07: 60 random bits a day and the limit on reading stand before a guesser."""
    with pytest.raises(NumberNotFound):
        await look_up("V20261122AAAAAAAAAAAA")


async def test_what_a_holder_finds_wrong_comes_before_the_verifiers_department_once(
    number: str, wang: Caller
) -> None:
    for _ in range(2):
        await report_misuse(number, Misuse.NOT_AGREED, caller=wang)
    await report_misuse(number, Misuse.TOO_MUCH, caller=wang)

    tasks = await HumanTask.filter(kind="licences.misuse_reported").order_by("id")
    assert [task.details["misuse"] for task in tasks] == ["not_agreed", "too_much"]
    assert {(task.department, task.subject) for task in tasks} == {
        ("330199-public-security", f"verification:{number}")
    }


async def test_only_the_holder_complains_of_a_check(number: str, vault: Vault) -> None:
    stranger = await make.caller(vault)

    with pytest.raises(NumberNotFound):
        await report_misuse(number, Misuse.NOT_ME, caller=stranger)

    assert not await HumanTask.exists()
