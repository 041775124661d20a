from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.sealing import Vault
from identity import staffing
from identity.callers import OperatorCaller
from identity.id_numbers import IdNumberInvalid
from identity.kinds import Role
from identity.models import Operator
from identity.operators import DutiesNotSeparate, LoginNameTaken, OperatorNotFound
from identity.persons import register_person
from identity.staffing import Staffed
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages

LoginName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}\Z")]
Department = Annotated[str, Meta(pattern=r"^[0-9]{6}-[a-z0-9-]{1,25}\Z")]
Division = Annotated[str, Meta(pattern=r"^[0-9]{6,12}\Z")]
Roles = Annotated[list[Role], Meta(max_length=9)]


class NewOperatorRequest(Struct, frozen=True, forbid_unknown_fields=True):
    login_name: LoginName
    name: Annotated[str, Meta(min_length=1, max_length=32)]
    id_number: Annotated[str, Meta(min_length=15, max_length=18)]
    department: Department
    division: Division
    roles: Roles


class RolesRequest(Struct, frozen=True, forbid_unknown_fields=True):
    roles: Roles


class OperatorRowView(Struct, frozen=True, kw_only=True):
    operator_id: UUID
    login_name: str
    roles: Sequence[str]
    department: str
    division: str
    disabled_at: datetime | None


class StaffController(Controller):
    """人员管理: a security administrator's work. No password and no secret passes through it."""

    path = "/operators"
    tags = ["人员管理"]

    @get(
        summary="工作人员列表",
        description="本区划内的工作人员及其岗位，按建立时间倒序。",
    )
    async def many(
        self,
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[OperatorRowView]:
        after = pages.after(cursor, of="operators")
        rows = await staffing.list_operators(admin=operator, after=after, limit=limit + 1)
        return pages.page(rows, _row, limit=limit, of="operators")

    @post(
        limit="write_staff",
        summary="添加工作人员",
        description="业务岗位由一名安全管理员直接添加，得到只显示一次的启用码；审计员、安全管理员、"
        "系统管理员须由另一人复核，得到 `change_id`。口令和动态码密钥由本人凭启用码设置。",
        example={
            "login_name": "zhaomin",
            "name": "赵敏",
            "id_number": "330102199003077579",
            "department": "330199-civil-affairs",
            "division": "330199",
            "roles": ["editor"],
        },
        errors=(LoginNameTaken, DutiesNotSeparate, OperatorNotFound, IdNumberInvalid),
    )
    async def create(
        self,
        data: JSONBody[NewOperatorRequest],
        operator: NamedDependency[OperatorCaller],
        vault: NamedDependency[Vault],
    ) -> Staffed:
        person = await register_person(name=data.name, id_number=data.id_number, vault=vault)
        return await staffing.add_operator(
            person_id=person.id,
            login_name=data.login_name,
            roles=data.roles,
            department=data.department,
            division=data.division,
            admin=operator,
            vault=vault,
            at=now(),
        )

    @put(
        "/{operator_id:uuid}/roles",
        limit="write_staff",
        summary="调整岗位",
        description="把岗位改为所列的全部岗位，下一个请求起生效；涉及监督岗位的须由另一人复核。",
        example={"roles": ["editor", "approver"]},
        errors=(DutiesNotSeparate, OperatorNotFound),
    )
    async def roles(
        self,
        operator_id: FromPath[UUID],
        data: JSONBody[RolesRequest],
        operator: NamedDependency[OperatorCaller],
    ) -> Staffed:
        return await staffing.give_roles(operator_id, data.roles, admin=operator, at=now())

    @post(
        "/{operator_id:uuid}/resets",
        limit="write_staff",
        summary="重置口令与动态码",
        description="原口令、动态码和全部登录立即失效，得到只显示一次的启用码；"
        "监督岗位的须由另一人复核。",
        errors=(OperatorNotFound,),
    )
    async def reset(
        self,
        operator_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
        vault: NamedDependency[Vault],
    ) -> Staffed:
        return await staffing.reset(operator_id, admin=operator, vault=vault, at=now())

    @post(
        "/{operator_id:uuid}/disablement",
        limit="write_staff",
        status_code=204,
        summary="停用工作人员",
        description="立即结束其全部登录，不能再登录。",
        errors=(OperatorNotFound,),
    )
    async def disable(
        self, operator_id: FromPath[UUID], operator: NamedDependency[OperatorCaller]
    ) -> None:
        await staffing.disable(operator_id, admin=operator, at=now())


def _row(operator: Operator) -> OperatorRowView:
    return OperatorRowView(
        operator_id=operator.id,
        login_name=operator.login_name,
        roles=operator.roles,
        department=operator.department,
        division=operator.division,
        disabled_at=operator.disabled_at,
    )
