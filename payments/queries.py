"""Asking what became of a payment that no callback has told of. 查单"""

import contextlib
from datetime import datetime, timedelta

from core import jobs
from core.clock import now
from core.crashpoints import crashpoint
from payments.gateways import (
    GatewayFailed,
    GatewayRefused,
    Gateways,
    PaymentGateway,
    Receipt,
)
from payments.kinds import LIVE_ATTEMPTS
from payments.models import PaymentAttempt
from payments.settlements import note_not_paid, settle_order

LADDER = (5, 10, 20, 30, 60, 120, 300, 600, 1800)
"""Seconds from one question to the next; then hourly, until the try is decided."""


async def query_attempt(attempt_id: str, step: int, *, gateways: Gateways) -> None:
    """Ask the provider about one try, and ask again later while nothing is decided. A job."""
    at = now()
    attempt = await PaymentAttempt.get(id=attempt_id)
    if attempt.status not in LIVE_ATTEMPTS:
        return
    with contextlib.suppress(GatewayFailed, GatewayRefused):  # the next step asks again
        await ask_about(attempt, gateways.payment(attempt.provider, attempt.merchant), at=at)
    await attempt.refresh_from_db()
    if attempt.status in LIVE_ATTEMPTS:
        await ask_later(attempt, step + 1, at=at)


async def ask_about(attempt: PaymentAttempt, gateway: PaymentGateway, *, at: datetime) -> None:
    """Ask what became of a try and write it down. Ours never changes to less than it was."""
    found = await gateway.query(attempt.number)
    crashpoint("payments.after_query")
    if isinstance(found, Receipt):
        await settle_order(found, at=at)
    else:
        await note_not_paid(found, at=at)


async def ask_later(attempt: PaymentAttempt, step: int, *, at: datetime) -> None:
    """Have one rung of the ladder climbed, once, in the caller's transaction."""
    seconds = LADDER[step] if step < len(LADDER) else 3600
    await jobs.enqueue(
        "payments.query_attempt",
        dedupe_key=f"payments.query_attempt:{attempt.id}:{step}",
        run_at=at + timedelta(seconds=seconds),
        attempt_id=str(attempt.id),
        step=step,
    )
