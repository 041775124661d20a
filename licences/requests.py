"""A verifier asks first, and the holder answers: for what is at stake most. 核验方先请求

The verifier's screen shows a code. The holder scans it, sees who asks, what for and for which
fields, and agrees or refuses, once. The answer goes to that verifier and to nobody else.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import Struct
from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet

from core.errors import Conflict, NotAllowed, NotFound
from core.sealing import Vault
from core.signing import BadSignature, Signer
from identity.callers import VerifierCaller
from licences.checking import VerifiedLicence, open_answer
from licences.codes import CodeNotGenuine
from licences.licence_fields import FieldDefinition, check_known, definitions
from licences.licence_types import get_licence_type
from licences.models import REQUEST_ID_LENGTH, Verification, VerificationRequest
from licences.qr import svg_picture
from licences.verifications import READABLE, RequestReused
from licences.wanted import PORTRAIT, LicenceTwice

LIFETIME = timedelta(minutes=10)
"""A step that people read before they agree takes its time."""

ITEM_LIMIT = 5
_MARK = b"R"
"""Before the id: a code of this kind is never taken for that of a licence, nor the other way."""


class BeyondPurpose(NotAllowed):
    code = "licences.beyond_purpose"
    message = "所请求的内容超出登记的核验用途"
    shown = ("licence_type", "field")


class RequestNotFound(NotFound):
    code = "licences.request_not_found"
    message = "没有找到该核验请求"


class RequestExpired(Conflict):
    code = "licences.request_expired"
    message = "核验请求已过期，请核验方重新出示"


class RequestAnswered(Conflict):
    code = "licences.request_answered"
    message = "该核验请求已经处理过，不能重复使用"


class AskedLicence(Struct, frozen=True):
    """One licence that a verifier asks for, and which of its fields."""

    licence_type: str
    fields: list[str]


class RequestState(StrEnum):
    WAITING = "waiting"  # 等待持证人确认
    ANSWERED = "answered"  # 已同意
    REFUSED = "refused"  # 已拒绝
    EXPIRED = "expired"  # 已过期


class AskedCode(Struct, frozen=True, kw_only=True):
    """What the verifier's screen shows."""

    request_id: str
    code: str
    picture: str
    expires_at: datetime


class RequestProgress(Struct, frozen=True, kw_only=True):
    """What became of a verifier's request; the answer, for a quarter of an hour."""

    request_id: str
    state: RequestState
    expires_at: datetime
    answer: VerifiedLicence | None


async def ask(
    asked: Sequence[AskedLicence],
    *,
    request_id: str,
    reference_no: str | None = None,
    verifier: VerifierCaller,
    signer: Signer,
    at: datetime,
) -> AskedCode:
    """Ask for licences: only of kinds and with fields that are registered for the verifier.

    The same `request_id` gets the same code again; for something else it is refused. 发起核验请求
    """
    check_registered(asked, verifier.licence_types, verifier.fields)
    await _check_types(asked)
    items = [msgspec.to_builtins(one) for one in asked]
    request = VerificationRequest(
        verifier_id=verifier.verifier_id,
        request_id=request_id,
        organisation_id=verifier.organisation_id,
        organisation_name=verifier.organisation_name,
        purpose=verifier.purpose,
        reference_no=reference_no,
        items=items,
        asked_at=at,
        expires_at=at + LIFETIME,
    )
    try:
        await request.save(force_create=True)
    except IntegrityError:
        request = await VerificationRequest.get(
            verifier_id=verifier.verifier_id, request_id=request_id
        )
        if (request.items, request.reference_no) != (items, reference_no):
            raise RequestReused(request_id=request.id) from None
    code = signer.sign(_MARK + request.id.bytes)
    return AskedCode(
        request_id=request.request_id,
        code=code,
        picture=svg_picture(code),
        expires_at=request.expires_at,
    )


def check_registered(
    asked: Sequence[AskedLicence], licence_types: Collection[str], fields: Collection[str]
) -> None:
    """Refuse the first kind or field that is not registered, and name it."""
    for one in asked:
        if one.licence_type not in licence_types:
            raise BeyondPurpose(licence_type=one.licence_type)
        for field in one.fields:
            if field not in fields:
                raise BeyondPurpose(licence_type=one.licence_type, field=field)


