from datetime import date
from typing import Annotated, Self

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import PathParameter

from core.clock import now
from core.sealing import Vault
from identity.callers import Caller, RealNameRequired
from proactive.entitlements import amount_in_words
from proactive.explaining import Explanation, explain_policy, find_policies_in_force
from proactive.kinds import Delivery, Mode
from proactive.models import PolicyVersion
from proactive.policies import PolicyNotFound
from proactive.rules.evaluation import Outcome
from web.pages import Page, whole
from web.views import View

Code = Annotated[str, PathParameter(pattern=r"^[a-z0-9][a-z0-9-]{0,31}\Z", description="政策编号")]


class PolicyLine(View, frozen=True, kw_only=True):
    code: str
    title: str
    entity: str
    mode: Mode
    delivery: Delivery
    text: str
    legal_basis: str
    valid_from: date
    valid_to: date | None

    @classmethod
    def of(cls, row: object) -> Self:
        assert isinstance(row, PolicyVersion)
        return cls(
            code=row.policy.code,
            title=row.title,
            entity=row.document["entity"],
            mode=row.mode,
            delivery=row.delivery,
            text=row.offer_text,
            legal_basis=row.legal_basis,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )


class PolicyDecisionView(View, frozen=True, kw_only=True):
    """What a policy says of the caller today, and why."""

    policy: PolicyLine
    outcome: Outcome
    amount: str | None
    explanation: Explanation


class PolicyController(Controller):
    """政策: what there is, and what of it is for me."""

    path = "/policies"
    tags = ["免申即享"]

    @get(summary="在用政策", description="当前有效的政策。")
    async def many(self) -> Page[PolicyLine]:
        return whole([PolicyLine.of(row) for row in await find_policies_in_force(at=now())])

    @get(
        "/{code:str}/decision",
        summary="我是否符合",
        description="按今天的数据逐条说明是否符合、缺什么、差多少。只作说明，不产生待遇。",
        errors=(RealNameRequired, PolicyNotFound),
    )
    async def decision(
        self,
        code: Code,
        caller: NamedDependency[Caller],
        vault: NamedDependency[Vault],
    ) -> PolicyDecisionView:
        version, decision, explanation = await explain_policy(
            code, party_id=caller.required_party(), vault=vault, at=now()
        )
        quantity = decision.quantity
        return PolicyDecisionView(
            policy=PolicyLine.of(version),
            outcome=decision.outcome,
            amount=None if quantity is None else amount_in_words(version, quantity),
            explanation=explanation,
        )
