"""Checking a code that somebody shows: one answer for one code, to a verifier entitled to it. 核验

The code is spent by one conditional update. The answer is kept sealed under the verifier's own
request id, so that an answer lost on the way is read again, by that verifier and by nobody else,
for a quarter of an hour. After that its values are forgotten; that there was a check stays.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Subquery
from tortoise.transactions import in_transaction

from core import jobs
from core.errors import Conflict, NotAllowed, NotFound
from core.files import FileStorage
from core.ids import new_id, new_number
from core.news import News
from core.prepared import Prepared
from core.sealing import Vault
from core.signing import Signer
from identity.callers import MachineCaller, VerifierCaller
from identity.session_states import load_state
from licences.checking import (
    Agreed,
    Synced,
    VerifiedLicence,
    judge,
    keep_answer,
    keep_row,
    open_answer,
)
from licences.codes import find_presentation
from licences.freshness import synced_moments
from licences.models import REQUEST_ID_LENGTH, Licence, Outcome, Presentation, Verification, Way
from licences.portraits import inline_portrait
from licences.wanted import PORTRAIT, Wanted

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

AnyVerifier = VerifierCaller | MachineCaller
"""A person of a verifying organisation, or a program of one that checks by itself."""


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


async def verify_presentation(
    code: str,
    *,
    request_id: str,
    verifier: AnyVerifier,
    signer: Signer,
    vault: Vault,
    at: datetime,
    files: FileStorage | None = None,
    news: News | None = None,
) -> VerifiedLicence:
    """Answer whether the licence behind a code is valid now, once; so of each licence of a set.

    核验. Whoever waits for what becomes of the code hears of it through `news`. Portraits leave
    where there are `files`.

    The same `request_id` gets the same answer again, while that is kept; of several verifiers at
    once one is answered. A licence that lost its validity after it was shown is an answer too, with
    its status.
    """
    presentation = await find_presentation(code, signer)
    earlier = await _find_own(request_id, verifier)
    if earlier is not None:
        return _again(earlier, presentation, vault, at)
    shown = await _licences_shown(presentation)
    if any(one.licence_type_id not in verifier.licence_types for one, _ in shown):
        raise VerifierNotEntitled(presentation_id=presentation.id)
    state = await load_state(presentation.session_id, at=at)
    if state is None or not state.living:
        raise CodeExpired(presentation_id=presentation.id)
    scan = _Scan(presentation, request_id, verifier, at)
    agreed = [await _agreed(one, fields, scan, files) for one, fields in shown]
    synced = await synced_moments()
    try:
        answer = await _spend(scan, agreed, synced, vault)
        return answer or await _turn_away(scan, vault)
    except IntegrityError:  # the same request came twice at once; the other was kept
        kept = await Verification.get(verifier_id=_id_of(verifier), request_id=request_id)
        return _again(kept, presentation, vault, at)
    finally:
        if news is not None:
            news.tell(topic(presentation.id))


def topic(presentation_id: UUID) -> str:
    """What who waits for a code hears of."""
    return f"presentation:{presentation_id}"


async def read_again(
    request_id: str, *, verifier: AnyVerifier, vault: Vault, at: datetime
) -> VerifiedLicence:
    """The answer this verifier was given under its own request id, as it was given.

    Not found once a quarter of an hour has passed; nor is what a program took for a matter.
    """
    verification = await _find_own(request_id, verifier)
    if verification is None or verification.way is not Way.SHOWN or _has_ended(verification, at):
        raise VerificationNotFound(verifier_id=_id_of(verifier))
    return _open_answer(verification, vault, at)


async def forget_answers(*, at: datetime) -> None:
    """Drop some of the answers that can no longer be read; the rows stay, for holder and audit."""
    over = Verification.filter(answer_sealed__isnull=False, verified_at__lte=at - READABLE)
    some = over.order_by("verified_at").limit(_FORGOTTEN_AT_ONCE)
    await Verification.filter(id__in=Subquery(some.values("id"))).update(answer_sealed=None)


async def _find_own(request_id: str, verifier: AnyVerifier) -> Verification | None:
    if len(request_id) > REQUEST_ID_LENGTH:  # the column would refuse to be asked for it
        return None
    return await _OWN.first(_id_of(verifier), request_id)


def _id_of(verifier: AnyVerifier) -> UUID:
    return verifier.client_id if isinstance(verifier, MachineCaller) else verifier.verifier_id


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
    return open_answer(verification, vault)


class _Scan(Struct, frozen=True):
    """One verifier's scan of one code."""

    presentation: Presentation
    request_id: str
    verifier: AnyVerifier
    at: datetime

    def row(self) -> Verification:
        return Verification(
            id=new_id(),
            licence_id=self.presentation.licence_id,
            presentation_id=self.presentation.id,
            verifier_id=_id_of(self.verifier),
            request_id=self.request_id,
            organisation_id=self.verifier.organisation_id,
            organisation_name=self.verifier.organisation_name,
            purpose=self.verifier.purpose,
            verified_at=self.at,
        )


