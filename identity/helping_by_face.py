"""An elder's yes, or its end, given by their face on another's phone. 刷脸授权

What was agreed to is written into the face check when it begins, and cannot be another thing when
it is completed. Only the platform's own answer completes it.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core.clock import date_in_china
from core.sealing import Vault
from identity.acting import Terms, replace_acting
from identity.agents import end_all_helpers
from identity.callers import Caller
from identity.faces import (
    FaceCheckNotFound,
    FaceCheckOver,
    StartedFaceCheck,
    begin_face_check,
    settle_face_check,
    spend_face_check,
)
from identity.invitations import (
    HELPER_DAYS,
    InvitationIncomplete,
    OwnAccountRequired,
    require_grown_up,
)
from identity.kinds import ConsentWay, GrantKind, Right, Scope
from identity.models import ActingGrant, FaceCheck
from identity.providers import FaceVerifiers, PopulationRegister
from identity.recognising import Named, recognise
from identity.session_states import SessionStates

_HELP, _END = "helper", "helper_end"


class Wish(Struct, frozen=True, kw_only=True):
    """What the elder agrees to; the caller is who helps."""

    rights: frozenset[Right]
    until_on: date
    notified: bool = True


async def begin_consent(
    caller: Caller,
    elder: Named,
    wish: Wish,
    *,
    verifiers: FaceVerifiers,
    register: PopulationRegister,
    vault: Vault,
    at: datetime,
) -> StartedFaceCheck:
    """Have the elder's face looked at on the caller's phone, for just this consent."""
    helper_id, today = _oneself(caller), date_in_china(at)
    if not wish.rights:
        raise InvitationIncomplete(missing="rights")
    if not today <= wish.until_on <= today + timedelta(days=HELPER_DAYS):
        raise InvitationIncomplete(missing="until_on")
    person = await recognise(elder, register=register, vault=vault)
    if person.id == helper_id:
        raise InvitationIncomplete(missing="name")
    for person_id in (person.id, helper_id):
        await require_grown_up(person_id, at=at)
    return await begin_face_check(
        caller, verifiers=verifiers, vault=vault, at=at, person_id=person.id, purpose=_written(wish)
    )


async def begin_ending(
    caller: Caller,
    elder: Named,
    *,
    verifiers: FaceVerifiers,
    register: PopulationRegister,
    vault: Vault,
    at: datetime,
) -> StartedFaceCheck:
    """Have the elder's face looked at on anybody's phone, to take back every consent."""
    _oneself(caller)
    person = await recognise(elder, register=register, vault=vault)
    return await begin_face_check(
        caller, verifiers=verifiers, vault=vault, at=at, person_id=person.id, purpose=_END
    )


async def complete_consent(
    check_id: UUID,
    *,
    caller: Caller,
    verifiers: FaceVerifiers,
    vault: Vault,
    states: SessionStates,
    at: datetime,
) -> ActingGrant:
    """The grant, once the platform says that it was the elder's face; again, the same grant."""
    check = await _settled(check_id, _HELP, caller, verifiers, vault, states, at)
    evidence = f"face_check:{check.id}"
    wish = _read(check.purpose)
    async with in_transaction():
        await FaceCheck.select_for_update().get(id=check.id)  # of two at once, one makes the grant
        made = await ActingGrant.get_or_none(evidence=evidence, agent_id=caller.person_id)
        if made is not None:
            return made
        if wish.until_on < date_in_china(at):
            raise FaceCheckOver(check_id=check_id)
        await _spend(check, at)
        return await replace_acting(
            kind=GrantKind.HELPER,
            agent_id=_oneself(caller),
            party_id=check.person_id,
            scope=Scope.HELPER,
            from_on=date_in_china(at),
            until_on=wish.until_on,
            actor=f"{caller.actor()} for party:{check.person_id}",
            at=at,
            terms=Terms(
                rights=sorted(wish.rights),
                notified=wish.notified,
                given_by_id=check.person_id,
                consent=ConsentWay.FACE,
                evidence=evidence,
            ),
        )


async def complete_ending(
    check_id: UUID,
    *,
    caller: Caller,
    verifiers: FaceVerifiers,
    vault: Vault,
    states: SessionStates,
    at: datetime,
) -> int:
    """How many consents ended; none the second time."""
    check = await _settled(check_id, _END, caller, verifiers, vault, states, at)
    async with in_transaction():
        check = await FaceCheck.select_for_update().get(id=check.id)
        if check.spent_at is not None:
            return 0
        await _spend(check, at)
        actor = f"{caller.actor()} for party:{check.person_id}"
        return await end_all_helpers(check.person_id, actor=actor, at=at)


async def _settled(
    check_id: UUID,
    kind: str,
    caller: Caller,
    verifiers: FaceVerifiers,
    vault: Vault,
    states: SessionStates,
    at: datetime,
) -> FaceCheck:
    check = await settle_face_check(
        check_id, caller=caller, verifiers=verifiers, vault=vault, states=states, at=at
    )
    if check.purpose.partition(":")[0] != kind:
        raise FaceCheckNotFound(check_id=check_id)
    return check


async def _spend(check: FaceCheck, at: datetime) -> None:
    await spend_face_check(
        check.id,
        account_id=check.account_id,
        person_id=check.person_id,
        purpose=check.purpose,
        at=at,
    )


def _oneself(caller: Caller) -> UUID:
    person_id = caller.required_person()
    if caller.acts_for_another():
        raise OwnAccountRequired(account_id=caller.account_id)
    return person_id


def _written(wish: Wish) -> str:
    told = "told" if wish.notified else "untold"
    return f"{_HELP}:{','.join(sorted(wish.rights))}:{wish.until_on}:{told}"


def _read(purpose: str) -> Wish:
    _, rights, until_on, told = purpose.split(":")
    return Wish(
        rights=frozenset(Right(right) for right in rights.split(",")),
        until_on=date.fromisoformat(until_on),
        notified=told == "told",
    )
