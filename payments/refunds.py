"""Money that has to go back. Until refunds go through the gateways, a person sends it. 退款"""

from uuid import UUID

from core import tasks
from core.models import HumanTask
from payments.kinds import ReceiptOutcome
from payments.models import FeeOrder, PaymentReceipt


async def refund_receipt(
    order_no: str, provider: str, merchant: str, trade_no: str, amount_fen: int
) -> None:
    """Put a payment that was one too many before the department that collected it."""
    order = await FeeOrder.get(order_no=order_no)
    await tasks.raise_task(
        "payments.refund_due",
        department=order.department,
        division=order.division,
        subject=f"fee_order:{order_no}",
        dedupe_key=_key(provider, trade_no),
        provider=provider,
        merchant=merchant,
        trade_no=trade_no,
        amount_fen=amount_fen,
    )


async def awaits_refund(payer_id: UUID) -> bool:
    """Whether money that this party paid twice has still to go back: until its task is closed."""
    excess = PaymentReceipt.filter(order__payer_id=payer_id, outcome=ReceiptOutcome.EXCESS)
    keys = [_key(*row) for row in await excess.values_list("provider", "trade_no")]
    closed = HumanTask.filter(dedupe_key__in=keys, closed_at__isnull=False)
    return await closed.count() < len(keys)


def _key(provider: str, trade_no: str) -> str:
    return f"payments.refund_due:{provider}:{trade_no}"
