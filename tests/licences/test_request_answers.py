"""The holder answers a verifier that asked first. 确认核验请求"""

import asyncio
from datetime import date
from uuid import UUID

import pytest

from core.models import AuditEntry
from core.sealing import Vault
from identity.callers import Caller, ConfirmerRequired, VerifierCaller
from identity.kinds import Scope
from identity.models import Verifier, VerifierOrganisation
from licences import request_answers, requests
from licences.history import list_verifications
from licences.models import LicenceStatus, Outcome, Verification, VerificationRequest, Way
from licences.presentations import LicenceNotValid
from licences.registry import LicenceNotFound, change_status
from licences.request_answers import (
    FieldsIncomplete,
    RequestAgreed,
    RequestDiffers,
    RequestUnmet,
)
from licences.requests import (
    RequestAnswered,
    RequestExpired,
    RequestNotFound,
    RequestState,
)
from licences.verifications import READABLE
from tests.conftest import AT
from tests.licences import make
from tests.licences.asking import agree, ask
from tests.licences.make import SIGNER

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def wang(vault: Vault) -> Caller:
    return await make.caller(vault)


@pytest.fixture
async def driving(vault: Vault, wang: Caller) -> UUID:
    return (await make.driving_licence(vault, wang.required_party(), high_stakes=True)).id


@pytest.fixture
async def notary(driving: UUID) -> VerifierCaller:
    return await make.registered(make.police(organisation_name="临溪公证处", purpose="公证核验"))


async def test_the_holder_sees_who_asks_for_what_before_agreeing(
    wang: Caller, driving: UUID, notary: VerifierCaller
) -> None:
    code = await ask(notary)

    seen = await request_answers.view_request(code.code, caller=wang, signer=SIGNER, at=AT)

    assert (seen.organisation_name, seen.purpose, seen.reference_no) == (
        "临溪公证处",
        "公证核验",
        "GZ-2026-1",
    )
    [item] = seen.asked
    assert ([field.label for field in item.fields], item.whole) == (["姓名", "准驾车型"], True)
    assert [licence.id for licence in item.licences] == [driving]
    assert not await Verification.exists()


