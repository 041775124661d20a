from datetime import timedelta

import pytest

from core.sealing import Vault
from payments.gateways import NotPaid, PayState
from payments.kinds import AttemptStatus, OrderStatus
from payments.settlements import note_not_paid, settle_order
from tests.given import AT
from tests.payments import make

pytestmark = pytest.mark.usefixtures("db")


async def test_a_try_that_its_provider_never_closes_ends_some_time_after_it_could_be_paid(
    vault: Vault,
) -> None:
    """I10: else it is asked about each hour for ever, and its payer cannot begin another."""
    payer = await make.caller(vault)
    order = await make.fee_order(payer.party_id)
    attempt = await make.attempt(order, payer)
    unpaid = NotPaid(
        provider=attempt.provider,
        merchant=attempt.merchant,
        number=attempt.number,
        state=PayState.OPEN,
    )

    states = []
    for later in (timedelta(minutes=59), timedelta(hours=1)):
        await note_not_paid(unpaid, at=attempt.expires_at + later)
        await attempt.refresh_from_db()
        states.append(attempt.status)

    assert states == [AttemptStatus.READY, AttemptStatus.CLOSED]
    again = await make.attempt(order, payer, at=attempt.expires_at + timedelta(hours=2))
    assert again.number != attempt.number


async def test_money_for_a_try_that_had_ended_pays_its_order_all_the_same(vault: Vault) -> None:
    """B22: never closed and kept."""
    payer = await make.caller(vault)
    order = await make.fee_order(payer.party_id)
    attempt = await make.attempt(order, payer)
    attempt.status = AttemptStatus.CLOSED
    await attempt.save(update_fields=["status"])

    await settle_order(make.receipt(attempt), at=AT)

    await order.refresh_from_db()
    assert order.status is OrderStatus.PAID
