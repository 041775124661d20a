import asyncio
from datetime import timedelta

import pytest
from tortoise import connections
from tortoise.exceptions import OperationalError
from tortoise.functions import Sum

from core.models import HumanTask
from core.sealing import Vault
from payments.gateways import NotPaid, PayState
from payments.kinds import AttemptStatus, OrderStatus, ReceiptOutcome
from payments.models import PaymentAttempt, PaymentReceipt, Posting
from payments.settlements import NumberUnknown, note_not_paid, settle_order
from tests.conftest import AT
from tests.fakes.payments import ALIPAY_APP_ID
from tests.payments import make
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")


def closed(attempt: PaymentAttempt, state: PayState = PayState.CLOSED) -> NotPaid:
    return NotPaid(
        provider=str(attempt.provider),
        merchant=attempt.merchant,
        number=attempt.number,
        state=state,
    )


class TestSettleOrder:
    async def test_records_the_payment_and_asks_for_what_follows(self, vault: Vault) -> None:
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)
        attempt = await make.attempt(order, payer)

        outcome = await settle_order(make.receipt(attempt), at=AT)

        await order.refresh_from_db()
        assert outcome is ReceiptOutcome.SETTLED
        assert (order.status, order.trade_no) == (OrderStatus.PAID, "4200001234")
        assert order.acted_by_id == payer.person_id
        assert await jobs_asked("payments.order_paid") == [{"order_no": order.order_no}]

    async def test_reported_many_times_at_once_settles_once(self, vault: Vault) -> None:
        """B08, B27: one posting for each provider transaction, whoever tells of it."""
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)
        attempt = await make.attempt(order, payer)

        await asyncio.gather(*(settle_order(make.receipt(attempt), at=AT) for _ in range(8)))

        assert await PaymentReceipt.all().count() == 1
        assert await Posting.filter(about=order.id).count() == 2
        assert len(await jobs_asked("payments.order_paid")) == 1
        assert await jobs_asked("payments.refund_receipt") == []

    async def test_callbacks_of_many_orders_mixed_up_settle_each_its_own(
        self, vault: Vault
    ) -> None:
        """B08, small: twelve orders, each told of three times, all at once."""
        payer = await make.caller(vault)
        orders = [await make.fee_order(payer.party_id) for _ in range(12)]
        attempts = [await make.attempt(order, payer) for order in orders]
        receipts = [make.receipt(one, trade_no=f"T-{one.number}") for one in attempts] * 3

        await asyncio.gather(*(settle_order(receipt, at=AT) for receipt in receipts))

        for order, attempt in zip(orders, attempts, strict=True):
            await order.refresh_from_db()
            assert order.trade_no == f"T-{attempt.number}"
            assert await Posting.filter(about=order.id).count() == 2

    async def test_paid_through_both_channels_at_once_owes_one_payment_back(
        self, vault: Vault
    ) -> None:
        """B05: the order is paid once, the second payment is in the book and has to go back."""
        someone = await make.person(vault)
        by_wechat = await make.caller(vault, someone)
        by_alipay = await make.caller(vault, someone, provider="alipay", appid=ALIPAY_APP_ID)
        order = await make.fee_order(someone.id)
        attempts = [await make.attempt(order, by_wechat), await make.attempt(order, by_alipay)]

        outcomes = await asyncio.gather(
            *(
                settle_order(make.receipt(one, trade_no=f"T-{one.provider}"), at=AT)
                for one in attempts
            )
        )

        await order.refresh_from_db()
        [refund] = await jobs_asked("payments.refund_receipt")
        assert sorted(outcomes) == [ReceiptOutcome.EXCESS, ReceiptOutcome.SETTLED]
        assert {order.trade_no, refund["trade_no"]} == {"T-wechat", "T-alipay"}
        assert order.provider != refund["provider"]
        assert await balance(order.id) == 0
        assert await Posting.filter(about=order.id, account="refunds_due").count() == 1

    @pytest.mark.parametrize(
        ("reported", "outcome"),
        [
            pytest.param({"amount_fen": 7999}, ReceiptOutcome.DIFFERS, id="one fen less"),
            pytest.param({"amount_fen": 8001}, ReceiptOutcome.DIFFERS, id="one fen more"),
            pytest.param({"currency": "HKD"}, ReceiptOutcome.FOREIGN, id="other currency"),
            pytest.param({"refunded": True}, ReceiptOutcome.REFUNDED, id="refunded elsewhere"),
        ],
    )
    async def test_money_that_does_not_fit_waits_for_a_person(
        self, vault: Vault, reported: dict[str, object], outcome: ReceiptOutcome
    ) -> None:
        """B10."""
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)
        receipt = make.receipt(await make.attempt(order, payer), **reported)

        assert await settle_order(receipt, at=AT) is outcome
        assert await settle_order(receipt, at=AT) is outcome

        await order.refresh_from_db()
        assert order.status is OrderStatus.OPEN
        [task] = await HumanTask.all()
        assert (task.kind, task.department) == (f"payments.receipt_{outcome}", make.DEPARTMENT)
        assert await jobs_asked("payments.order_paid") == []
        assert await balance(order.id) == 0

    async def test_a_trade_told_again_with_another_amount_is_a_contradiction(
        self, vault: Vault
    ) -> None:
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)
        attempt = await make.attempt(order, payer)
        await settle_order(make.receipt(attempt), at=AT)

        await settle_order(make.receipt(attempt, amount_fen=1), at=AT)

        assert [task.kind for task in await HumanTask.all()] == ["payments.receipt_contradicts"]
        assert await Posting.filter(about=order.id).count() == 2

    async def test_another_merchants_word_on_our_number_counts_for_nothing(
        self, vault: Vault
    ) -> None:
        """B11: a true notice of one merchant cannot pay another's order."""
        payer = await make.caller(vault)
        attempt = await make.attempt(await make.fee_order(payer.party_id), payer)

        with pytest.raises(NumberUnknown):
            await settle_order(make.receipt(attempt, merchant="1900019902"), at=AT)


