from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import Struct

from core.clock import now
from core.sealing import Vault
from identity.callers import OperatorCaller
from proactive import policies, publishing
from proactive.budgets import BudgetBelowCommitted
from proactive.dry_runs import dry_run
from proactive.kinds import Delivery, Mode, VersionStatus
from proactive.models import Policy
from proactive.policies import (
    CodeTaken,
    DatesReversed,
    OutOfScope,
    PaidNeedsMoney,
    PolicyContent,
    PolicyNotFound,
    VersionChanged,
    VersionIsFixed,
    VersionNotFound,
    VersionOutOfOrder,
)
from proactive.publishing import (
    ApprovalRequired,
    ApproverIsEditor,
    DryRunRequired,
    PublisherIsApprover,
)
from proactive.rules import refusals
from web.pages import Page, whole
from web.views import View

Code = Annotated[str, PathParameter(pattern=r"^[a-z0-9][a-z0-9-]{0,31}\Z", description="政策编号")]
Number = Annotated[int, PathParameter(ge=1, le=10_000, description="版本号，从 1 起")]
RULE_REFUSALS = tuple(refusals.RuleRefused.__subclasses__())

EXAMPLE: dict[str, Any] = {
    "revision": None,
    "content": {
        "title": "老年综合津贴",
        "division": "330199",
        "mode": "DIRECT",
        "delivery": "paid",
        "document": {
            "entity": "person",
            "parameters": {"jurisdiction": "330199"},
            "rule": {
                "kind": "all",
                "id": "who",
                "text": "同时符合以下条件",
                "of": [
                    {
                        "kind": "under",
                        "id": "hukou",
                        "text": "户籍在本地",
                        "fact": "hukou",
                        "division": {"param": "jurisdiction"},
                    },
                    {
                        "kind": "age",
                        "id": "age",
                        "text": "年满 65 周岁",
                        "fact": "birth",
                        "op": ">=",
                        "years": 65,
                    },
                ],
            },
            "amount": {"kind": "fixed", "value": 7500},
            "unit": {"of": "fen", "period": "month"},
        },
        "legal_basis": "老年综合津贴制度",
        "valid_from": "2023-05-01",
        "budget_fen": 2000000,
        "offer_text": "根据您的户籍和年龄，您可以享受老年综合津贴。",
    },
}


class DraftRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`revision` is the one that was read; none for a version that is not there yet."""

    content: PolicyContent
    revision: int | None = None


class PolicyLine(View, frozen=True, kw_only=True):
    code: str
    department: str
    division: str
    halted_at: datetime | None


class PolicySummary(PolicyLine, frozen=True, kw_only=True):
    title: str
    versions: int
    published: int | None

    @classmethod
    def of(cls, row: object) -> Self:
        assert isinstance(row, Policy)
        versions = sorted(row.versions, key=lambda version: version.number)
        in_force = [v.number for v in versions if v.status is VersionStatus.PUBLISHED]
        return cls(
            code=row.code,
            department=row.department,
            division=row.division,
            halted_at=row.halted_at,
            title=versions[-1].title if versions else "",
            versions=len(versions),
            published=in_force[0] if in_force else None,
        )


class VersionView(View, frozen=True, kw_only=True):
    number: int
    revision: int
    status: VersionStatus
    title: str
    mode: Mode
    delivery: Delivery
    benefit: str
    document: dict[str, Any]
    legal_basis: str
    source: str
    valid_from: date
    valid_to: date | None
    budget_fen: int | None
    confirm_days: int
    offer_text: str
    content_hash: str
    edited_at: datetime
    published_at: datetime | None


class DryRunView(View, frozen=True, kw_only=True):
    """How many, and what it costs; sample reasons by outcome, of nobody in particular."""

    id: UUID
    content_hash: str
    on: date
    ran_at: datetime
    eligible: int
    unknown: int
    refused: int
    amount_fen: int
    gained: int
    lost: int
    samples: dict[str, list[list[str]]]


class ApprovalView(View, frozen=True, kw_only=True):
    id: UUID
    approved_hash: str
    approved_at: datetime


class PolicyController(Controller):
    """政策: drafted by one, tried, approved by another, published, halted."""

    path = "/policies"
    tags = ["政策"]

    @get(summary="本部门政策", description="本部门、本区划的政策及其在用版本。")
    async def many(self, operator: NamedDependency[OperatorCaller]) -> Page[PolicySummary]:
        return whole([PolicySummary.of(row) for row in await policies.find_policies(operator)])

    @get(
        "/{code:str}/versions/{number:int}",
        summary="政策版本",
        description="一个版本的全部内容：规则、金额、范围、文案与状态。",
        errors=(PolicyNotFound, VersionNotFound),
    )
    async def version(
        self, code: Code, number: Number, operator: NamedDependency[OperatorCaller]
    ) -> VersionView:
        return VersionView.of(await policies.get_version(code, number, operator=operator))

    @put(
        "/{code:str}/versions/{number:int}",
        summary="起草或修改版本",
        description="相同内容重复提交不变；修改须带读到的 revision，任何修改都使原审批失效。",
        example=EXAMPLE,
        errors=(
            CodeTaken,
            DatesReversed,
            OutOfScope,
            PaidNeedsMoney,
            VersionChanged,
            VersionIsFixed,
            VersionOutOfOrder,
            *RULE_REFUSALS,
        ),
    )
    async def draft(
        self,
        code: Code,
        number: Number,
        data: JSONBody[DraftRequest],
        operator: NamedDependency[OperatorCaller],
    ) -> VersionView:
        version = await policies.draft_policy(
            code, number, data.content, operator=operator, revision=data.revision, at=now()
        )
        return VersionView.of(version)

    @post(
        "/{code:str}/versions/{number:int}/dry-runs",
        summary="试算",
        description="按当前内容试算：人数、金额、与在用版本相比的增减、理由样例。不告知任何人。",
        errors=(PolicyNotFound, VersionNotFound),
    )
    async def try_out(
        self,
        code: Code,
        number: Number,
        operator: NamedDependency[OperatorCaller],
        vault: NamedDependency[Vault],
    ) -> DryRunView:
        return DryRunView.of(await dry_run(code, number, operator=operator, vault=vault, at=now()))

    @post(
        "/{code:str}/versions/{number:int}/approvals",
        summary="审批",
        description="由未参与起草的另一自然人审批；与内容和试算结果绑定，24 小时内有效。",
        errors=(
            PolicyNotFound,
            VersionNotFound,
            VersionIsFixed,
            DryRunRequired,
            ApproverIsEditor,
        ),
    )
    async def approve(
        self, code: Code, number: Number, operator: NamedDependency[OperatorCaller]
    ) -> ApprovalView:
        approval = await publishing.approve_policy(code, number, operator=operator, at=now())
        return ApprovalView.of(approval)

    @post(
        "/{code:str}/versions/{number:int}/publications",
        summary="发布",
        description="审批有效时发布，取代在用版本，随后自动匹配。审批人不能发布。",
        limit="publish",
        errors=(
            PolicyNotFound,
            VersionNotFound,
            VersionIsFixed,
            ApprovalRequired,
            PublisherIsApprover,
            BudgetBelowCommitted,
        ),
    )
    async def publish(
        self, code: Code, number: Number, operator: NamedDependency[OperatorCaller]
    ) -> VersionView:
        version = await publishing.publish_policy(code, number, operator=operator, at=now())
        return VersionView.of(version)

    @post(
        "/{code:str}/halts",
        summary="叫停",
        description="立即停止匹配、告知与兑付；已在途的款项不受影响。",
        errors=(PolicyNotFound,),
    )
    async def halt(self, code: Code, operator: NamedDependency[OperatorCaller]) -> PolicyLine:
        return PolicyLine.of(await publishing.halt_policy(code, operator=operator, at=now()))

    @post(
        "/{code:str}/resumptions",
        summary="恢复",
        description="从停下的地方继续；暂缓的待遇重新核对后兑付。",
        limit="publish",
        errors=(PolicyNotFound,),
    )
    async def resume(self, code: Code, operator: NamedDependency[OperatorCaller]) -> PolicyLine:
        return PolicyLine.of(await publishing.resume_policy(code, operator=operator, at=now()))
