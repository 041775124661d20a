from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from core.sealing import Vault
from identity.callers import Caller, ConfirmerRequired, RealNameRequired
from identity.kinds import Scope
from licences.licence_fields import UnknownField
from licences.models import LicenceStatus, Outcome, Presentation
from licences.presentations import (
    SCAN_WINDOW,
    LicenceNotValid,
    PresentationNotFound,
    PresentationState,
    PresentedCode,
    get_progress,
    present_licence,
)
from licences.registry import LicenceNotFound, change_status
from licences.verifications import CodeAlreadyUsed, CodeExpired, verify_presentation
from tests.conftest import AT
from tests.licences import make
from tests.licences.make import SIGNER

pytestmark = pytest.mark.usefixtures("db")


async def show(licence_id: UUID, caller: Caller, at: datetime = AT) -> PresentedCode:
    return await present_licence(
        licence_id, consented=["name"], caller=caller, signer=SIGNER, at=at
    )


async def test_a_code_comes_with_a_picture_a_number_and_its_end(vault: Vault) -> None:
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())

    shown = await show(licence.id, caller)

    assert shown.picture.startswith("data:image/svg+xml;base64,")
    assert len(shown.code) == 64
    assert shown.fallback_no.isdigit()
    assert len(shown.fallback_no) == 16
    assert (shown.expires_at, shown.renew_after_seconds) == (AT + timedelta(seconds=60), 30)


async def test_no_two_codes_are_alike(vault: Vault) -> None:
    """C07: 128 random bits each."""
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())

    ids = [(await show(licence.id, caller)).id.int for _ in range(40)]

    assert len(set(ids)) == 40
    assert [bit for bit in range(128) if len({one >> bit & 1 for one in ids}) == 1] == []


async def test_someone_elses_licence_is_not_found(vault: Vault) -> None:
    licence = await make.licence(vault, (await make.person(vault)).id)

    with pytest.raises(LicenceNotFound):
        await show(licence.id, await make.caller(vault))


async def test_without_real_name_proof_nothing_is_shown(vault: Vault) -> None:
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())
    unproved = Caller(
        account_id=caller.account_id,
        session_id=caller.session_id,
        provider="wechat",
        appid="wx-test",
        subject=caller.subject,
        person_id=None,
        party_id=None,
        level=0,
    )

    with pytest.raises(RealNameRequired):
        await show(licence.id, unproved)


async def test_an_agent_who_only_prepares_shows_nothing(vault: Vault) -> None:
    """Showing is a consent: nothing of the code is made."""
    caller = await make.caller(vault, scope=Scope.PREPARER)
    licence = await make.licence(vault, caller.required_party())

    with pytest.raises(ConfirmerRequired):
        await show(licence.id, caller)

    assert not await Presentation.exists()


async def test_consent_is_to_fields_that_the_licence_has(vault: Vault) -> None:
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())

    with pytest.raises(UnknownField) as refused:
        await present_licence(
            licence.id, consented=["name", "salary"], caller=caller, signer=SIGNER, at=AT
        )

    assert refused.value.details() == {"field": "salary"}


async def test_a_licence_is_good_until_midnight_in_china(vault: Vault) -> None:
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party(), valid_until=date(2026, 11, 22))
    midnight = AT.replace(hour=16)

    await show(licence.id, caller, at=midnight - timedelta(seconds=1))
    with pytest.raises(LicenceNotValid) as refused:
        await show(licence.id, caller, at=midnight)

    assert refused.value.details() == {"status": "expired"}


async def test_a_revoked_licence_is_not_shown(vault: Vault) -> None:
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())
    await change_status(
        licence.id, LicenceStatus.REVOKED, registry_date=date(2026, 11, 22), actor="system:test"
    )

    with pytest.raises(LicenceNotValid):
        await show(licence.id, caller)


async def test_a_renewed_code_ends_the_one_before_after_the_scan_window(vault: Vault) -> None:
    """A scanner that has just caught the old code is answered; a screenshot of it is not."""
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())
    renewed_at = AT + timedelta(seconds=30)
    old, other = await show(licence.id, caller), await make.caller(vault)
    new = await show(licence.id, caller, at=renewed_at)

    with pytest.raises(CodeExpired):
        await verify_presentation(
            old.code,
            request_id="late",
            verifier=make.verifier(),
            signer=SIGNER,
            vault=vault,
            at=renewed_at + SCAN_WINDOW,
        )

    progress = await get_progress(old.id, caller=caller, at=renewed_at)
    assert progress.state is PresentationState.REPLACED
    progress = await get_progress(new.id, caller=caller, at=renewed_at)
    assert progress.state is PresentationState.WAITING
    with pytest.raises(PresentationNotFound):
        await get_progress(new.id, caller=other, at=renewed_at)


async def test_the_old_code_still_counts_inside_the_scan_window(vault: Vault) -> None:
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())
    old = await show(licence.id, caller)
    renewed_at = AT + timedelta(seconds=30)
    await show(licence.id, caller, at=renewed_at)

    answer = await verify_presentation(
        old.code,
        request_id="r",
        verifier=make.verifier(),
        signer=SIGNER,
        vault=vault,
        at=renewed_at + timedelta(seconds=2),
    )

    assert answer.outcome is Outcome.VALID


async def test_the_holder_sees_what_became_of_the_code(vault: Vault) -> None:
    """C01, C02: an expired code says so without alarm; a second scan is counted."""
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())
    shown = await show(licence.id, caller)
    verifier = make.verifier()

    before = await get_progress(shown.id, caller=caller, at=AT)
    answer = await verify_presentation(
        shown.code, request_id="1", verifier=verifier, signer=SIGNER, vault=vault, at=AT
    )
    with pytest.raises(CodeAlreadyUsed):
        await verify_presentation(
            shown.code, request_id="2", verifier=verifier, signer=SIGNER, vault=vault, at=AT
        )
    after = await get_progress(shown.id, caller=caller, at=AT)

    assert (before.state, before.outcome) == (PresentationState.WAITING, None)
    assert (after.state, after.outcome, after.later_scans) == (
        PresentationState.VERIFIED,
        Outcome.VALID,
        1,
    )
    assert (after.organisation_name, after.verification_no) == (
        verifier.organisation_name,
        answer.verification_no,
    )


async def test_an_unscanned_code_expires_quietly(vault: Vault) -> None:
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())
    shown = await show(licence.id, caller)

    progress = await get_progress(shown.id, caller=caller, at=AT + timedelta(seconds=61))

    assert (progress.state, progress.later_scans) == (PresentationState.EXPIRED, 0)
