from datetime import datetime
from typing import Self
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency

from identity.callers import OperatorCaller
from payments.disbursements import list_disbursements_of_department
from payments.exceptions import list_exceptions
from payments.gateways import Provider
from payments.kinds import DisbursementStatus, OrderStatus, PayoutChannel
from payments.models import FeeOrder
from payments.orders import list_orders_of_department
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages
from web.views import View


class FeeOrderLine(View, frozen=True):
    """No payer: who owes is shown where somebody works on one order, and audited there."""

    order_no: str
    title: str
    agency_name: str
    agency_reference: str
    amount_fen: int
    status: OrderStatus
    provider: Provider | None
    trade_no: str | None
    created_at: datetime
    paid_at: datetime | None

    @classmethod
    def of(cls, row: object) -> Self:
        assert isinstance(row, FeeOrder)
        return cls(
            order_no=row.order_no,
            title=row.title,
            agency_name=row.agency.name,
            agency_reference=row.agency_reference,
            amount_fen=row.amount_fen,
            status=row.status,
            provider=row.provider,
            trade_no=row.trade_no,
            created_at=row.created_at,
            paid_at=row.paid_at,
        )


class DisbursementLine(View, frozen=True):
    id: UUID
    reference: str
    number: str
    purpose: str
    amount_fen: int
    channel: PayoutChannel
    status: DisbursementStatus
    slip_no: str | None
    reason: str | None
    requested_at: datetime
    finished_at: datetime | None


class PaymentExceptionLine(View, frozen=True):
    id: UUID
    kind: str
    subject: str
    details: dict[str, str | int]
    raised_at: datetime
    due_at: datetime | None
    assignee: str | None


class FeeOrderController(Controller):
    """缴费单: what the operator's department collects."""

    path = "/fee-orders"
    tags = ["缴费与拨付"]

    @get(summary="本部门缴费单", description="本部门、本区划的缴费单，按时间倒序。")
    async def many(
        self,
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[FeeOrderLine]:
        of = f"fee_orders_of:{operator.department}:{operator.division}"
        rows = await list_orders_of_department(
            operator=operator, after=pages.after(cursor, of=of), limit=limit + 1
        )
        return pages.page(rows, FeeOrderLine.of, limit=limit, of=of)


class DisbursementController(Controller):
    """拨付: what the operator's department pays out."""

    path = "/disbursements"
    tags = ["缴费与拨付"]

    @get(summary="本部门拨付", description="本部门、本区划的拨付，按时间倒序。")
    async def many(
        self,
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[DisbursementLine]:
        of = f"disbursements_of:{operator.department}:{operator.division}"
        rows = await list_disbursements_of_department(
            operator=operator, after=pages.after(cursor, of=of), limit=limit + 1
        )
        return pages.page(rows, DisbursementLine.of, limit=limit, of=of)


class PaymentExceptionController(Controller):
    """差错: what of them waits for a person."""

    path = "/payment-exceptions"
    tags = ["缴费与拨付"]

    @get(
        summary="缴费与拨付差错",
        description="金额不符、重复支付待退、拨付受阻等需要人工处理的事项，按时间倒序。",
    )
    async def many(
        self,
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[PaymentExceptionLine]:
        of = f"payment_exceptions:{operator.department}:{operator.division}"
        rows = await list_exceptions(
            operator=operator, after=pages.after(cursor, of=of), limit=limit + 1
        )
        return pages.page(rows, PaymentExceptionLine.of, limit=limit, of=of)
