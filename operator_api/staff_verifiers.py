from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from identity import terminals, verifier_listing
from identity.callers import OperatorCaller
from identity.models import Terminal
from identity.session_states import SessionStates
from identity.staff_changes import propose
from identity.staffing import Staffed
from identity.terminals import TerminalNotFound, open_terminal
from identity.verifier_changes import OrganisationNotFound, find_organisation
from identity.verifier_invitations import invite_verifier
from identity.verifiers import VerifierNotFound, disable_verifier, end_organisation
from operator_api.staff import Department, Division
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages
from web.views import View

Word = Annotated[str, Meta(min_length=1, max_length=64)]
Words = Annotated[list[Word], Meta(min_length=1, max_length=64)]


class OrganisationRules(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a verifying organisation may ask for, and what for."""

    licence_types: Words
    fields: Words
    purpose: Annotated[str, Meta(min_length=1, max_length=128)]
    terminals_only: bool = False


class NewOrganisationRequest(OrganisationRules, frozen=True, kw_only=True):
    name: Word
    department: Department
    division: Division


class NewTerminalRequest(Struct, frozen=True, forbid_unknown_fields=True):
    name: Word


class OrganisationView(View, frozen=True, kw_only=True):
    id: UUID
    name: str
    department: str
    division: str
    licence_types: Sequence[str]
    fields_allowed: Sequence[str]
    purpose: str
    terminals_only: bool
    disabled_at: datetime | None


class VerifierRowView(View, frozen=True, kw_only=True):
    id: UUID
    login_name: str | None
    disabled_at: datetime | None


class TerminalView(View, frozen=True, kw_only=True):
    id: UUID
    name: str
    enrolled_at: datetime | None
    revoked_at: datetime | None


class TerminalCodeView(Struct, frozen=True, kw_only=True):
    terminal_id: UUID
    code: str
    expires_at: datetime


class InvitationView(Struct, frozen=True, kw_only=True):
    code: str


class StaffVerifierController(Controller):
    """核验方管理: who may check licences, which fields, and what for."""

    path = "/verifier-organisations"
    tags = ["核验方管理"]

    @get(summary="核验方列表", description="本区划内的核验方，按登记时间倒序。")
    async def many(
        self,
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[OrganisationView]:
        after = pages.after(cursor, of="organisations")
        rows = await verifier_listing.list_organisations(
            admin=operator, after=after, limit=limit + 1
        )
        return pages.page(rows, OrganisationView.of, limit=limit, of="organisations")

    @post(
        limit="write_staff",
        summary="申请登记核验方",
        description="写明核验用途、证照类型与字段，由另一人复核后生效。",
        example={
            "name": "临溪公共交通有限公司",
            "department": "330199-civil-affairs",
            "division": "330199",
            "licence_types": ["elder-card"],
            "fields": ["name"],
            "purpose": "乘车优待核验",
        },
        errors=(OrganisationNotFound,),
    )
    async def create(
        self,
        data: JSONBody[NewOrganisationRequest],
        operator: NamedDependency[OperatorCaller],
    ) -> Staffed:
        if not data.division.startswith(operator.division):
            raise OrganisationNotFound()
        change = await propose(
            "organisation.add", msgspec.to_builtins(data), operator=operator, at=now()
        )
        return Staffed(change_id=change.id)

    @put(
        "/{organisation_id:uuid}",
        limit="write_staff",
        summary="申请变更核验方",
        description="变更用途、证照类型或字段，由另一人复核后生效。",
        example={"licence_types": ["elder-card"], "fields": ["name"], "purpose": "乘车优待核验"},
        errors=(OrganisationNotFound,),
    )
    async def change(
        self,
        organisation_id: FromPath[UUID],
        data: JSONBody[OrganisationRules],
        operator: NamedDependency[OperatorCaller],
    ) -> Staffed:
        await find_organisation(organisation_id, admin=operator)
        arguments = msgspec.to_builtins(data) | {"organisation_id": str(organisation_id)}
        change = await propose("organisation.change", arguments, operator=operator, at=now())
        return Staffed(change_id=change.id)

    @post(
        "/{organisation_id:uuid}/ending",
        limit="write_staff",
        status_code=204,
        summary="终止核验方",
        description="其全部核验员、终端与系统在 5 秒内失效。",
        errors=(OrganisationNotFound,),
    )
    async def end(
        self, organisation_id: FromPath[UUID], operator: NamedDependency[OperatorCaller]
    ) -> None:
        await find_organisation(organisation_id, admin=operator)
        await end_organisation(organisation_id, actor=operator.actor(), at=now())

    @post(
        "/{organisation_id:uuid}/invitations",
        limit="write_staff",
        summary="邀请核验员",
        description="得到一个邀请码，7 天内由一人用本人的小程序账号加入，不设口令；只显示一次。",
        errors=(OrganisationNotFound,),
    )
    async def invite(
        self, organisation_id: FromPath[UUID], operator: NamedDependency[OperatorCaller]
    ) -> InvitationView:
        await find_organisation(organisation_id, admin=operator)
        code = await invite_verifier(organisation_id, actor=operator.actor(), at=now())
        return InvitationView(code=code)

    @get(
        "/{organisation_id:uuid}/verifiers",
        summary="核验员列表",
        description="该核验方的核验员；以本人账号加入的没有登录名。",
        errors=(OrganisationNotFound,),
    )
    async def verifiers(
        self,
        organisation_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[VerifierRowView]:
        await find_organisation(organisation_id, admin=operator)
        after = pages.after(cursor, of="verifiers")
        rows = await verifier_listing.list_verifiers(organisation_id, after=after, limit=limit + 1)
        return pages.page(rows, VerifierRowView.of, limit=limit, of="verifiers")

    @post(
        "/{organisation_id:uuid}/verifiers/{verifier_id:uuid}/disablement",
        limit="write_staff",
        status_code=204,
        summary="停用核验员",
        description="其登录在 5 秒内失效。",
        errors=(OrganisationNotFound, VerifierNotFound),
    )
    async def disable(
        self,
        organisation_id: FromPath[UUID],
        verifier_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
    ) -> None:
        await find_organisation(organisation_id, admin=operator)
        await verifier_listing.find_verifier(verifier_id, organisation_id=organisation_id)
        await disable_verifier(verifier_id, actor=operator.actor(), at=now())

    @get(
        "/{organisation_id:uuid}/terminals",
        summary="核验终端列表",
        description="该核验方的终端，按登记时间倒序。",
        errors=(OrganisationNotFound,),
    )
    async def terminals(
        self,
        organisation_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[TerminalView]:
        await find_organisation(organisation_id, admin=operator)
        after = pages.after(cursor, of="terminals")
        rows = await verifier_listing.list_terminals(organisation_id, after=after, limit=limit + 1)
        return pages.page(rows, TerminalView.of, limit=limit, of="terminals")

    @post(
        "/{organisation_id:uuid}/terminals",
        limit="write_staff",
        summary="登记核验终端",
        description="得到一个启用码，24 小时内在该终端上使用一次；只显示一次。",
        example={"name": "3 号闸机"},
        errors=(OrganisationNotFound,),
    )
    async def add_terminal(
        self,
        organisation_id: FromPath[UUID],
        data: JSONBody[NewTerminalRequest],
        operator: NamedDependency[OperatorCaller],
    ) -> TerminalCodeView:
        await find_organisation(organisation_id, admin=operator)
        terminal, code = await open_terminal(
            organisation_id, data.name, actor=operator.actor(), at=now()
        )
        return _code(terminal, code)

    @post(
        "/{organisation_id:uuid}/terminals/{terminal_id:uuid}/revocation",
        limit="write_staff",
        status_code=204,
        summary="停用核验终端",
        description="该终端上的登录立即失效，其密钥不再被接受。",
        errors=(OrganisationNotFound, TerminalNotFound),
    )
    async def revoke_terminal(
        self,
        organisation_id: FromPath[UUID],
        terminal_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
        session_states: NamedDependency[SessionStates],
    ) -> None:
        await find_organisation(organisation_id, admin=operator)
        ended = await terminals.revoke_terminal(
            terminal_id, organisation_id=organisation_id, actor=operator.actor(), at=now()
        )
        await session_states.forget(ended)


def _code(terminal: Terminal, code: str) -> TerminalCodeView:
    return TerminalCodeView(terminal_id=terminal.id, code=code, expires_at=terminal.code_expires_at)
