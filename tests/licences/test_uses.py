"""A licence taken as a material of a matter. 用证"""

import asyncio
from datetime import date, timedelta
from uuid import UUID

import pytest
from tortoise.transactions import in_transaction

from app import subscriptions
from core import jobs
from core.ids import new_id
from core.models import AuditEntry
from core.sealing import Vault
from identity.callers import Caller, ConfirmerRequired, MachineCaller
from identity.kinds import Scope
from licences import consents, uses
from licences.checking import VerifiedLicence
from licences.consents import (
    ConsentEndInvalid,
    ConsentNotFound,
    GivenConsent,
    OrganisationNotFound,
)
from licences.history import list_verifications
from licences.models import LicenceStatus, Outcome, UseConsent, Verification, Way
from licences.registry import LicenceNotFound, change_status
from licences.requests import BeyondPurpose
from licences.uses import Authority, ConsentedUse, LicenceUse
from licences.verifications import READABLE, CodeAlreadyUsed, RequestReused, forget_answers
from notifications.models import Message
from tests.conftest import AT
from tests.licences import make

pytestmark = pytest.mark.usefixtures("db")

UNTIL = date(2027, 3, 31)
NUMBER = "LX-LNZ-1951"


@pytest.fixture
async def wang(vault: Vault) -> Caller:
    return await make.caller(vault)


@pytest.fixture
async def card(vault: Vault, wang: Caller) -> UUID:
    return (await make.licence(vault, wang.required_party(), number=NUMBER)).id


@pytest.fixture
async def window(card: UUID) -> MachineCaller:
    return await make.machine()


async def consent(
    card: UUID, wang: Caller, window: MachineCaller, *fields: str, until: date = UNTIL
) -> GivenConsent:
    return await consents.give_consent(
        card,
        organisation_id=window.organisation_id,
        fields=fields or ("name", "number"),
        until=until,
        caller=wang,
        at=AT,
    )


async def take(
    authority: Authority,
    window: MachineCaller,
    vault: Vault,
    *fields: str,
    request_id: str = "request-1",
    reference_no: str = "LX-2026-004512",
    days: int = 0,
) -> VerifiedLicence:
    use = LicenceUse(
        authority=authority,
        request_id=request_id,
        reference_no=reference_no,
        licence_type="elder-card",
        fields=fields or ("name", "number"),
    )
    return await uses.use_licence(use, taker=window, vault=vault, at=AT + timedelta(days=days))


async def test_under_a_consent_a_licence_is_taken_in_clear_and_logged(
    card: UUID, wang: Caller, window: MachineCaller, vault: Vault
) -> None:
    given = await consent(card, wang, window)

    answer = await take(ConsentedUse(given.id), window, vault)

    assert {field.key: field.value for field in answer.fields} == {
        "name": "王桂兰",
        "number": NUMBER,
    }
    assert not any(field.masked for field in answer.fields)
    [past] = await list_verifications(card, caller=wang)
    assert (past.way, past.reference_no, past.fields) == (
        Way.USED,
        "LX-2026-004512",
        ["姓名", "证号"],
    )
    entry = await AuditEntry.get(action="licences.use")
    assert (entry.actor, entry.subject) == (window.actor(), f"licence:{card}")


async def test_the_holder_is_told_of_each_use_once(
    card: UUID, wang: Caller, window: MachineCaller, vault: Vault
) -> None:
    given = await consent(card, wang, window)
    await take(ConsentedUse(given.id), window, vault)
    await take(ConsentedUse(given.id), window, vault)

    await jobs.run_due({"licences.used": subscriptions.tell_holder_of_use}, at=AT)

    message = await Message.get(recipient_id=wang.party_id)
    assert "LX-2026-004512" in message.text
    assert window.organisation_name in message.text


async def test_a_consent_taken_back_lets_nothing_be_taken(
    card: UUID, wang: Caller, window: MachineCaller, vault: Vault
) -> None:
    given = await consent(card, wang, window)

    revoked = await consents.revoke_consent(given.id, caller=wang, at=AT)
    again = await consents.revoke_consent(given.id, caller=wang, at=AT + timedelta(days=1))

    assert (given.living, revoked.living, again.revoked_at) == (True, False, AT)
    with pytest.raises(ConsentNotFound):
        await take(ConsentedUse(given.id), window, vault)
    assert not await Verification.exists()


async def test_a_consent_counts_to_the_end_of_its_day_in_china(
    card: UUID, wang: Caller, window: MachineCaller, vault: Vault
) -> None:
    given = await consent(card, wang, window, until=date(2026, 11, 23))

    await take(ConsentedUse(given.id), window, vault, days=1)
    with pytest.raises(ConsentNotFound):
        await take(ConsentedUse(given.id), window, vault, request_id="request-2", days=2)

    assert given.until == date(2026, 11, 23)