async def test_the_answer_goes_to_the_verifier_that_asked(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    """C08: to nobody else, and for a quarter of an hour."""
    code = await ask(notary)
    before = await requests.read_request("request-1", verifier=notary, vault=vault, at=AT)

    agreed = await agree(code, wang, driving, vault, organisation_id=notary.organisation_id)

    after = await requests.read_request("request-1", verifier=notary, vault=vault, at=AT)
    assert (before.state, before.answer) == (RequestState.WAITING, None)
    assert after.state is RequestState.ANSWERED
    assert after.answer is not None
    assert (after.answer.outcome, after.answer.verification_no) == (
        Outcome.VALID,
        agreed.verification_nos[0],
    )
    assert [field.key for field in after.answer.fields] == ["name", "vehicle_class"]
    with pytest.raises(RequestNotFound):
        await requests.read_request("request-1", verifier=make.police(), vault=vault, at=AT)
    late = await requests.read_request("request-1", verifier=notary, vault=vault, at=AT + READABLE)
    assert (late.state, late.answer) == (RequestState.ANSWERED, None)


async def test_a_request_is_answered_once(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    """C08, by many hands at once: one answer, one row."""
    code = await ask(notary)

    answers = await asyncio.gather(
        *(
            agree(code, wang, driving, vault, organisation_id=notary.organisation_id)
            for _ in range(6)
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, RequestAgreed) for answer in answers) == 1
    assert sum(isinstance(answer, RequestAnswered) for answer in answers) == 5
    assert await Verification.all().count() == 1


async def test_a_request_is_not_answered_late(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    """C08"""
    code = await ask(notary)

    with pytest.raises(RequestExpired):
        await agree(
            code,
            wang,
            driving,
            vault,
            organisation_id=notary.organisation_id,
            at=AT + requests.LIFETIME,
        )

    assert not await Verification.exists()


async def test_a_request_is_not_answered_for_another_verifier(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    """C08: what the holder saw on the screen is whom the answer goes to."""
    code = await ask(notary)

    with pytest.raises(RequestDiffers):
        await agree(code, wang, driving, vault, organisation_id=make.police().organisation_id)

    assert not await Verification.exists()
    assert await VerificationRequest.filter(answered_at=None).count() == 1


async def test_a_refusal_tells_the_verifier_that_and_nothing_else(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    code = await ask(notary)

    await request_answers.refuse(code.code, caller=wang, signer=SIGNER, at=AT)

    told = await requests.read_request("request-1", verifier=notary, vault=vault, at=AT)
    assert (told.state, told.answer) == (RequestState.REFUSED, None)
    with pytest.raises(RequestAnswered):
        await agree(code, wang, driving, vault, organisation_id=notary.organisation_id)
    actions = await AuditEntry.all().values_list("action", flat=True)
    assert "licences.refuse_request" in actions


async def test_a_licence_of_high_stakes_is_shown_whole_or_not_at_all(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    code = await ask(notary)

    with pytest.raises(FieldsIncomplete) as refused:
        await agree(
            code,
            wang,
            driving,
            vault,
            organisation_id=notary.organisation_id,
            fields=("name",),
        )

    assert refused.value.details() == {"licence_type": "driving", "field": "vehicle_class"}


async def test_of_another_licence_fewer_fields_may_be_shown(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    """C06"""
    await make.driving_type(high_stakes=False)
    code = await ask(notary)

    await agree(
        code, wang, driving, vault, organisation_id=notary.organisation_id, fields=("name",)
    )

    told = await requests.read_request("request-1", verifier=notary, vault=vault, at=AT)
    assert told.answer is not None
    assert [field.key for field in told.answer.fields] == ["name"]


async def test_a_purpose_that_shrank_in_between_shows_less(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    code = await ask(notary)
    await VerifierOrganisation.filter(id=notary.organisation_id).update(fields_allowed=["name"])

    await agree(code, wang, driving, vault, organisation_id=notary.organisation_id)

    told = await requests.read_request("request-1", verifier=notary, vault=vault, at=AT)
    assert told.answer is not None
    assert [field.key for field in told.answer.fields] == ["name"]


async def test_a_verifier_that_was_shut_out_in_between_learns_nothing(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    code = await ask(notary)
    await Verifier.filter(id=notary.verifier_id).update(disabled_at=AT)

    with pytest.raises(RequestExpired):
        await agree(code, wang, driving, vault, organisation_id=notary.organisation_id)

    assert not await Verification.exists()


async def test_a_licence_revoked_while_its_holder_reads_is_not_shown(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    """C04: and the request still waits."""
    code = await ask(notary)
    await change_status(
        driving, LicenceStatus.REVOKED, registry_date=date(2026, 11, 22), actor="system:test"
    )

    with pytest.raises(LicenceNotValid):
        await agree(code, wang, driving, vault, organisation_id=notary.organisation_id)

    told = await requests.read_request("request-1", verifier=notary, vault=vault, at=AT)
    assert told.state is RequestState.WAITING


async def test_only_ones_own_licence_of_the_kind_asked_for_will_do(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    code = await ask(notary)
    elder = await make.licence(vault, wang.required_party())
    others = await make.driving_licence(vault, (await make.person(vault)).id, high_stakes=True)

    with pytest.raises(RequestUnmet):
        await agree(
            code,
            wang,
            elder.id,
            vault,
            organisation_id=notary.organisation_id,
            fields=("name",),
        )
    with pytest.raises(LicenceNotFound):
        await agree(code, wang, others.id, vault, organisation_id=notary.organisation_id)


async def test_an_agent_who_only_prepares_agrees_to_nothing(
    driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    preparer = await make.caller(vault, scope=Scope.PREPARER)
    code = await ask(notary)

    with pytest.raises(ConfirmerRequired):
        await agree(code, preparer, driving, vault, organisation_id=notary.organisation_id)


async def test_an_agent_who_only_prepares_refuses_nothing_either(
    notary: VerifierCaller, vault: Vault
) -> None:
    """A refusal ends the request, and only one of them can."""
    code = await ask(notary)
    preparer = await make.caller(vault, scope=Scope.PREPARER)

    with pytest.raises(ConfirmerRequired):
        await request_answers.refuse(code.code, caller=preparer, signer=SIGNER, at=AT)

    assert await VerificationRequest.filter(refused_at=None).count() == 1


async def test_the_history_says_that_it_was_asked_for_and_for_which_matter(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    code = await ask(notary)
    await agree(code, wang, driving, vault, organisation_id=notary.organisation_id)

    [past] = await list_verifications(driving, caller=wang)

    assert (past.way, past.reference_no, past.organisation_name) == (
        Way.ASKED,
        "GZ-2026-1",
        "临溪公证处",
    )
    assert past.fields == ["姓名", "准驾车型"]
