"""What happens to an order when money arrives for it, whoever says so and however often. 入账"""

from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from core import audit, jobs, tasks
from core.crashpoints import crashpoint
from core.errors import NotFound
from core.ids import new_id
from payments.gateways import NotPaid, PayState, Receipt
from payments.kinds import LIVE_ATTEMPTS, AttemptStatus, OrderStatus, ReceiptOutcome
from payments.models import FeeOrder, PaymentAttempt, PaymentReceipt
from payments.postings import REFUNDS_DUE, SUSPENSE, fees_of, held_by, post_entry

CURRENCY = "CNY"
LATE_LASTS = timedelta(hours=1)
"""After the end of a try, until a provider that still calls it open is not asked any more."""


class NumberUnknown(NotFound):
    """A provider speaks of a number that we have not written down, or not yet."""

    code = "payments.number_unknown"
    message = "没有找到对应的支付记录"


async def settle_order(receipt: Receipt, *, at: datetime) -> ReceiptOutcome:
    """Record money received against its order, once for each of the provider's own numbers.

    The first fitting receipt pays the order; more money is owed back; money that does not fit waits
    for a person. Reported again, whatever it was the first time stands.
    """
    attempt = await _find_attempt(receipt)
    async with in_transaction():
        order = await FeeOrder.select_for_update().get(id=attempt.order_id)
        known = await PaymentReceipt.get_or_none(
            provider=receipt.provider, merchant=receipt.merchant, trade_no=receipt.trade_no
        )
        if known is not None:
            await _compare(known, receipt, order)
            return known.outcome
        outcome = _judge(order, receipt)
        await _record(receipt, order, attempt, outcome, at)
        await PaymentAttempt.filter(id=attempt.id).update(status=AttemptStatus.PAID)
        if outcome is ReceiptOutcome.SETTLED:
            await _pay(order, receipt, attempt)
        elif outcome is ReceiptOutcome.EXCESS:
            await _owe_back(order, receipt)
        else:
            await _ask_a_person(order, receipt, outcome)
        crashpoint("payments.before_settled")
    crashpoint("payments.after_settled")
    return outcome


async def note_not_paid(report: NotPaid, *, at: datetime) -> None:
    """Close a try that can no longer be paid. One that was paid stays paid."""
    attempt = await _find_attempt(report)
    never_made = report.state is PayState.ABSENT and attempt.expires_at <= at
    long_over = attempt.expires_at + LATE_LASTS <= at
    if report.state is PayState.CLOSED or never_made or long_over:
        live = PaymentAttempt.filter(id=attempt.id, status__in=LIVE_ATTEMPTS)
        await live.update(status=AttemptStatus.CLOSED)


async def _find_attempt(report: Receipt | NotPaid) -> PaymentAttempt:
    attempt = await PaymentAttempt.get_or_none(
        number=report.number, provider=report.provider, merchant=report.merchant
    )
    if attempt is None:
        raise NumberUnknown(number=report.number, provider=report.provider)
    return attempt


def _judge(order: FeeOrder, receipt: Receipt) -> ReceiptOutcome:
    if receipt.currency != CURRENCY:
        return ReceiptOutcome.FOREIGN
    if receipt.amount_fen != order.amount_fen:
        return ReceiptOutcome.DIFFERS
    if receipt.refunded:
        return ReceiptOutcome.REFUNDED
    return ReceiptOutcome.SETTLED if order.status is OrderStatus.OPEN else ReceiptOutcome.EXCESS


async def _record(
    receipt: Receipt,
    order: FeeOrder,
    attempt: PaymentAttempt,
    outcome: ReceiptOutcome,
    at: datetime,
) -> None:
    await PaymentReceipt.create(
        id=new_id(),
        provider=receipt.provider,
        merchant=receipt.merchant,
        trade_no=receipt.trade_no,
        order=order,
        attempt=attempt,
        amount_fen=receipt.amount_fen,
        currency=receipt.currency,
        outcome=outcome,
        paid_at=receipt.paid_at,
        recorded_at=at,
    )
    against = {
        ReceiptOutcome.SETTLED: fees_of(order.department),
        ReceiptOutcome.EXCESS: REFUNDS_DUE,
        ReceiptOutcome.DIFFERS: SUSPENSE,
    }.get(outcome)
    if against is not None and receipt.amount_fen > 0:
        held = held_by(receipt.provider, receipt.merchant)
        amount_fen = receipt.amount_fen
        await post_entry(order, {held: amount_fen, against: -amount_fen}, at=at)


async def _pay(order: FeeOrder, receipt: Receipt, attempt: PaymentAttempt) -> None:
    order.status = OrderStatus.PAID
    order.provider = attempt.provider
    order.trade_no = receipt.trade_no
    order.paid_at = receipt.paid_at
    order.acted_by_id = attempt.acted_by_id
    await order.save(update_fields=["status", "provider", "trade_no", "paid_at", "acted_by_id"])
    await audit.record(
        "system:payments.settle_order",
        "fee.settle",
        f"fee_order:{order.order_no}",
        amount_fen=receipt.amount_fen,
        trade_no=receipt.trade_no,
    )
    await jobs.enqueue(
        "payments.order_paid",
        dedupe_key=f"payments.order_paid:{order.order_no}",
        order_no=order.order_no,
    )


async def _owe_back(order: FeeOrder, receipt: Receipt) -> None:
    await jobs.enqueue(
        "payments.refund_receipt",
        dedupe_key=f"payments.refund_receipt:{receipt.provider}:{receipt.trade_no}",
        order_no=order.order_no,
        provider=receipt.provider,
        merchant=receipt.merchant,
        trade_no=receipt.trade_no,
        amount_fen=receipt.amount_fen,
    )


async def _ask_a_person(order: FeeOrder, receipt: Receipt, outcome: ReceiptOutcome) -> None:
    await tasks.raise_task(
        f"payments.receipt_{outcome}",
        department=order.department,
        division=order.division,
        subject=f"fee_order:{order.order_no}",
        dedupe_key=f"payments.receipt:{receipt.provider}:{receipt.trade_no}",
        provider=receipt.provider,
        trade_no=receipt.trade_no,
        due_fen=order.amount_fen,
        received_fen=receipt.amount_fen,
    )


async def _compare(known: PaymentReceipt, receipt: Receipt, order: FeeOrder) -> None:
    """The same trade told with another amount is a contradiction, for a person to look at."""
    if (known.amount_fen, known.currency) == (receipt.amount_fen, receipt.currency):
        return
    await tasks.raise_task(
        "payments.receipt_contradicts",
        department=order.department,
        division=order.division,
        subject=f"fee_order:{order.order_no}",
        trade_no=receipt.trade_no,
        recorded_fen=known.amount_fen,
        reported_fen=receipt.amount_fen,
    )