@pytest.mark.parametrize("until", [date(2026, 11, 21), date(2027, 11, 24)])
async def test_a_consent_ends_within_a_year(
    card: UUID, wang: Caller, window: MachineCaller, until: date
) -> None:
    with pytest.raises(ConsentEndInvalid):
        await consent(card, wang, window, until=until)


async def test_a_consent_of_another_organisations_is_not_found(
    card: UUID, wang: Caller, window: MachineCaller, vault: Vault
) -> None:
    given = await consent(card, wang, window)
    other = await make.machine()

    for consent_id in (given.id, new_id()):
        with pytest.raises(ConsentNotFound):
            await take(ConsentedUse(consent_id), other, vault)


async def test_more_than_was_agreed_to_is_refused_by_name(
    card: UUID, wang: Caller, window: MachineCaller, vault: Vault
) -> None:
    """C06"""
    given = await consent(card, wang, window, "name")

    with pytest.raises(BeyondPurpose) as refused:
        await take(ConsentedUse(given.id), window, vault, "name", "number")

    assert refused.value.details() == {"licence_type": "elder-card", "field": "number"}
    assert not await Verification.exists()


async def test_nobody_agrees_to_more_than_is_registered(
    card: UUID, wang: Caller, window: MachineCaller, vault: Vault
) -> None:
    with pytest.raises(BeyondPurpose) as refused:
        await consent(card, wang, window, "name", "benefit_class")
    driving = await make.driving_licence(vault, wang.required_party())
    with pytest.raises(OrganisationNotFound):
        await consent(driving.id, wang, window, "name")

    assert refused.value.details() == {"licence_type": "elder-card", "field": "benefit_class"}


async def test_consent_is_given_and_taken_back_by_the_holder_alone(
    card: UUID, wang: Caller, window: MachineCaller, vault: Vault
) -> None:
    given = await consent(card, wang, window)
    stranger = await make.caller(vault)
    preparer = await make.caller(vault, scope=Scope.PREPARER)

    with pytest.raises(LicenceNotFound):
        await consent(card, stranger, window)
    with pytest.raises(ConfirmerRequired):
        await consent(card, preparer, window)
    with pytest.raises(ConsentNotFound):
        await consents.revoke_consent(given.id, caller=stranger, at=AT)

    assert await consents.list_consents(caller=stranger, at=AT) == []
    assert await consents.list_consents(caller=wang, at=AT) == [given]


async def test_a_holder_chooses_among_those_who_registered_for_the_kind(
    card: UUID, wang: Caller, window: MachineCaller
) -> None:
    await make.registered(make.police(licence_types=frozenset({"driving"})))

    [taker] = await consents.list_takers(card, caller=wang)

    assert (taker.organisation_id, taker.fields) == (window.organisation_id, ["name", "number"])


async def test_a_use_waits_for_a_revocation_under_way_and_heeds_it(
    card: UUID, wang: Caller, window: MachineCaller, vault: Vault
) -> None:
    """What is taken was taken before the consent was taken back: its row's lock decides."""
    given = await consent(card, wang, window)
    revoking = asyncio.Event()

    async def use() -> VerifiedLicence:
        await revoking.wait()
        return await take(ConsentedUse(given.id), window, vault)

    using = asyncio.create_task(use())
    async with in_transaction():
        await UseConsent.filter(id=given.id).update(revoked_at=AT)
        revoking.set()
        await asyncio.sleep(0.2)

    with pytest.raises(ConsentNotFound):
        await using
    assert not await Verification.exists()


async def test_one_request_sent_many_times_at_once_is_one_use(
    card: UUID, wang: Caller, window: MachineCaller, vault: Vault
) -> None:
    given = await consent(card, wang, window)

    answers = await asyncio.gather(*(take(ConsentedUse(given.id), window, vault) for _ in range(6)))

    assert len({answer.verification_no for answer in answers}) == 1
    assert await Verification.all().count() == 1


async def test_a_request_id_is_for_one_matter_and_for_a_quarter_of_an_hour(
    card: UUID, wang: Caller, window: MachineCaller, vault: Vault
) -> None:
    given = await consent(card, wang, window)
    await take(ConsentedUse(given.id), window, vault)

    with pytest.raises(RequestReused):
        await take(ConsentedUse(given.id), window, vault, reference_no="another")
    with pytest.raises(CodeAlreadyUsed):
        await take(ConsentedUse(given.id), window, vault, days=1)

    await forget_answers(at=AT + READABLE)
    assert (await Verification.get()).answer_sealed is None


async def test_a_licence_that_is_not_valid_is_told_of_without_its_fields(
    card: UUID, wang: Caller, window: MachineCaller, vault: Vault
) -> None:
    """C04"""
    given = await consent(card, wang, window)
    await change_status(
        card, LicenceStatus.SUSPENDED, registry_date=date(2026, 11, 22), actor="system:test"
    )

    answer = await take(ConsentedUse(given.id), window, vault)

    assert (answer.outcome, answer.status, answer.fields) == (
        Outcome.INVALID,
        LicenceStatus.SUSPENDED,
        [],
    )
