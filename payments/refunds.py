"""Money that has to go back. Until refunds go through the gateways, a person sends it. 退款"""

from core import tasks
from payments.models import FeeOrder


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
        dedupe_key=f"payments.refund_due:{provider}:{trade_no}",
        provider=provider,
        merchant=merchant,
        trade_no=trade_no,
        amount_fen=amount_fen,
    )