class TestNoteNotPaid:
    async def test_closes_a_try_that_nobody_can_pay_any_more(self, vault: Vault) -> None:
        payer = await make.caller(vault)
        attempt = await make.attempt(await make.fee_order(payer.party_id), payer)

        await note_not_paid(closed(attempt, PayState.OPEN), at=AT)
        await attempt.refresh_from_db()
        assert attempt.status is AttemptStatus.READY

        await note_not_paid(closed(attempt), at=AT)
        await attempt.refresh_from_db()
        assert attempt.status is AttemptStatus.CLOSED

    @pytest.mark.parametrize("state", list(PayState))
    async def test_late_bad_news_moves_nothing_that_is_paid(
        self, vault: Vault, state: PayState
    ) -> None:
        """B09."""
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)
        attempt = await make.attempt(order, payer)
        await settle_order(make.receipt(attempt), at=AT)

        await note_not_paid(closed(attempt, state), at=AT + timedelta(days=2))

        await order.refresh_from_db()
        await attempt.refresh_from_db()
        assert (order.status, attempt.status) == (OrderStatus.PAID, AttemptStatus.PAID)
        assert await HumanTask.all().count() == 0


async def test_a_posting_can_be_neither_changed_nor_deleted(vault: Vault) -> None:
    payer = await make.caller(vault)
    attempt = await make.attempt(await make.fee_order(payer.party_id), payer)
    await settle_order(make.receipt(attempt), at=AT)

    for attack in ("UPDATE payments_posting SET amount_fen = 1", "DELETE FROM payments_posting"):
        with pytest.raises(OperationalError):
            await connections.get("default").execute_query(attack)


async def balance(about: object) -> int:
    rows = await Posting.filter(about=about).annotate(sum=Sum("amount_fen")).values("sum")
    return rows[0]["sum"] or 0
