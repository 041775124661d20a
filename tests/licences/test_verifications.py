import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest
from tortoise import connections

from core.audit import verify_audit
from core.models import AuditEntry
from core.sealing import Vault
from core.signing import Signer
from identity.callers import VerifierCaller
from identity.models import Session
from licences import verifications
from licences.checking import VerifiedLicence
from licences.codes import CodeNotGenuine
from licences.models import LicenceStatus, Outcome, Verification
from licences.presentations import PURPOSE, PresentedCode, present_licence
from licences.registry import change_status
from licences.verifications import (
    CodeAlreadyUsed,
    CodeExpired,
    RequestReused,
    VerificationNotFound,
    VerifierNotEntitled,
)
from tests.conftest import AT
from tests.licences import make
from tests.licences.make import SIGNER

pytestmark = pytest.mark.usefixtures("db")


async def shown(vault: Vault, *consented: str) -> tuple[PresentedCode, UUID]:
    """A code just shown, and its licence."""
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())
    code = await present_licence(
        licence.id, consented=consented, caller=caller, signer=SIGNER, at=AT
    )
    return code, licence.id


async def verify(
    code: str,
    vault: Vault,
    *,
    request_id: str = "request-1",
    verifier: VerifierCaller | None = None,
    seconds: float = 1,
) -> VerifiedLicence:
    return await verifications.verify_presentation(
        code,
        request_id=request_id,
        verifier=verifier or make.verifier(),
        signer=SIGNER,
        vault=vault,
        at=AT + timedelta(seconds=seconds),
    )


async def test_a_verifier_learns_what_was_agreed_and_no_more(vault: Vault) -> None:
    """C06: the answer holds only what was consented to and what this verifier may see."""
    code, _ = await shown(vault, "benefit_class", "number", "valid_until")

    answer = await verify(code.code, vault)

    assert (answer.outcome, answer.status) == (Outcome.VALID, LicenceStatus.VALID)
    assert [(field.key, field.value) for field in answer.fields] == [("benefit_class", "公交免费")]
    assert answer.registry_date == date(2026, 11, 1)
    assert answer.verification_no.startswith("V20261122")
    body = msgspec.json.encode(answer).decode()
    assert "王" not in body
    assert make.SENSITIVE_NUMBER not in body


async def test_a_sensitive_field_leaves_masked(vault: Vault) -> None:
    code, _ = await shown(vault, "name")

    answer = await verify(code.code, vault)

    assert [(field.value, field.masked) for field in answer.fields] == [("王*兰", True)]


async def test_the_number_under_the_picture_works_like_the_picture(vault: Vault) -> None:
    code, _ = await shown(vault, "name")

    answer = await verify(code.fallback_no, vault)

    assert answer.outcome is Outcome.VALID
    with pytest.raises(CodeAlreadyUsed):
        await verify(code.code, vault)


async def test_a_screenshot_dies_after_a_minute(vault: Vault) -> None:
    """C01."""
    code, _ = await shown(vault, "name")

    for seconds in (60, 61, 3600):
        with pytest.raises(CodeExpired):
            await verify(code.code, vault, seconds=seconds)


@pytest.mark.parametrize("scanners", [2, 6])
async def test_of_several_scanners_at_once_one_is_told_valid(vault: Vault, scanners: int) -> None:
    """C02: the others hear that it was used, and each is kept for the holder to see."""
    code, licence_id = await shown(vault, "name")

    answers = await asyncio.gather(
        *(verify(code.code, vault) for _ in range(scanners)), return_exceptions=True
    )

    assert sum(isinstance(answer, VerifiedLicence) for answer in answers) == 1
    assert sum(isinstance(answer, CodeAlreadyUsed) for answer in answers) == scanners - 1
    kept = await Verification.filter(licence_id=licence_id).values_list("outcome", flat=True)
    assert sorted(kept) == sorted(["valid", *["already_used"] * (scanners - 1)])
    waiting = await connections.get("default").execute_query_dict(
        "SELECT count(*) AS jobs FROM procrastinate_jobs WHERE task_name = 'licences.scanned_again'"
    )
    assert waiting[0]["jobs"] == 1


async def test_an_answer_lost_on_the_way_is_given_again_to_its_verifier_alone(
    vault: Vault,
) -> None:
    code, _ = await shown(vault, "name", "benefit_class")
    verifier = make.verifier()

    first = await verify(code.code, vault, verifier=verifier)
    again = await verify(code.code, vault, verifier=verifier, seconds=300)
    late = AT + timedelta(minutes=15)
    read = await verifications.read_again("request-1", verifier=verifier, vault=vault, at=late)

    assert first == again == read
    with pytest.raises(VerificationNotFound):
        await verifications.read_again("request-1", verifier=make.verifier(), vault=vault, at=late)
    with pytest.raises(CodeAlreadyUsed):
        await verify(code.code, vault, verifier=make.verifier())


async def test_one_request_sent_many_times_at_once_gets_one_answer(vault: Vault) -> None:
    code, _ = await shown(vault, "name")
    verifier = make.verifier()

    answers = await asyncio.gather(*(verify(code.code, vault, verifier=verifier) for _ in range(6)))

    assert len({answer.verification_no for answer in answers}) == 1
    assert await Verification.all().count() == 1


