from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.clock import now
from core.sealing import Vault
from identity.callers import (
    ActingRightRequired,
    Caller,
    ConfirmerRequired,
    RealNameRequired,
)
from payments.kinds import DisbursementStatus
from proactive import entitlements
from proactive.disbursing import find_payout
from proactive.entitlements import DeadlinePassed, EntitlementNotFound, StepNotAllowed
from proactive.explaining import Explanation, explain_entitlement
from proactive.kinds import Delivery, EntitlementStatus, Mode
from proactive.models import Entitlement
from proactive.rules.evaluation import Outcome
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages
from web.views import View


class EntitlementLine(View, frozen=True, kw_only=True):
    """`amount_fen` is there when it is money; `amount` says it in words in any case."""

    id: UUID
    policy_code: str
    title: str
    mode: Mode
    delivery: Delivery
    period: str
    outcome: Outcome
    status: EntitlementStatus
    amount_fen: int | None
    amount: str | None
    reasons: list[str]
    deadline_on: date | None
    created_at: datetime

    @classmethod
    def of(cls, row: object) -> Self:
        assert isinstance(row, Entitlement)
        return cls(**_line(row))


class PayoutView(View, frozen=True):
    """The money of an entitlement; its own page says what is to be done."""

    id: UUID
    status: DisbursementStatus


class EntitlementView(EntitlementLine, frozen=True, kw_only=True):
    """With why: every condition, what was read for it, from whom, and as of when.

    `disbursement` is there once money is asked for that goes to the caller or its party.
    """

    legal_basis: str
    confirmed_at: datetime | None
    paid_at: datetime | None
    explanation: Explanation
    disbursement: PayoutView | None


class EntitlementController(Controller):
    """免申即享: what a resident or an enterprise gets without asking, and their yes or no to it."""

    path = "/entitlements"
    tags = ["免申即享"]

    @get(
        summary="我的待遇",
        description="本人或所代办主体符合、可能符合、只差一个条件的待遇，按时间倒序。",
        errors=(RealNameRequired,),
    )
    async def many(
        self,
        caller: NamedDependency[Caller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[EntitlementLine]:
        party_id = caller.required_party()
        of = f"entitlements:{party_id}"
        rows = await entitlements.list_entitlements(
            party_id, before=pages.after(cursor, of=of), limit=limit + 1
        )
        return pages.page(rows, EntitlementLine.of, limit=limit, of=of)

    @get(
        "/{entitlement_id:uuid}",
        summary="待遇详情与理由",
        description="每个条件是否满足、依据哪个部门哪一天的数据、金额、确认期限。"
        "款项发出后，`disbursement` 指明是哪一笔拨付。",
        errors=(RealNameRequired, EntitlementNotFound),
    )
    async def one(
        self,
        entitlement_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        vault: NamedDependency[Vault],
    ) -> EntitlementView:
        return await _view(entitlement_id, caller, vault)

    @post(
        "/{entitlement_id:uuid}/confirmation",
        summary="确认享受",
        description="同意享受这项待遇，随后自动兑付。儿童的待遇付给确认的监护人。"
        "没有收到应答时可以重试：同一人重复确认，应答与第一次相同。",
        errors=(
            RealNameRequired,
            ConfirmerRequired,
            ActingRightRequired,
            EntitlementNotFound,
            StepNotAllowed,
            DeadlinePassed,
        ),
    )
    async def confirm(
        self,
        entitlement_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        vault: NamedDependency[Vault],
    ) -> EntitlementView:
        await entitlements.confirm_entitlement(entitlement_id, caller=caller, at=now())
        return await _view(entitlement_id, caller, vault)

    @post(
        "/{entitlement_id:uuid}/refusal",
        summary="放弃享受",
        description="在款项发出之前，可以随时放弃。",
        errors=(
            RealNameRequired,
            ConfirmerRequired,
            ActingRightRequired,
            EntitlementNotFound,
            StepNotAllowed,
        ),
    )
    async def decline(
        self,
        entitlement_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        vault: NamedDependency[Vault],
    ) -> EntitlementView:
        await entitlements.decline_entitlement(entitlement_id, caller=caller, at=now())
        return await _view(entitlement_id, caller, vault)


async def _view(entitlement_id: UUID, caller: Caller, vault: Vault) -> EntitlementView:
    row = await entitlements.get_entitlement(entitlement_id, party_id=caller.required_party())
    payout = await find_payout(row, caller=caller)
    return EntitlementView(
        **_line(row),
        legal_basis=row.version.legal_basis,
        confirmed_at=row.confirmed_at,
        paid_at=row.paid_at,
        explanation=await explain_entitlement(row, vault=vault),
        disbursement=PayoutView.of(payout) if payout else None,
    )


def _line(row: Entitlement) -> dict[str, Any]:
    version, quantity = row.version, row.quantity
    in_money = version.document["unit"]["of"] == "fen"
    return {
        "id": row.id,
        "policy_code": row.policy.code,
        "title": version.title,
        "mode": version.mode,
        "delivery": version.delivery,
        "period": row.period,
        "outcome": row.outcome,
        "status": row.status,
        "amount_fen": quantity if in_money else None,
        "amount": None if quantity is None else entitlements.amount_in_words(version, quantity),
        "reasons": row.reasons,
        "deadline_on": row.deadline_on,
        "created_at": row.created_at,
    }
