"""What two persons change together: duties of watching, verifiers, programs. 双人复核

One asks, and what is asked cannot be altered afterwards; another natural person says yes within a
day, and it happens in that moment. What stopped being possible in between is refused then.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import audit
from core.errors import Conflict, NotFound
from core.sealing import Vault
from identity.callers import OperatorCaller
from identity.models import Operator, StaffChange

LIFETIME = timedelta(hours=24)


class StaffChangeNotFound(NotFound):
    code = "identity.staff_change_not_found"
    message = "没有找到该变更申请"


class StaffChangeOver(Conflict):
    code = "identity.staff_change_over"
    message = "该变更申请已处理或已过期"


class SamePersonTwice(Conflict):
    code = "identity.same_person_twice"
    message = "申请与复核须由两人分别办理"


class Applied(Struct, frozen=True, kw_only=True):
    """What came of a change: an id, and for who is new the code to enrol with."""

    result: str
    enrolment_code: str | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """Who said yes to what, and when."""

    arguments: Mapping[str, Any]
    actor: str
    vault: Vault
    at: datetime


Apply = Callable[[Decision], Awaitable[Applied]]


async def propose(
    kind: str, arguments: dict[str, Any], *, operator: OperatorCaller, at: datetime
) -> StaffChange:
    """Ask for a change; nothing happens yet. Ids, codes and names of offices only."""
    async with in_transaction():
        change = await StaffChange.create(
            kind=kind,
            arguments=arguments,
            proposer_id=operator.operator_id,
            proposed_at=at,
            expires_at=at + LIFETIME,
        )
        subject = f"staff_change:{change.id}"
        await audit.record(operator.actor(), "staff_change.propose", subject, kind=kind)
    return change


async def approve(
    change_id: UUID,
    *,
    known: Mapping[str, Apply],
    operator: OperatorCaller,
    vault: Vault,
    at: datetime,
) -> Applied:
    """Say yes as the second person: it happens now, or not at all and stays asked for."""
    async with in_transaction():
        change = await _living(change_id, operator, at)
        await _refuse_same_person(change, operator)
        actor = operator.actor()
        applied = await known[change.kind](
            Decision(arguments=change.arguments, actor=actor, vault=vault, at=at)
        )
        await _decide(change, "approved", operator, at, result=applied.result)
    return applied


async def turn_down(change_id: UUID, *, operator: OperatorCaller, at: datetime) -> None:
    """Say no; by who asked, it is taken back."""
    async with in_transaction():
        change = await _living(change_id, operator, at)
        own = change.proposer_id == operator.operator_id
        await _decide(change, "withdrawn" if own else "refused", operator, at)


async def list_changes(
    operator: OperatorCaller, *, after: UUID | None, limit: int
) -> list[StaffChange]:
    """What was asked for inside the operator's division, newest first."""
    inside = _inside(operator)
    found = inside if after is None else inside.filter(id__lt=after)
    return await found.order_by("-id").limit(limit)


def _inside(operator: OperatorCaller) -> QuerySet[StaffChange]:
    """What administrators of the operator's division and of its parts asked for: who serves a part
    does not decide for the whole.
    """
    return StaffChange.filter(proposer__division__startswith=operator.division)


async def _living(change_id: UUID, operator: OperatorCaller, at: datetime) -> StaffChange:
    if not await _inside(operator).filter(id=change_id).exists():
        raise StaffChangeNotFound(change_id=change_id)
    change = await StaffChange.select_for_update().get(id=change_id)
    if change.decided_at is not None or at >= change.expires_at:
        raise StaffChangeOver(change_id=change_id)
    return change


async def _refuse_same_person(change: StaffChange, operator: OperatorCaller) -> None:
    """Two logins of one person are one; who asked must still serve."""
    proposer = await Operator.get(id=change.proposer_id)
    if proposer.disabled_at is not None:
        raise StaffChangeOver(change_id=change.id)
    if proposer.person_id in operator.persons():
        raise SamePersonTwice(change_id=change.id)


async def _decide(
    change: StaffChange,
    outcome: str,
    operator: OperatorCaller,
    at: datetime,
    *,
    result: str | None = None,
) -> None:
    await StaffChange.filter(id=change.id).update(
        decider_id=operator.operator_id, decided_at=at, outcome=outcome, result=result
    )
    subject = f"staff_change:{change.id}"
    await audit.record(operator.actor(), f"staff_change.{outcome}", subject, kind=change.kind)