async def _check_types(asked: Sequence[AskedLicence]) -> None:
    """Each kind once, and only fields that it has."""
    if len({one.licence_type for one in asked}) != len(asked):
        raise LicenceTwice()
    for one in asked:
        known = definitions(await get_licence_type(one.licence_type))
        check_known(one.fields, [*known, FieldDefinition(PORTRAIT, "照片")])


async def read_request(
    request_id: str, *, verifier: VerifierCaller, vault: Vault, at: datetime
) -> RequestProgress:
    """What became of a request of this verifier's own; anybody else's is not found."""
    request = await _own(request_id, verifier).first()
    if request is None:
        raise RequestNotFound(verifier_id=verifier.verifier_id)
    return RequestProgress(
        request_id=request.request_id,
        state=state_of(request, at),
        expires_at=request.expires_at,
        answer=await _answer(request, vault, at),
    )


async def cancel_request(request_id: str, *, verifier: VerifierCaller, at: datetime) -> None:
    """Take back a request that is still waiting; one that was answered stays answered."""
    own = _own(request_id, verifier)
    if not await own.exists():
        raise RequestNotFound(verifier_id=verifier.verifier_id)
    waiting = own.filter(answered_at=None, refused_at=None, expires_at__gt=at)
    await waiting.update(expires_at=at)


def _own(request_id: str, verifier: VerifierCaller) -> QuerySet[VerificationRequest]:
    """This verifier's request of that name; RequestNotFound for a longer name than any has."""
    if len(request_id) > REQUEST_ID_LENGTH:  # the column would refuse to be asked for it
        raise RequestNotFound(verifier_id=verifier.verifier_id)
    return VerificationRequest.filter(verifier_id=verifier.verifier_id, request_id=request_id)


async def find_request(code: str, signer: Signer) -> VerificationRequest:
    """The request behind a code that we made; CodeNotGenuine for anything else."""
    try:
        payload = signer.unsign(code)
    except (BadSignature, ValueError) as error:
        raise CodeNotGenuine() from error
    if len(payload) != len(_MARK) + 16 or not payload.startswith(_MARK):
        raise CodeNotGenuine()
    request = await VerificationRequest.get_or_none(id=UUID(bytes=payload[len(_MARK) :]))
    if request is None:
        raise CodeNotGenuine()
    return request


async def take_request(request: VerificationRequest, *, refused: bool, at: datetime) -> None:
    """Answer or refuse it, in the caller's transaction: once, in time, whoever else tries."""
    waiting = VerificationRequest.filter(
        id=request.id, answered_at=None, refused_at=None, expires_at__gt=at
    )
    change = {"refused_at": at} if refused else {"answered_at": at}
    if not await waiting.update(**change):
        check_waiting(await VerificationRequest.get(id=request.id), at)
        raise RequestAnswered(request_id=request.id)


def check_waiting(request: VerificationRequest, at: datetime) -> None:
    """Refuse what was answered, refused or has ended."""
    state = state_of(request, at)
    if state is RequestState.EXPIRED:
        raise RequestExpired(request_id=request.id)
    if state is not RequestState.WAITING:
        raise RequestAnswered(request_id=request.id)


def state_of(request: VerificationRequest, at: datetime) -> RequestState:
    if request.answered_at is not None:
        return RequestState.ANSWERED
    if request.refused_at is not None:
        return RequestState.REFUSED
    return RequestState.WAITING if at < request.expires_at else RequestState.EXPIRED


def items_of(request: VerificationRequest) -> list[AskedLicence]:
    return msgspec.convert(request.items, list[AskedLicence])


def topic(request: VerificationRequest) -> str:
    """What who waits for an answer hears of: the verifier knows its own id of it."""
    return topic_of(request.verifier_id, request.request_id)


def topic_of(verifier_id: UUID, request_id: str) -> str:
    return f"request:{verifier_id}:{request_id}"


async def _answer(
    request: VerificationRequest, vault: Vault, at: datetime
) -> VerifiedLicence | None:
    if request.answered_at is None or at >= request.answered_at + READABLE:
        return None
    row = await Verification.get_or_none(asked_id=request.id, set_id=None)
    return None if row is None or row.answer_sealed is None else open_answer(row, vault)


async def forget_requests(*, at: datetime) -> None:
    """Drop requests that nobody answered, a day after they ended."""
    over = VerificationRequest.filter(
        answered_at=None, refused_at=None, expires_at__lte=at - timedelta(days=1)
    )
    await over.delete()
