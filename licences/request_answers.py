"""The holder's side of a verifier's request: see it, agree to it, refuse it. 确认核验请求"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit
from core.clock import date_in_china
from core.errors import Conflict, Rejected
from core.files import FileStorage
from core.ids import new_id
from core.news import News
from core.sealing import Vault
from core.signing import Signer
from identity.callers import Caller
from identity.kinds import Right
from identity.models import Verifier
from licences.checking import Agreed, Synced, judge, keep_answer
from licences.freshness import synced_moments
from licences.licence_fields import definitions
from licences.models import (
    Licence,
    LicenceStatus,
    LicenceType,
    Verification,
    VerificationRequest,
    Way,
)
from licences.portraits import inline_portrait
from licences.presentations import lock_valid
from licences.requests import (
    AskedLicence,
    RequestExpired,
    check_waiting,
    find_request,
    items_of,
    take_request,
    topic,
)
from licences.wanted import PORTRAIT, Wanted, find_wanted


class RequestDiffers(Conflict):
    code = "licences.request_differs"
    message = "请求方与您看到的不一致，请重新扫码"


class RequestUnmet(Rejected):
    code = "licences.request_unmet"
    message = "所选证照与核验请求不符"
    shown = ("licence_type",)


class FieldsIncomplete(Rejected):
    code = "licences.fields_incomplete"
    message = "该证照须按请求的内容完整出示"
    shown = ("licence_type", "field")


class AskedField(Struct, frozen=True):
    key: str
    label: str


class OwnLicence(Struct, frozen=True):
    """One of the caller's own that would do."""

    id: UUID
    issuer: str
    status: LicenceStatus


class AskedOfYou(Struct, frozen=True, kw_only=True):
    """One licence asked for. Of one that is `whole`, all fields are shown or none."""

    licence_type: str
    name: str
    fields: list[AskedField]
    whole: bool
    licences: list[OwnLicence]


class RequestView(Struct, frozen=True, kw_only=True):
    """Who asks, for what and for which fields: all that a holder should know before agreeing."""

    organisation_id: UUID
    organisation_name: str
    purpose: str
    reference_no: str | None
    asked: list[AskedOfYou]
    expires_at: datetime


class RequestAgreed(Struct, frozen=True, kw_only=True):
    """What was told, as the holder may note it."""

    organisation_name: str
    verification_nos: list[str]
    answered_at: datetime


async def view_request(code: str, *, caller: Caller, signer: Signer, at: datetime) -> RequestView:
    """What is behind a verifier's code, while it waits for an answer. 查看核验请求"""
    holder_id = caller.required_right(Right.VIEW)
    request = await find_request(code, signer)
    check_waiting(request, at)
    return RequestView(
        organisation_id=request.organisation_id,
        organisation_name=request.organisation_name,
        purpose=request.purpose,
        reference_no=request.reference_no,
        asked=[await _asked_of(one, holder_id, at) for one in items_of(request)],
        expires_at=request.expires_at,
    )


async def agree(
    code: str,
    wanted: Sequence[Wanted],
    *,
    organisation_id: UUID,
    caller: Caller,
    signer: Signer,
    vault: Vault,
    at: datetime,
    files: FileStorage | None = None,
    news: News | None = None,
) -> RequestAgreed:
    """Show the verifier behind a code what it asks for, once. 同意核验请求

    `organisation_id` is the one that the holder saw: a code of another asker is not answered by
    mistake. One licence for each that is asked for; fewer fields only where that is allowed.
    """
    caller.required_right(Right.APPLY)
    request = await find_request(code, signer)
    check_waiting(request, at)
    if request.organisation_id != organisation_id:
        raise RequestDiffers(request_id=request.id)
    found = await find_wanted(wanted, caller)
    allowed = await _still_allowed(request)
    agreed = [
        await _agreed(asked, wanted, found, allowed, files, at) for asked in items_of(request)
    ]
    if len(agreed) != len(wanted):
        raise RequestUnmet(request_id=request.id)
    synced = await synced_moments()
    async with in_transaction():
        await take_request(request, refused=False, at=at)
        numbers = await _tell(request, agreed, synced, caller, vault, at)
    if news is not None:
        news.tell(topic(request))
    return RequestAgreed(
        organisation_name=request.organisation_name, verification_nos=numbers, answered_at=at
    )


