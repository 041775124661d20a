"""Checking a code that somebody shows: one answer for one code, to a verifier entitled to it. 核验

The code is spent by one conditional update. The answer is kept sealed under the verifier's own
request id, so that an answer lost on the way is read again, by that verifier and by nobody else,
for a quarter of an hour. After that its values are forgotten; that there was a check stays.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Subquery
from tortoise.transactions import in_transaction

from core import audit, jobs
from core.clock import date_in_china
from core.errors import Conflict, NotAllowed, NotFound
from core.ids import new_id, new_number
from core.prepared import Prepared
from core.sealing import Place, Vault
from core.signing import Signer
from identity.callers import VerifierCaller
from identity.session_states import load_state
from licences.codes import find_presentation
from licences.licence_fields import ShownField, definitions, open_values, show
from licences.models import (
    REQUEST_ID_LENGTH,
    Licence,
    LicenceStatus,
    Outcome,
    Presentation,
    Verification,
)

_OWN = Prepared(
    lambda verifier_id, request_id: Verification.filter(
        verifier_id=verifier_id, request_id=request_id
    ),
    *(UUID, str),
)
_LOCKED = Prepared(
    lambda licence_id: Licence.filter(id=licence_id).select_for_update(no_key=True), UUID
)

READABLE = timedelta(minutes=15)
"""How long an answer can be read again."""

_FORGOTTEN_AT_ONCE = 1_000


class CodeExpired(Conflict):
    code = "licences.code_expired"
    message = "二维码已过期，请持证人刷新后重试"


class CodeAlreadyUsed(Conflict):
    code = "licences.code_already_used"
    message = "二维码已使用，请持证人刷新后重试"


class VerifierNotEntitled(NotAllowed):
    code = "licences.verifier_not_entitled"
    message = "该二维码仅限获得授权的核验方核验"


class RequestReused(Conflict):
    code = "licences.request_reused"
    message = "该核验请求号已用于另一个二维码"


class VerificationNotFound(NotFound):
    code = "licences.verification_not_found"
    message = "没有找到该次核验"


class VerifiedLicence(Struct, frozen=True, kw_only=True):
    """All that a verifier learns, and no more: an invalid licence shows no field."""

    verification_no: str
    outcome: Outcome
    licence_type: str
    licence_name: str
    status: LicenceStatus
    registry_date: date
    fields: list[ShownField]
    verified_at: datetime


async def verify_presentation(
    code: str,
    *,
    request_id: str,
    verifier: VerifierCaller,
    signer: Signer,
    vault: Vault,
    at: datetime,
) -> VerifiedLicence:
    """Answer whether the licence behind a code is valid now, once. 核验

    The same `request_id` gets the same answer again, while that is kept; of several verifiers at
    once one is answered. A licence that lost its validity after it was shown is an answer too, with
    its status.
    """
    presentation = await find_presentation(code, signer)
    earlier = await _find_own(request_id, verifier)
    if earlier is not None:
        return _again(earlier, presentation, vault, at)
    if presentation.licence.licence_type_id not in verifier.licence_types:
        raise VerifierNotEntitled(presentation_id=presentation.id)
    state = await load_state(presentation.session_id, at=at)
    if state is None or not state.living:
        raise CodeExpired(presentation_id=presentation.id)
    try:
        answer = await _spend(presentation, request_id, verifier, vault, at)
        return answer or await _turn_away(presentation.id, request_id, verifier, vault, at)
    except IntegrityError:  # the same request came twice at once; the other was kept
        kept = await Verification.get(verifier_id=verifier.verifier_id, request_id=request_id)
        return _again(kept, presentation, vault, at)


async def read_again(
    request_id: str, *, verifier: VerifierCaller, vault: Vault, at: datetime
) -> VerifiedLicence:
    """The answer this verifier was given under its own request id, as it was given.

    Not found once a quarter of an hour has passed.
    """
    verification = await _find_own(request_id, verifier)
    if verification is None or _has_ended(verification, at):
        raise VerificationNotFound(verifier_id=verifier.verifier_id)
    return _open_answer(verification, vault, at)


async def forget_answers(*, at: datetime) -> None:
    """Drop some of the answers that can no longer be read; the rows stay, for holder and audit."""
    over = Verification.filter(answer_sealed__isnull=False, verified_at__lte=at - READABLE)
    some = over.order_by("verified_at").limit(_FORGOTTEN_AT_ONCE)
    await Verification.filter(id__in=Subquery(some.values("id"))).update(answer_sealed=None)


async def _find_own(request_id: str, verifier: VerifierCaller) -> Verification | None:
    if len(request_id) > REQUEST_ID_LENGTH:  # the column would refuse to be asked for it
        return None
    return await _OWN.first(verifier.verifier_id, request_id)


def _again(
    verification: Verification, presentation: Presentation, vault: Vault, at: datetime
) -> VerifiedLicence:
    if verification.presentation_id != presentation.id:
        raise RequestReused(verification_id=verification.id)
    return _open_answer(verification, vault, at)


def _has_ended(verification: Verification, at: datetime) -> bool:
    return at >= verification.verified_at + READABLE


def _open_answer(verification: Verification, vault: Vault, at: datetime) -> VerifiedLicence:
    if verification.answer_sealed is None or _has_ended(verification, at):
        raise CodeAlreadyUsed(verification_id=verification.id)
    text = vault.open(_place(verification.id), verification.answer_sealed)
    return msgspec.json.decode(text, type=VerifiedLicence)


async def _spend(
    presentation: Presentation,
    request_id: str,
    verifier: VerifierCaller,
    vault: Vault,
    at: datetime,
) -> VerifiedLicence | None:
    """Take the code and answer in one transaction; None when it was not there to be taken.

    The licence is locked first, as by whoever renews the code at this moment.
    """
    async with in_transaction():
        [licence] = await _LOCKED.rows(presentation.licence_id)
        living = Presentation.filter(id=presentation.id, verified_at=None, expires_at__gt=at)
        if not await living.update(verified_at=at):
            return None
        licence.licence_type = presentation.licence.licence_type
        answer = _judge(licence, presentation, verifier, vault, at)
        row = _row(presentation, request_id, verifier, at)
        row.verification_no = answer.verification_no
        row.outcome = answer.outcome
        if answer.outcome is Outcome.INVALID:
            row.reason = answer.status
        row.fields_shown = [field.key for field in answer.fields]
        row.answer_sealed = vault.seal(_place(row.id), msgspec.json.encode(answer).decode())
        await _keep(row, verifier)
    return answer


def _judge(
    licence: Licence,
    presentation: Presentation,
    verifier: VerifierCaller,
    vault: Vault,
    at: datetime,
) -> VerifiedLicence:
    """What the registry and the calendar say; fields only of a valid licence, and only those both
    consented to by the holder and allowed to the verifier."""
    status = licence.status_on(date_in_china(at))
    shown: list[ShownField] = []
    if status is LicenceStatus.VALID:
        agreed = verifier.fields.intersection(presentation.consented_fields)
        known = definitions(licence.licence_type)
        shown = show(open_values(licence, vault), known, only=agreed)
    return VerifiedLicence(
        verification_no=new_number("V", at),
        outcome=Outcome.VALID if status is LicenceStatus.VALID else Outcome.INVALID,
        licence_type=licence.licence_type_id,
        licence_name=licence.licence_type.name,
        status=status,
        registry_date=licence.registry_date,
        fields=shown,
        verified_at=at,
    )


async def _turn_away(
    presentation_id: UUID,
    request_id: str,
    verifier: VerifierCaller,
    vault: Vault,
    at: datetime,
) -> VerifiedLicence:
    """The code was spent or had ended. A repeat of the request that spent it gets its answer; any
    other scan of a spent code is kept, and the holder told."""
    presentation = await Presentation.get(id=presentation_id)
    earlier = await _find_own(request_id, verifier)
    if earlier is not None:
        return _again(earlier, presentation, vault, at)
    if presentation.verified_at is None:
        raise CodeExpired(presentation_id=presentation_id)
    async with in_transaction():
        row = _row(presentation, request_id, verifier, at)
        row.verification_no = new_number("V", at)
        row.outcome, row.fields_shown = Outcome.ALREADY_USED, []
        await _keep(row, verifier)
        await jobs.enqueue(
            "licences.scanned_again",
            dedupe_key=f"licences.scanned_again:{presentation_id}",
            verification_id=str(row.id),
        )
    raise CodeAlreadyUsed(presentation_id=presentation_id)


def _row(
    presentation: Presentation, request_id: str, verifier: VerifierCaller, at: datetime
) -> Verification:
    return Verification(
        id=new_id(),
        licence_id=presentation.licence_id,
        presentation_id=presentation.id,
        verifier_id=verifier.verifier_id,
        request_id=request_id,
        organisation_id=verifier.organisation_id,
        organisation_name=verifier.organisation_name,
        purpose=verifier.purpose,
        verified_at=at,
    )


async def _keep(row: Verification, verifier: VerifierCaller) -> None:
    await row.save(force_create=True)
    await audit.record(
        verifier.actor(),
        "licences.verify",
        f"licence:{row.licence_id}",
        verification=row.verification_no,
        outcome=row.outcome.value,
    )


def _place(verification_id: UUID) -> Place:
    return Place("licences_verification", "answer_sealed", verification_id)
