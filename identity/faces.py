"""Proving a face: the platform looks, and we ask the platform. 人脸核身

A check is written down before the platform is asked, and lives for its hour. What the client says
of it counts for nothing. The moment that counts is that of the beginning, for the face was shown
after it. A pass of purpose `LEVEL` raises the account; any other is spent once, by whoever needed
it, within half an hour.
"""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit
from core.errors import Conflict, NotFound, Rejected
from core.ids import new_id, new_number
from core.sealing import Vault
from identity import persons
from identity.callers import Caller
from identity.kinds import Level
from identity.levels import FACE_IS_FRESH
from identity.models import Account, FaceCheck
from identity.providers import Face, FaceVerifiers
from identity.session_states import SessionStates

LEVEL = "level"
_ANSWER_WITHIN = timedelta(minutes=2)
_ASK_UNTIL = timedelta(minutes=10)  # after the end: shown in the last minute, asked about later


class FaceCheckNotFound(NotFound):
    code = "identity.face_check_not_found"
    message = "没有找到这次人脸认证"


class FaceCheckOver(Conflict):
    code = "identity.face_check_over"
    message = "这次人脸认证已过期，请重新开始"


class FaceNotPassed(Rejected):
    """Not passed, or not shown yet: it may be tried again. `reason` is the platform's word."""

    code = "identity.face_not_passed"
    message = "人脸认证还没有通过，请再试一次"
    shown = ("reason",)


class StartedFaceCheck(Struct, frozen=True, kw_only=True):
    """What the client starts the camera with: verifyId at WeChat, certifyId at Alipay."""

    id: UUID
    provider: str
    handle: str
    expires_at: datetime


async def begin_face_check(
    caller: Caller,
    *,
    verifiers: FaceVerifiers,
    vault: Vault,
    at: datetime,
    person_id: UUID | None = None,
    purpose: str = LEVEL,
) -> StartedFaceCheck:
    """Have a face looked at by the phone's own platform: the caller's, or another person's.

    Name and number are those on record, never the client's. The caller has proved its real name.
    """
    whose = caller.required_person() if person_id is None else person_id
    caller.require_level(Level.REAL_NAME)
    verifier = verifiers.of(caller.provider, caller.appid)
    face = await _face(whose, vault)
    check = await FaceCheck.create(
        id=new_id(),
        account_id=caller.account_id,
        person_id=whose,
        purpose=purpose,
        number=new_number("V", at),
        started_at=at,
        expires_at=at + _ANSWER_WITHIN,
    )
    started = await verifier.begin(check.number, face=face, subject=caller.subject, at=at)
    await FaceCheck.filter(id=check.id).update(handle=started.handle, expires_at=started.expires_at)
    return StartedFaceCheck(
        id=check.id,
        provider=caller.provider,
        handle=started.handle,
        expires_at=started.expires_at,
    )


async def settle_face_check(
    check_id: UUID,
    *,
    caller: Caller,
    verifiers: FaceVerifiers,
    vault: Vault,
    states: SessionStates,
    at: datetime,
) -> FaceCheck:
    """Ask the platform what came of the caller's own check; FaceNotPassed until it passed.

    Asked again after a pass, it says the same and asks nobody.
    """
    check = await FaceCheck.get_or_none(id=check_id, account_id=caller.account_id)
    if check is None or check.handle is None:
        raise FaceCheckNotFound(check_id=check_id)
    if check.passed_at is not None:
        return check
    if at >= check.expires_at + _ASK_UNTIL:
        raise FaceCheckOver(check_id=check_id)
    verifier = verifiers.of(caller.provider, caller.appid)
    face = await _face(check.person_id, vault)
    result = await verifier.result(
        check.handle, number=check.number, face=face, subject=caller.subject, at=at
    )
    if not result.passed:
        await FaceCheck.filter(id=check.id, passed_at=None).update(reason=result.reason[:32])
        raise FaceNotPassed(check_id=check_id, reason=result.reason[:32])
    await _pass(check, caller, at=at)
    await states.forget([caller.session_id])
    await check.refresh_from_db()
    return check


async def spend_face_check(
    check_id: UUID, *, account_id: UUID, person_id: UUID, purpose: str, at: datetime
) -> None:
    """Take a passed check for what it was begun for, once; FaceCheckNotFound when it is not that.

    In the caller's transaction, so that it is spent only if what it opens is written.
    """
    ours = FaceCheck.filter(
        id=check_id,
        account_id=account_id,
        person_id=person_id,
        purpose=purpose,
        passed_at__gt=at - FACE_IS_FRESH,
        spent_at=None,
    )
    if not await ours.update(spent_at=at):
        raise FaceCheckNotFound(check_id=check_id)


async def forget_old_face_checks(*, at: datetime) -> int:
    """Drop what nobody passed, a month after its end."""
    over = FaceCheck.filter(passed_at=None, expires_at__lt=at - timedelta(days=30))
    return await over.delete()


async def _pass(check: FaceCheck, caller: Caller, *, at: datetime) -> None:
    """Once, however many ask at the same moment. An account that is another's by now stays."""
    async with in_transaction():
        if not await FaceCheck.filter(id=check.id, passed_at=None).update(passed_at=at, reason=""):
            return
        if check.purpose == LEVEL:
            ours = Account.filter(
                id=check.account_id, person_id=check.person_id, level__gte=int(Level.REAL_NAME)
            )
            await ours.update(level=int(Level.FACE), face_at=check.started_at)
        await audit.record(
            caller.actor(),
            "account.face",
            f"account:{check.account_id}",
            person=str(check.person_id),
            purpose=check.purpose,
        )


async def _face(person_id: UUID, vault: Vault) -> Face:
    name = await persons.full_name(person_id, vault=vault)
    return Face(name, await persons.id_number(person_id, vault=vault))
