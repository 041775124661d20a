from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.clock import now
from core.sealing import Vault
from identity import staff_changes, staffing, verifier_changes
from identity.callers import OperatorCaller
from identity.operators import DutiesNotSeparate, LoginNameTaken
from identity.staff_changes import (
    Applied,
    Apply,
    SamePersonTwice,
    StaffChangeNotFound,
    StaffChangeOver,
)
from identity.verifier_changes import OrganisationNotFound
from licences import legal_bases
from licences.legal_bases import BasisTaken
from licences.requests import BeyondPurpose
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages
from web.views import View

KNOWN: Mapping[str, Apply] = {
    "operator.add": staffing.apply_add,
    "operator.roles": staffing.apply_roles,
    "operator.reset": staffing.apply_reset,
    "organisation.add": verifier_changes.apply_add,
    "organisation.change": verifier_changes.apply_change,
    "machine.add": verifier_changes.apply_machine_add,
    "machine.change": verifier_changes.apply_machine_change,
    "legal_basis.add": legal_bases.apply_add,
}
"""Everything that needs two persons, and what then happens."""


class StaffChangeView(View, frozen=True, kw_only=True):
    id: UUID
    kind: str
    arguments: dict[str, Any]
    proposer_id: UUID
    proposed_at: datetime
    expires_at: datetime
    decider_id: UUID | None
    decided_at: datetime | None
    outcome: str | None
    result: str | None


class StaffChangeController(Controller):
    """双人复核: what one administrator asked for, another natural person decides."""

    path = "/staff-changes"
    tags = ["人员管理"]

    @get(
        summary="变更申请列表",
        description="本区划内须由两人办理的变更，含已处理和已过期的，按申请时间倒序。",
    )
    async def many(
        self,
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[StaffChangeView]:
        after = pages.after(cursor, of="staff-changes")
        rows = await staff_changes.list_changes(operator, after=after, limit=limit + 1)
        return pages.page(rows, StaffChangeView.of, limit=limit, of="staff-changes")

    @post(
        "/{change_id:uuid}/approval",
        limit="write_staff",
        status_code=200,
        summary="复核通过",
        description="由申请人以外的另一人复核，通过后立即生效；申请满 24 小时失效。"
        "新的启用码只在此处显示一次。",
        errors=(
            StaffChangeNotFound,
            StaffChangeOver,
            SamePersonTwice,
            LoginNameTaken,
            DutiesNotSeparate,
            OrganisationNotFound,
            BeyondPurpose,
            BasisTaken,
        ),
    )
    async def approve(
        self,
        change_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
        vault: NamedDependency[Vault],
    ) -> Applied:
        return await staff_changes.approve(
            change_id, known=KNOWN, operator=operator, vault=vault, at=now()
        )

    @post(
        "/{change_id:uuid}/refusal",
        limit="write_staff",
        status_code=204,
        summary="复核不通过或撤回",
        description="申请人自己办理即为撤回。",
        errors=(StaffChangeNotFound, StaffChangeOver),
    )
    async def refuse(
        self, change_id: FromPath[UUID], operator: NamedDependency[OperatorCaller]
    ) -> None:
        await staff_changes.turn_down(change_id, operator=operator, at=now())
