"""Roles that an operator lends a colleague until a day, and how they are taken up. 岗位代理

On behalf of another one has the roles that were lent and none of one's own; both persons count as
one where two are needed. Duties of watching are never lent, and watchers borrow nothing.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import audit
from core.clock import date_in_china
from core.errors import NotAllowed, NotFound, Rejected
from identity.callers import OperatorCaller
from identity.kinds import Role
from identity.models import Delegation, Operator, OperatorSession
from identity.operators import WATCHERS, OperatorNotFound

MAX_DAYS = timedelta(days=92)


class DelegationNotFound(NotFound):
    code = "identity.delegation_not_found"
    message = "没有找到该岗位代理"


class RolesNotLendable(NotAllowed):
    code = "identity.roles_not_lendable"
    message = "只能把自己的业务岗位交给同部门的另一人代理，监督岗位不能代理"


class DelegationTooLong(Rejected):
    code = "identity.delegation_too_long"
    message = "代理期限有误：最长 92 天，结束日不能早于开始日或今天"


def delegation_holds(delegation: Delegation, lender: Operator, *, at: datetime) -> bool:
    """Whether roles are lent today: both days count, and the lender must still hold one of them."""
    today = date_in_china(at)
    in_days = delegation.from_on <= today <= delegation.until_on
    still_held = bool(set(delegation.roles) & set(lender.roles))
    return in_days and still_held and delegation.revoked_at is None and lender.disabled_at is None


async def lend_roles(
    login_name: str,
    roles: Iterable[Role],
    *,
    from_on: date,
    until_on: date,
    operator: OperatorCaller,
    at: datetime,
) -> Delegation:
    """Let a colleague stand in with these roles of one's own."""
    given = frozenset(roles)
    today = date_in_china(at)
    if until_on < max(from_on, today) or until_on - max(from_on, today) > MAX_DAYS:
        raise DelegationTooLong()
    async with in_transaction():
        borrower = await Operator.select_for_update().get_or_none(
            login_name=login_name, department=operator.department, disabled_at=None
        )
        if borrower is None:
            raise OperatorNotFound()
        if not given or not await _lendable(given, operator, borrower):
            raise RolesNotLendable(operator_id=operator.operator_id)
        row = await Delegation.create(
            lender_id=operator.operator_id,
            borrower_id=borrower.id,
            roles=sorted(given),
            from_on=from_on,
            until_on=until_on,
            created_at=at,
        )
        subject, listed = f"delegation:{row.id}", ",".join(sorted(given))
        await audit.record(
            operator.actor(), "delegation.lend", subject, to=str(borrower.id), roles=listed
        )
    return row


async def take_back(delegation_id: UUID, *, operator: OperatorCaller, at: datetime) -> None:
    """End it from the next request on: by who lent, or by who borrowed. Twice is once."""
    async with in_transaction():
        row = await _of(operator).get_or_none(id=delegation_id)
        if row is None:
            raise DelegationNotFound(delegation_id=delegation_id)
        if await Delegation.filter(id=row.id, revoked_at=None).update(revoked_at=at):
            await audit.record(operator.actor(), "delegation.end", f"delegation:{row.id}")


async def list_delegations(
    operator: OperatorCaller, *, after: UUID | None, limit: int
) -> list[Delegation]:
    """What one lent and borrowed, newest first."""
    rows = _of(operator).select_related("lender", "borrower")
    older = rows if after is None else rows.filter(id__lt=after)
    return await older.order_by("-id").limit(limit)


async def act_on_behalf(delegation_id: UUID, *, operator: OperatorCaller, at: datetime) -> None:
    """Take up what a colleague lent, in this session alone, from the next request on."""
    row = await Delegation.get_or_none(
        id=delegation_id, borrower_id=operator.operator_id
    ).select_related("lender")
    if row is None or not delegation_holds(row, row.lender, at=at):
        raise DelegationNotFound(delegation_id=delegation_id)
    await _set(operator, row.id)


async def act_as_oneself(*, operator: OperatorCaller) -> None:
    """Have one's own roles again."""
    await _set(operator, None)


async def _set(operator: OperatorCaller, delegation_id: UUID | None) -> None:
    subject = f"operator_session:{operator.session_id}"
    async with in_transaction():
        session = OperatorSession.filter(id=operator.session_id)
        await session.update(delegation_id=delegation_id)
        lent = str(delegation_id) if delegation_id else None
        actor = f"operator:{operator.operator_id}"
        await audit.record(actor, "operator_session.behalf", subject, delegation=lent)


async def _lendable(roles: frozenset[Role], operator: OperatorCaller, borrower: Operator) -> bool:
    """Own roles only, no duty of watching, and to another person who watches nothing."""
    own = operator.behalf_of is None and roles <= operator.roles and not roles & WATCHERS
    if not own or borrower.person_id == operator.person_id:
        return False
    logins = await Operator.filter(person_id=borrower.person_id, disabled_at=None)
    held = {Role(role) for login in logins for role in login.roles}
    return not held & WATCHERS


def _of(operator: OperatorCaller) -> QuerySet[Delegation]:
    return Delegation.filter(
        Q(lender_id=operator.operator_id) | Q(borrower_id=operator.operator_id)
    )
