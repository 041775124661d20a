"""Fee orders: what somebody owes an agency, and what its payer sees of it. 缴费单"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import audit
from core.errors import Conflict, NotFound
from core.ids import new_id, new_number
from core.money import Fen
from core.prepared import AFTER_ALL, Prepared
from identity.callers import Caller, OperatorCaller
from payments.kinds import OrderStatus
from payments.models import Agency, FeeOrder


def _page(payer_id: UUID, after: UUID, limit: int) -> QuerySet[FeeOrder]:
    mine = FeeOrder.filter(payer_id=payer_id, id__lt=after)
    return mine.order_by("-id").limit(limit).select_related("agency")


def _of(status: OrderStatus) -> Prepared[FeeOrder]:
    return Prepared(lambda *page: _page(*page).filter(status=status), UUID, UUID, int)


_ORDERS = Prepared(_page, UUID, UUID, int)
_ORDERS_OF = {status: _of(status) for status in OrderStatus}


class AgencyNotFound(NotFound):
    code = "payments.agency_not_found"
    message = "没有找到该执收单位"


class OrderNotFound(NotFound):
    code = "payments.order_not_found"
    message = "没有找到该缴费单"


class OrderNotPaid(Conflict):
    code = "payments.order_not_paid"
    message = "该缴费单还没有支付完成"


class ReferenceReused(Conflict):
    code = "payments.reference_reused"
    message = "该编号已用于另一笔款项"


class OrderReceipt(Struct, frozen=True, kw_only=True):
    """What a payer keeps after paying. 缴费凭证"""

    order_no: str
    title: str
    agency_name: str
    amount_fen: int
    provider: str
    trade_no: str
    paid_at: datetime


async def register_agency(
    department: str,
    *,
    division: str,
    name: str,
    wechat_mchid: str | None = None,
    alipay_app_id: str | None = None,
) -> Agency:
    """The agency of a department, made if unknown; its merchant numbers are brought up to date."""
    values = {
        "division": division,
        "name": name,
        "wechat_mchid": wechat_mchid,
        "alipay_app_id": alipay_app_id,
    }
    agency, made = await Agency.get_or_create(department=department, defaults=values)
    if not made:
        await agency.update_from_dict(values).save(update_fields=list(values))
    return agency


async def issue_fee(
    department: str,
    reference: str,
    *,
    payer_id: UUID,
    title: str,
    amount_fen: Fen,
    actor: str,
    at: datetime,
    deadline_at: datetime | None = None,
    division: str = "",
) -> FeeOrder:
    """Ask a party for a fee, once for the agency's own reference; other content is a conflict.

    `division` is that of who asks, where it lies within the agency's: they find the order again.
    """
    agency = await Agency.get_or_none(department=department)
    if agency is None:
        raise AgencyNotFound(department=department)
    mine = FeeOrder(
        id=new_id(),
        order_no=new_number("F", at),
        payer_id=payer_id,
        agency=agency,
        agency_reference=reference,
        department=department,
        division=division if division.startswith(agency.division) else agency.division,
        title=title,
        amount_fen=amount_fen,
        deadline_at=deadline_at,
        created_at=at,
    )
    async with in_transaction():
        await FeeOrder.bulk_create([mine], ignore_conflicts=True)
        order = await FeeOrder.get(agency_id=agency.id, agency_reference=reference)
        if order.id == mine.id:
            subject = f"fee_order:{order.order_no}"
            await audit.record(actor, "fee.issue", subject, amount_fen=amount_fen)
    asked = (payer_id, title, amount_fen, deadline_at)
    if (order.payer_id, order.title, order.amount_fen, order.deadline_at) != asked:
        raise ReferenceReused(order_no=order.order_no)
    return order


async def get_order(order_no: str, *, caller: Caller) -> FeeOrder:
    """An order of the party the caller acts for; any other is not found."""
    payer_id = caller.required_party()
    order = await FeeOrder.get_or_none(order_no=order_no, payer_id=payer_id).select_related(
        "agency"
    )
    if order is None:
        raise OrderNotFound(order_no=order_no)
    return order


async def list_orders(
    *, caller: Caller, status: OrderStatus | None, after: UUID | None, limit: int
) -> list[FeeOrder]:
    """The caller's party's orders, newest first, beginning after an id."""
    orders = _ORDERS if status is None else _ORDERS_OF[status]
    return await orders.rows(caller.required_party(), after or AFTER_ALL, limit)


async def get_receipt(order_no: str, *, caller: Caller) -> OrderReceipt:
    """Proof of payment; OrderNotPaid before the money is in the book. 缴费凭证"""
    order = await get_order(order_no, caller=caller)
    if order.status is not OrderStatus.PAID or order.paid_at is None:
        raise OrderNotPaid(order_no=order_no)
    return OrderReceipt(
        order_no=order.order_no,
        title=order.title,
        agency_name=order.agency.name,
        amount_fen=order.amount_fen,
        provider=str(order.provider),
        trade_no=str(order.trade_no),
        paid_at=order.paid_at,
    )


async def list_orders_of_department(
    *, operator: OperatorCaller, after: UUID | None, limit: int
) -> list[FeeOrder]:
    """What an operator's department and division collect, newest first."""
    found = FeeOrder.filter(department=operator.department, division__startswith=operator.division)
    if after is not None:
        found = found.filter(id__lt=after)
    return await found.order_by("-id").limit(limit).select_related("agency")
