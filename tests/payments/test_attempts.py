import asyncio
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from core import jobs
from core.clock import now
from core.sealing import Vault
from payments.attempts import (
    ChannelNotAvailable,
    ClientIdReused,
    OrderNotOpen,
    OrderOverdue,
    prepare_payment,
)
from payments.gateways import (
    GatewayRefused,
    Gateways,
    NotPaid,
    Payable,
    PayState,
    Prepared,
    Provider,
    Receipt,
)
from payments.kinds import AttemptStatus, OrderStatus
from payments.models import PaymentAttempt, PaymentRequest
from payments.orders import OrderNotFound
from payments.queries import LADDER, query_attempt
from payments.settlements import settle_order
from tests.conftest import AT
from tests.fakes.payments import ALIPAY_APP_ID, FakeGateway
from tests.payments import make
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")


class TestPreparePayment:
    async def test_gives_the_client_what_its_pay_sheet_wants(self, vault: Vault) -> None:
        payer, gateway = await make.caller(vault), FakeGateway()
        order = await make.fee_order(payer.party_id)

        attempt = await make.attempt(order, payer, gateway)

        assert attempt.status is AttemptStatus.READY
        assert attempt.parameters == {"package": f"prepay-{attempt.number}-1"}
        payable = gateway.orders[attempt.number]
        assert (payable.amount_fen, payable.subject) == (8000, payer.subject)

    async def test_the_same_request_many_times_at_once_is_one_order_and_one_answer(
        self, vault: Vault
    ) -> None:
        """B01."""
        payer, gateway = await make.caller(vault), FakeGateway(slow=0.05)
        order = await make.fee_order(payer.party_id)
        client_id = uuid4()

        attempts = await asyncio.gather(
            *(make.attempt(order, payer, gateway, client_id=client_id) for _ in range(50))
        )

        assert len({(one.number, str(one.parameters)) for one in attempts}) == 1
        assert len(gateway.prepared) == 1
        assert await PaymentAttempt.all().count() == 1

    async def test_a_used_client_id_does_not_pay_another_order(self, vault: Vault) -> None:
        """B01: other content under the same id is a conflict, also at the same moment."""
        payer, client_id = await make.caller(vault), uuid4()
        orders = [await make.fee_order(payer.party_id) for _ in range(2)]

        answers = await asyncio.gather(
            *(make.attempt(order, payer, client_id=client_id) for order in orders * 2),
            return_exceptions=True,
        )

        assert sum(isinstance(answer, ClientIdReused) for answer in answers) == 2
        assert await PaymentAttempt.all().count() == 1

    async def test_another_accounts_equal_client_id_is_its_own(self, vault: Vault) -> None:
        client_id = uuid4()
        for _ in range(2):
            payer = await make.caller(vault)
            order = await make.fee_order(payer.party_id)
            await make.attempt(order, payer, client_id=client_id)

        assert await PaymentRequest.filter(client_id=client_id).count() == 2

    async def test_a_second_sheet_of_the_same_account_pays_under_the_same_number(
        self, vault: Vault
    ) -> None:
        payer, gateway = await make.caller(vault), FakeGateway()
        order = await make.fee_order(payer.party_id)

        first = await make.attempt(order, payer, gateway)
        second = await make.attempt(order, payer, gateway)

        assert first.number == second.number
        assert len(gateway.prepared) == 1

    async def test_a_lost_answer_leaves_the_try_unknown_and_repeats_under_its_number(
        self, vault: Vault
    ) -> None:
        """B04: what the user sees is 确认中, and the next request finds the same order."""
        payer, gateway = await make.caller(vault), FakeGateway(fails=1)
        order = await make.fee_order(payer.party_id)

        first = await make.attempt(order, payer, gateway)
        second = await make.attempt(order, payer, gateway)

        assert (first.status, second.status) == (AttemptStatus.UNKNOWN, AttemptStatus.READY)
        assert first.number == second.number
        assert len(gateway.orders) == 1

    async def test_who_died_while_asking_is_replaced_under_the_same_number(
        self, vault: Vault
    ) -> None:
        """B02: the claim of a killed process runs out."""
        payer, gateway = await make.caller(vault), FakeGateway()
        order = await make.fee_order(payer.party_id)
        first = await make.attempt(order, payer, FakeGateway(fails=1))
        await PaymentAttempt.filter(id=first.id).update(asked_until=AT + timedelta(seconds=15))

        later = await make.attempt(order, payer, gateway, at=AT + timedelta(seconds=16))

        assert (later.number, later.status) == (first.number, AttemptStatus.READY)

    async def test_a_sheet_that_ran_out_is_made_anew_for_the_same_order(self, vault: Vault) -> None:
        payer, gateway = await make.caller(vault), FakeGateway()
        order = await make.fee_order(payer.party_id)
        first = await make.attempt(order, payer, gateway)

        later = await make.attempt(order, payer, gateway, at=AT + timedelta(hours=13))

        assert first.number == later.number
        assert first.parameters != later.parameters

    async def test_a_try_that_ended_unpaid_makes_room_for_a_new_one(self, vault: Vault) -> None:
        payer, gateway = await make.caller(vault), FakeGateway()
        order = await make.fee_order(payer.party_id)
        first = await make.attempt(order, payer, gateway)
        gateway.answers[first.number] = NotPaid(
            provider="wechat",
            merchant=gateway.merchant,
            number=first.number,
            state=PayState.CLOSED,
        )
        tomorrow = AT + timedelta(days=1)

        ended = await make.attempt(order, payer, gateway, at=tomorrow)
        fresh = await make.attempt(order, payer, gateway, at=tomorrow)

        assert (ended.number, ended.status) == (first.number, AttemptStatus.CLOSED)
        assert (fresh.number == first.number, fresh.status) == (False, AttemptStatus.READY)

    async def test_a_callback_that_came_before_the_answer_stands(self, vault: Vault) -> None:
        """B06, B07: writing the answer down does not undo what the callback wrote."""
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)

        class PaidMeanwhile(FakeGateway):
            async def prepare(self, payable: Payable) -> Prepared:
                prepared = await super().prepare(payable)
                attempt = await PaymentAttempt.get(number=payable.number)
                await settle_order(make.receipt(attempt), at=AT)
                return prepared

        attempt = await make.attempt(order, payer, PaidMeanwhile())

        await order.refresh_from_db()
        assert (order.status, attempt.status) == (OrderStatus.PAID, AttemptStatus.PAID)

    async def test_a_refusal_is_told_and_asked_about(self, vault: Vault) -> None:
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)

        with pytest.raises(GatewayRefused):
            await make.attempt(order, payer, FakeGateway(refuses="ORDER_PAID"))

        attempt = await PaymentAttempt.get(order_id=order.id)
        assert attempt.status is AttemptStatus.UNKNOWN
        assert len(await jobs_asked("payments.query_attempt")) == 1

    async def test_what_cannot_be_paid_is_refused_before_anybody_is_asked(
        self, vault: Vault
    ) -> None:
        payer, gateway = await make.caller(vault), FakeGateway()
        paid = await make.fee_order(payer.party_id)
        await settle_order(make.receipt(await make.attempt(paid, payer)), at=AT)
        overdue = await make.fee_order(payer.party_id, deadline_at=AT - timedelta(days=1))
        foreign = await make.fee_order((await make.person(vault)).id)

        for order, refusal in ((paid, OrderNotOpen), (overdue, OrderOverdue)):
            with pytest.raises(refusal):
                await make.attempt(order, payer, gateway)
        with pytest.raises(OrderNotFound):
            await make.attempt(foreign, payer, gateway)
        assert gateway.prepared == []

    async def test_an_account_pays_only_through_its_own_provider(self, vault: Vault) -> None:
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)
        alipay = FakeGateway(Provider.ALIPAY, ALIPAY_APP_ID)

        with pytest.raises(ChannelNotAvailable):
            await prepare_payment(
                order.order_no,
                uuid4(),
                caller=payer,
                channel=Provider.ALIPAY,
                gateways=Gateways([alipay]),
                at=AT,
            )


