from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from identity import delegations
from identity.callers import OperatorCaller
from identity.delegations import DelegationNotFound, DelegationTooLong, RolesNotLendable
from identity.kinds import Role
from identity.models import Delegation
from identity.operators import OperatorNotFound
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages


class LendRequest(Struct, frozen=True, forbid_unknown_fields=True):
    login_name: Annotated[str, Meta(min_length=1, max_length=64)]
    roles: Annotated[list[Role], Meta(min_length=1, max_length=9)]
    from_on: date
    until_on: date


class BehalfRequest(Struct, frozen=True, forbid_unknown_fields=True):
    delegation_id: UUID


class DelegationView(Struct, frozen=True, kw_only=True):
    delegation_id: UUID
    lender: str
    borrower: str
    roles: Sequence[str]
    from_on: date
    until_on: date
    revoked_at: datetime | None


class DelegationController(Controller):
    """岗位代理: roles lent to a colleague until a day."""

    tags = ["岗位代理"]

    @get("/delegations", summary="岗位代理", description="我交给他人代理的和我代理的，按时间倒序。")
    async def many(
        self,
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[DelegationView]:
        after = pages.after(cursor, of="delegations")
        rows = await delegations.list_delegations(operator, after=after, limit=limit + 1)
        return pages.page(rows, _view, limit=limit, of="delegations")

    @post(
        "/delegations",
        limit="write_staff",
        summary="交由他人代理",
        description="把自己的业务岗位交给同部门另一人代理，最长 92 天；监督岗位不能代理。",
        example={
            "login_name": "zhaomin",
            "roles": ["approver"],
            "from_on": "2026-11-23",
            "until_on": "2026-11-30",
        },
        errors=(RolesNotLendable, DelegationTooLong, OperatorNotFound),
    )
    async def create(
        self, data: JSONBody[LendRequest], operator: NamedDependency[OperatorCaller]
    ) -> UUID:
        row = await delegations.lend_roles(
            data.login_name,
            data.roles,
            from_on=data.from_on,
            until_on=data.until_on,
            operator=operator,
            at=now(),
        )
        return row.id

    @delete(
        "/delegations/{delegation_id:uuid}",
        limit="write_staff",
        summary="结束代理",
        description="交出人或代理人均可结束，下一个请求起生效。",
        errors=(DelegationNotFound,),
    )
    async def end(
        self, delegation_id: FromPath[UUID], operator: NamedDependency[OperatorCaller]
    ) -> None:
        await delegations.take_back(delegation_id, operator=operator, at=now())

    @put(
        "/sessions/current/delegation",
        status_code=204,
        summary="以代理身份办理",
        description="本次登录改以代理的岗位办理，不再有自己的岗位；审计记录双方。",
        example={"delegation_id": "0190c2a9-7d6f-7c3e-8a52-0190c2a97d6f"},
        errors=(DelegationNotFound,),
    )
    async def act(
        self, data: JSONBody[BehalfRequest], operator: NamedDependency[OperatorCaller]
    ) -> None:
        await delegations.act_on_behalf(data.delegation_id, operator=operator, at=now())

    @delete(
        "/sessions/current/delegation",
        summary="恢复本人身份",
        description="本次登录恢复自己的岗位。",
    )
    async def act_as_oneself(self, operator: NamedDependency[OperatorCaller]) -> None:
        await delegations.act_as_oneself(operator=operator)


def _view(row: Delegation) -> DelegationView:
    return DelegationView(
        delegation_id=row.id,
        lender=row.lender.login_name,
        borrower=row.borrower.login_name,
        roles=row.roles,
        from_on=row.from_on,
        until_on=row.until_on,
        revoked_at=row.revoked_at,
    )