async def _licences_shown(presentation: Presentation) -> list[tuple[Licence, list[str]]]:
    """Every licence behind the code with its type, and the fields that its holder agreed to."""
    first = presentation.licence, presentation.consented_fields
    if not presentation.others:
        return [first]
    others = msgspec.convert(presentation.others, list[Wanted])
    found = Licence.filter(id__in=[other.licence_id for other in others])
    by_id = {one.id: one for one in await found.select_related("licence_type")}
    return [first, *((by_id[other.licence_id], list(other.fields)) for other in others)]


async def _agreed(
    licence: Licence, consented: Sequence[str], scan: _Scan, files: FileStorage | None
) -> Agreed:
    """Only what was both consented to by the holder and allowed to the verifier."""
    fields = scan.verifier.fields.intersection(consented)
    portrait = None
    if PORTRAIT in fields and files is not None:
        portrait = await inline_portrait(licence, files, at=scan.at)
    return Agreed(licence, licence.licence_type, fields, portrait)


async def _spend(
    scan: _Scan, agreed: Sequence[Agreed], synced: Synced, vault: Vault
) -> VerifiedLicence | None:
    """Take the code and answer in one transaction; None when it was not there to be taken.

    The licences are locked first, as by whoever renews the code at this moment.
    """
    async with in_transaction():
        locked = await _locked(agreed)
        living = Presentation.filter(
            id=scan.presentation.id, verified_at=None, expires_at__gt=scan.at
        )
        if not await living.update(verified_at=scan.at):
            return None
        told = [judge(one, synced, vault=vault, at=scan.at) for one in locked]
        return await keep_answer(scan.row(), locked, told, actor=scan.verifier.actor(), vault=vault)


async def _locked(agreed: Sequence[Agreed]) -> list[Agreed]:
    """The same as they are now, under lock; a set in the order of ids, as everywhere."""
    if len(agreed) == 1:
        rows = await _LOCKED.rows(agreed[0].licence.id)
    else:
        wanted = Licence.filter(id__in=[one.licence.id for one in agreed]).order_by("id")
        rows = await wanted.select_for_update(no_key=True)
    now_so = {row.id: row for row in rows}
    return [
        Agreed(now_so[one.licence.id], one.licence_type, one.fields, one.portrait) for one in agreed
    ]


async def _turn_away(scan: _Scan, vault: Vault) -> VerifiedLicence:
    """The code was spent or had ended. A repeat of the request that spent it gets its answer; any
    other scan of a spent code is kept, and the holder told."""
    presentation = await Presentation.get(id=scan.presentation.id)
    earlier = await _find_own(scan.request_id, scan.verifier)
    if earlier is not None:
        return _again(earlier, presentation, vault, scan.at)
    if presentation.verified_at is None:
        raise CodeExpired(presentation_id=presentation.id)
    async with in_transaction():
        row = scan.row()
        row.verification_no = new_number("V", scan.at)
        row.outcome, row.fields_shown = Outcome.ALREADY_USED, []
        await keep_row(row, actor=scan.verifier.actor())
        await jobs.enqueue(
            "licences.scanned_again",
            dedupe_key=f"licences.scanned_again:{presentation.id}",
            verification_id=str(row.id),
        )
    raise CodeAlreadyUsed(presentation_id=presentation.id)