async def test_a_request_id_is_for_one_code(vault: Vault) -> None:
    verifier = make.verifier()
    first, second = await shown(vault, "name"), await shown(vault, "name")
    await verify(first[0].code, vault, verifier=verifier)

    with pytest.raises(RequestReused):
        await verify(second[0].code, vault, verifier=verifier)


async def test_a_refused_second_scan_is_refused_again_when_asked_again(vault: Vault) -> None:
    code, _ = await shown(vault, "name")
    await verify(code.code, vault)
    late = make.verifier()

    for _ in range(2):
        with pytest.raises(CodeAlreadyUsed):
            await verify(code.code, vault, verifier=late, request_id="mine")

    assert await Verification.filter(verifier_id=late.verifier_id).count() == 1


@pytest.mark.parametrize(
    "status", [LicenceStatus.REVOKED, LicenceStatus.SUSPENDED, LicenceStatus.EXPIRED]
)
async def test_a_licence_that_lost_validity_after_it_was_shown_is_invalid_with_its_reason(
    vault: Vault, status: LicenceStatus
) -> None:
    """C04: an answer, not a refusal; and no field leaves."""
    code, licence_id = await shown(vault, "name", "benefit_class")
    await change_status(licence_id, status, registry_date=date(2026, 11, 22), actor="system:test")

    answer = await verify(code.code, vault)

    assert (answer.outcome, answer.status, answer.fields) == (Outcome.INVALID, status, [])
    assert answer.registry_date == date(2026, 11, 22)
    assert (await Verification.get()).reason is status


async def test_a_licence_that_ends_at_midnight_between_show_and_scan_is_invalid(
    vault: Vault,
) -> None:
    """C04, by the calendar."""
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party(), valid_until=date(2026, 11, 22))
    eve = AT.replace(hour=15, minute=59, second=50)
    code = await present_licence(
        licence.id, consented=["name"], caller=caller, signer=SIGNER, at=eve
    )

    answer = await verify(code.code, vault, seconds=(eve - AT).total_seconds() + 15)

    assert (answer.outcome, answer.status) == (Outcome.INVALID, LicenceStatus.EXPIRED)


async def test_a_verifier_of_other_licence_types_is_refused_and_spends_nothing(
    vault: Vault,
) -> None:
    """C05: it learns nothing about the licence, and the code stays good for one that may."""
    code, _ = await shown(vault, "name")

    with pytest.raises(VerifierNotEntitled) as refused:
        await verify(code.code, vault, verifier=make.verifier(licence_types=frozenset({"driving"})))

    assert refused.value.details() == {}
    assert (await verify(code.code, vault)).outcome is Outcome.VALID


async def test_a_code_dies_with_the_session_that_showed_it(vault: Vault) -> None:
    code, _ = await shown(vault, "name")
    await Session.all().update(ended_at=AT, ended_because="logout")

    with pytest.raises(CodeExpired):
        await verify(code.code, vault)


async def test_every_bit_of_a_code_counts(vault: Vault) -> None:
    """C03: each bit flipped in turn, and nothing is spent by trying."""
    code, _ = await shown(vault, "name")
    genuine = urlsafe_b64decode(code.code)

    for bit in range(0, len(genuine) * 8, 5):
        forged = bytearray(genuine)
        forged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CodeNotGenuine):
            await verify(urlsafe_b64encode(forged).decode(), vault)

    assert (await verify(code.code, vault)).outcome is Outcome.VALID


@pytest.mark.parametrize(
    "signer",
    [
        pytest.param(Signer([b"for tests only"], purpose="page cursor"), id="other purpose"),
        pytest.param(Signer([b"another environment"], purpose=PURPOSE), id="other key"),
    ],
)
async def test_a_code_signed_otherwise_is_not_genuine(vault: Vault, signer: Signer) -> None:
    """C03."""
    code, _ = await shown(vault, "name")

    with pytest.raises(CodeNotGenuine):
        await verify(signer.sign(code.id.bytes), vault)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "x",
        "!" * 64,
        "0" * 16,
        "9" * 15,
        "1" * 17,
        SIGNER.sign(b"0" * 16),
        SIGNER.sign(b"short"),
    ],
)
async def test_what_is_no_code_of_ours_is_not_genuine(vault: Vault, code: str) -> None:
    """C03, C07."""
    with pytest.raises(CodeNotGenuine):
        await verify(code, vault)


async def test_a_genuine_code_with_something_added_is_not_genuine(vault: Vault) -> None:
    """C03: base64 readers skip what they do not know; ours takes one spelling only."""
    code, _ = await shown(vault, "name")

    for changed in (code.code + "\n", code.code + "=", " " + code.code, code.code[:-1] + "!"):
        with pytest.raises(CodeNotGenuine):
            await verify(changed, vault)


async def test_each_verification_leaves_an_audit_row_without_personal_data(vault: Vault) -> None:
    code, licence_id = await shown(vault, "name")
    verifier = make.verifier()

    answer = await verify(code.code, vault, verifier=verifier)

    row = await AuditEntry.get(action="licences.verify")
    assert (row.actor, row.subject) == (verifier.actor(), f"licence:{licence_id}")
    assert row.details == {"verification": answer.verification_no, "outcome": "valid"}
    assert (await verify_audit()).broken_at is None