async def refuse(
    code: str, *, caller: Caller, signer: Signer, at: datetime, news: News | None = None
) -> None:
    """Say no: the verifier learns that and nothing else. 拒绝核验请求"""
    caller.required_right(Right.APPLY)
    request = await find_request(code, signer)
    async with in_transaction():
        await take_request(request, refused=True, at=at)
        await audit.record(
            caller.actor(), "licences.refuse_request", f"verification_request:{request.id}"
        )
    if news is not None:
        news.tell(topic(request))


async def _asked_of(asked: AskedLicence, holder_id: UUID, at: datetime) -> AskedOfYou:
    licence_type = await LicenceType.get(code=asked.licence_type)
    labels = {field.key: field.label for field in definitions(licence_type)} | {PORTRAIT: "照片"}
    own = await Licence.filter(holder_id=holder_id, licence_type_id=licence_type.code)
    today = date_in_china(at)
    return AskedOfYou(
        licence_type=licence_type.code,
        name=licence_type.name,
        fields=[AskedField(key, labels.get(key, key)) for key in asked.fields],
        whole=licence_type.high_stakes,
        licences=[OwnLicence(one.id, one.issuer, one.status_on(today)) for one in own],
    )


async def _still_allowed(request: VerificationRequest) -> frozenset[str]:
    """What the verifier may see today; RequestExpired when it is not one any more."""
    verifier = await Verifier.get_or_none(
        id=request.verifier_id, disabled_at=None, organisation__disabled_at=None
    ).select_related("organisation")
    if verifier is None:
        raise RequestExpired(request_id=request.id)
    types = set(verifier.organisation.licence_types)
    if not {one.licence_type for one in items_of(request)} <= types:
        raise RequestExpired(request_id=request.id)
    return frozenset(verifier.organisation.fields_allowed)


async def _agreed(
    asked: AskedLicence,
    wanted: Sequence[Wanted],
    found: Sequence[Licence],
    allowed: frozenset[str],
    files: FileStorage | None,
    at: datetime,
) -> Agreed:
    """The one licence of the kind asked for, and the fields that all three agree on."""
    pairs = [
        (licence, one)
        for licence, one in zip(found, wanted, strict=True)
        if licence.licence_type_id == asked.licence_type
    ]
    if len(pairs) != 1:
        raise RequestUnmet(licence_type=asked.licence_type)
    [(licence, one)] = pairs
    has = [key for key in asked.fields if key != PORTRAIT or licence.portrait_id is not None]
    missing = next((key for key in has if key not in one.fields), None)
    if licence.licence_type.high_stakes and missing is not None:
        raise FieldsIncomplete(licence_type=asked.licence_type, field=missing)
    fields = allowed.intersection(asked.fields).intersection(one.fields)
    portrait = None
    if PORTRAIT in fields and files is not None:
        portrait = await inline_portrait(licence, files, at=at)
    return Agreed(licence, licence.licence_type, fields, portrait)


async def _tell(
    request: VerificationRequest,
    agreed: Sequence[Agreed],
    synced: Synced,
    caller: Caller,
    vault: Vault,
    at: datetime,
) -> list[str]:
    """Judge the licences under lock and keep the answer for the verifier, in the transaction."""
    locked = await lock_valid([one.licence.id for one in agreed], at=at)
    now_so = {row.id: row for row in locked}
    fresh = [
        Agreed(now_so[one.licence.id], one.licence_type, one.fields, one.portrait) for one in agreed
    ]
    told = [judge(one, synced, vault=vault, at=at) for one in fresh]
    row = Verification(
        id=new_id(),
        way=Way.ASKED,
        asked_id=request.id,
        reference_no=request.reference_no,
        verifier_id=request.verifier_id,
        organisation_id=request.organisation_id,
        organisation_name=request.organisation_name,
        purpose=request.purpose,
        verified_at=at,
    )
    await keep_answer(row, fresh, told, actor=f"verifier:{request.verifier_id}", vault=vault)
    subject = f"verification_request:{request.id}"
    await audit.record(caller.actor(), "licences.agree_to_request", subject)
    return [one.verification_no for one in told]