class TestQueryAttempt:
    async def test_finds_a_payment_whose_callback_never_came(self, vault: Vault) -> None:
        """B21: asked within a minute, and what follows is asked for once."""
        payer, gateway = await make.caller(vault), FakeGateway()
        order = await make.fee_order(payer.party_id)
        attempt = await make.attempt(order, payer, gateway, at=now())
        known = {"payments.query_attempt": partial(query_attempt, gateways=Gateways([gateway]))}
        at = now()

        await jobs.run_due(known, at=at + timedelta(seconds=6))
        assert (await PaymentAttempt.get(id=attempt.id)).status is AttemptStatus.READY
        gateway.answers[attempt.number] = make.receipt(attempt)
        await jobs.run_due(known, at=at + timedelta(seconds=20))

        await order.refresh_from_db()
        assert order.status is OrderStatus.PAID
        assert len(await jobs_asked("payments.order_paid")) == 1
        assert await jobs_asked("payments.query_attempt") == []
        assert sum(LADDER[:2]) <= 60

    async def test_goes_on_asking_while_nobody_answers(self, vault: Vault) -> None:
        payer = await make.caller(vault)
        attempt = await make.attempt(await make.fee_order(payer.party_id), payer)

        class Silent(FakeGateway):
            async def query(self, number: str) -> Receipt | NotPaid:
                raise GatewayRefused(provider="wechat", reason="SIGN_ERROR")

        await query_attempt(str(attempt.id), 99, gateways=Gateways([Silent()]))

        steps = [job["step"] for job in await jobs_asked("payments.query_attempt")]
        assert sorted(steps) == [0, 100]

    async def test_many_at_once_move_an_order_once(self, vault: Vault) -> None:
        """B27, small: janitors, a callback and a poll on one order at the same moment."""
        payer, gateway = await make.caller(vault), FakeGateway()
        order = await make.fee_order(payer.party_id)
        attempt = await make.attempt(order, payer, gateway)
        receipt = make.receipt(attempt)
        gateway.answers[attempt.number] = receipt
        gateways = Gateways([gateway])

        await asyncio.gather(
            query_attempt(str(attempt.id), 0, gateways=gateways),
            query_attempt(str(attempt.id), 0, gateways=gateways),
            settle_order(receipt, at=AT),
            make.attempt(order, payer, gateway, at=AT + timedelta(days=2)),
            return_exceptions=True,
        )

        await order.refresh_from_db()
        assert order.status is OrderStatus.PAID
        assert len(await jobs_asked("payments.order_paid")) == 1
        assert await jobs_asked("payments.refund_receipt") == []
