"""A holder lets an organisation take a licence when it needs it, until a day. 用证授权

For the organisation's registered purpose, and for some of the fields that are registered for it.
What was given is listed, and can be taken back at any time.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit
from core.clock import CHINA, date_in_china
from core.errors import NotFound, Rejected
from core.ids import new_id
from identity.callers import Caller
from identity.kinds import Right
from identity.models import VerifierOrganisation
from licences.licence_fields import definitions
from licences.models import Licence, UseConsent
from licences.requests import BeyondPurpose
from licences.wallet import find_own
from licences.wanted import PORTRAIT, check_fields

LONGEST = timedelta(days=366)


class ConsentNotFound(NotFound):
    code = "licences.consent_not_found"
    message = "没有找到该用证授权"


class OrganisationNotFound(NotFound):
    code = "licences.organisation_not_found"
    message = "没有找到可以使用该证照的机构"


class ConsentEndInvalid(Rejected):
    code = "licences.consent_end_invalid"
    message = "授权截止日期须在今天之后一年以内"


class Taker(Struct, frozen=True, kw_only=True):
    """An organisation that may take a licence, what for, and at most which of its fields."""

    organisation_id: UUID
    organisation_name: str
    purpose: str
    fields: list[str]


class GivenConsent(Struct, frozen=True, kw_only=True):
    """One consent as its holder sees it. `living`: it counts now."""

    id: UUID
    licence_id: UUID
    licence_name: str
    organisation_name: str
    purpose: str
    fields: list[str]
    given_at: datetime
    until: date
    revoked_at: datetime | None
    living: bool


async def list_takers(licence_id: UUID, *, caller: Caller) -> list[Taker]:
    """The organisations that a licence could be taken by. 可授权机构"""
    licence = await find_own(licence_id, caller)
    known = _known(licence)
    found = await VerifierOrganisation.filter(
        licence_types__contains=[licence.licence_type_id], disabled_at=None
    ).order_by("name")
    return [
        Taker(
            organisation_id=one.id,
            organisation_name=one.name,
            purpose=one.purpose,
            fields=[key for key in known if key in one.fields_allowed],
        )
        for one in found
    ]


async def give_consent(
    licence_id: UUID,
    *,
    organisation_id: UUID,
    fields: Sequence[str],
    until: date,
    caller: Caller,
    at: datetime,
) -> GivenConsent:
    """Let an organisation take the licence until the end of a day in China. 授权用证"""
    caller.required_right(Right.APPLY)
    licence = await find_own(licence_id, caller)
    check_fields(fields, licence)
    today = date_in_china(at)
    if not today <= until <= today + LONGEST:
        raise ConsentEndInvalid()
    organisation = await _organisation(organisation_id, licence, fields)
    consent = UseConsent(
        id=new_id(),
        licence_id=licence.id,
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        purpose=organisation.purpose,
        fields_agreed=list(dict.fromkeys(fields)),
        given_by=caller.actor(),
        given_at=at,
        expires_at=datetime.combine(until + timedelta(days=1), time(), CHINA),
    )
    async with in_transaction():
        await consent.save(force_create=True)
        await audit.record(caller.actor(), "licences.give_consent", f"use_consent:{consent.id}")
    consent.licence = licence
    return _given(consent, at)


async def list_consents(
    *, caller: Caller, at: datetime, before: UUID | None = None, limit: int = 20
) -> list[GivenConsent]:
    """What the party gave, newest first, older than `before`, ended and revoked ones too."""
    rows = UseConsent.filter(licence__holder_id=caller.required_right(Right.VIEW))
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = await rows.order_by("-id").limit(limit).select_related("licence__licence_type")
    return [_given(row, at) for row in found]


async def revoke_consent(consent_id: UUID, *, caller: Caller, at: datetime) -> GivenConsent:
    """Take a consent back; from then on nothing is taken under it. Twice is once. 撤回授权"""
    party_id = caller.required_right(Right.APPLY)
    own = UseConsent.filter(id=consent_id, licence__holder_id=party_id)
    found = await own.first().select_related("licence__licence_type")
    if found is None:
        raise ConsentNotFound(consent_id=consent_id)
    async with in_transaction():
        if await UseConsent.filter(id=consent_id, revoked_at=None).update(revoked_at=at):
            found.revoked_at = at
            await audit.record(
                caller.actor(), "licences.revoke_consent", f"use_consent:{consent_id}"
            )
    return _given(found, at)


def is_living(consent: UseConsent, at: datetime) -> bool:
    return consent.revoked_at is None and at < consent.expires_at


async def _organisation(
    organisation_id: UUID, licence: Licence, fields: Sequence[str]
) -> VerifierOrganisation:
    found = await VerifierOrganisation.get_or_none(id=organisation_id, disabled_at=None)
    if found is None or licence.licence_type_id not in found.licence_types:
        raise OrganisationNotFound(organisation_id=organisation_id)
    beyond = next((key for key in fields if key not in found.fields_allowed), None)
    if beyond is not None:
        raise BeyondPurpose(licence_type=licence.licence_type_id, field=beyond)
    return found


def _known(licence: Licence) -> list[str]:
    keys = [field.key for field in definitions(licence.licence_type)]
    return keys if licence.portrait_id is None else [*keys, PORTRAIT]


def _given(consent: UseConsent, at: datetime) -> GivenConsent:
    return GivenConsent(
        id=consent.id,
        licence_id=consent.licence_id,
        licence_name=consent.licence.licence_type.name,
        organisation_name=consent.organisation_name,
        purpose=consent.purpose,
        fields=consent.fields_agreed,
        given_at=consent.given_at,
        until=date_in_china(consent.expires_at - timedelta(seconds=1)),
        revoked_at=consent.revoked_at,
        living=is_living(consent, at),
    )
