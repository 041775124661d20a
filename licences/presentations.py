"""Showing a licence: one code at a time for a session, each good for a minute and one scan. 亮证"""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from core import audit
from core.clock import date_in_china
from core.errors import Conflict, NotAllowed, NotFound
from core.signing import Signer
from identity.callers import Caller
from identity.kinds import Right
from licences.models import Licence, LicenceStatus, Outcome, Presentation, Verification
from licences.qr import svg_picture
from licences.wanted import Wanted, find_wanted

PURPOSE = "licence presentation"
LIFETIME = timedelta(seconds=60)
RENEW_AFTER = timedelta(seconds=30)
SCAN_WINDOW = timedelta(seconds=5)
"""How long a renewed code's forerunner still counts: a scanner may just have caught it."""

FALLBACK_DIGITS = 16


class LicenceNotValid(Conflict):
    code = "licences.not_valid"
    message = "该证照当前不在有效状态，不能出示"
    shown = ("status",)


class VerifierMustAsk(NotAllowed):
    code = "licences.verifier_must_ask"
    message = "该证照须先由核验方出示请求码，扫码确认后再出示"


class PresentationNotFound(NotFound):
    code = "licences.presentation_not_found"
    message = "没有找到这次亮证"


class PresentedCode(Struct, frozen=True, kw_only=True):
    """What the holder's screen shows: a QR, or the number when a scanner cannot read it."""

    id: UUID
    code: str
    picture: str
    fallback_no: str
    expires_at: datetime
    renew_after_seconds: int


class PresentationState(StrEnum):
    WAITING = "waiting"  # 等待核验
    VERIFIED = "verified"  # 已核验
    REPLACED = "replaced"  # 已换新码
    EXPIRED = "expired"  # 已过期


class PresentationProgress(Struct, frozen=True, kw_only=True):
    """What became of one code, for its holder. `later_scans` were turned away after the first."""

    id: UUID
    state: PresentationState
    expires_at: datetime
    outcome: Outcome | None
    organisation_name: str | None
    verification_no: str | None
    verified_at: datetime | None
    later_scans: int


async def present_licence(
    licence_id: UUID, *, consented: Sequence[str], caller: Caller, signer: Signer, at: datetime
) -> PresentedCode:
    """Make the code behind one QR, for the fields the holder consents to show. 亮证"""
    wanted = [Wanted(licence_id, consented)]
    return await present_licences(wanted, caller=caller, signer=signer, at=at)


async def present_licences(
    wanted: Sequence[Wanted], *, caller: Caller, signer: Signer, at: datetime
) -> PresentedCode:
    """One code for one licence or for a set of them, good for one scan of all. 组合亮证

    One code lives for a licence in a session: the one before it counts for `SCAN_WINDOW` more.
    Showing is a consent: an agent who only prepares is refused.
    """
    caller.required_right(Right.APPLY)
    found = await find_wanted(wanted, caller)
    for licence in found:
        if licence.licence_type.high_stakes:
            raise VerifierMustAsk(licence_id=licence.id)
    first, *others = wanted
    async with in_transaction():
        await lock_valid([licence.id for licence in found], at=at)
        await _replace_earlier([licence.id for licence in found], caller.session_id, at)
        presentation = await Presentation.create(
            licence_id=first.licence_id,
            session_id=caller.session_id,
            shown_by=caller.actor(),
            fallback_no=_fallback_no(),
            consented_fields=list(dict.fromkeys(first.fields)),
            others=[_kept(other) for other in others] or None,
            shown_at=at,
            expires_at=at + LIFETIME,
        )
        for licence in found:
            await audit.record(caller.actor(), "licences.present", f"licence:{licence.id}")
    return _code(presentation, signer)


async def lock_valid(licence_ids: Collection[UUID], *, at: datetime) -> list[Licence]:
    """The licences under lock, in the order of their ids as everywhere, each of them valid."""
    rows = Licence.filter(id__in=list(licence_ids)).order_by("id")
    locked = await rows.select_for_update(no_key=True)
    for licence in locked:
        status = licence.status_on(date_in_china(at))
        if status is not LicenceStatus.VALID:
            raise LicenceNotValid(licence_id=licence.id, status=status.value)
    return locked


async def get_progress(
    presentation_id: UUID, *, caller: Caller, at: datetime
) -> PresentationProgress:
    """What became of a code that the caller showed in this session."""
    presentation = await Presentation.get_or_none(
        id=presentation_id,
        session_id=caller.session_id,
        licence__holder_id=caller.required_party(),
    )
    if presentation is None:
        raise PresentationNotFound(presentation_id=presentation_id)
    scans = Verification.filter(presentation_id=presentation.id, set_id=None)
    verifications = await scans.order_by("id")
    first = next((row for row in verifications if row.outcome is not Outcome.ALREADY_USED), None)
    return PresentationProgress(
        id=presentation.id,
        state=_state(presentation, at),
        expires_at=presentation.expires_at,
        outcome=first.outcome if first else None,
        organisation_name=first.organisation_name if first else None,
        verification_no=first.verification_no if first else None,
        verified_at=presentation.verified_at,
        later_scans=len(verifications) - (first is not None),
    )


async def _replace_earlier(licence_ids: Sequence[UUID], session_id: UUID, at: datetime) -> None:
    """The licences are locked, so of two renewals at once the second replaces the first."""
    about = Q(licence_id__in=licence_ids)
    for licence_id in licence_ids:
        about |= Q(others__contains=[{"licence_id": str(licence_id)}])
    earlier = Presentation.filter(about, replaced_at=None, session_id=session_id, expires_at__gt=at)
    until = at + SCAN_WINDOW
    await earlier.filter(expires_at__gt=until).update(replaced_at=at, expires_at=until)
    await earlier.update(replaced_at=at)


def _kept(wanted: Wanted) -> dict[str, object]:
    fields = list(dict.fromkeys(wanted.fields))
    return {"licence_id": str(wanted.licence_id), "fields": fields}


def _fallback_no() -> str:
    return f"{secrets.randbelow(10**FALLBACK_DIGITS):0{FALLBACK_DIGITS}d}"


def _code(presentation: Presentation, signer: Signer) -> PresentedCode:
    code = signer.sign(presentation.id.bytes)
    return PresentedCode(
        id=presentation.id,
        code=code,
        picture=svg_picture(code),
        fallback_no=presentation.fallback_no,
        expires_at=presentation.expires_at,
        renew_after_seconds=int(RENEW_AFTER.total_seconds()),
    )


def _state(presentation: Presentation, at: datetime) -> PresentationState:
    if presentation.verified_at is not None:
        return PresentationState.VERIFIED
    if at < presentation.expires_at and presentation.replaced_at is None:
        return PresentationState.WAITING
    if presentation.replaced_at is not None:
        return PresentationState.REPLACED
    return PresentationState.EXPIRED
