"""A fee on its way to be paid: the try, the callback, the question. 缴费"""

from uuid import UUID

import msgspec

from payments import notices
from payments.gateways import Gateways, Notice
from payments.kinds import AttemptStatus, NoticeStatus, OrderStatus
from payments.models import (
    FeeOrder,
    NoticeKey,
    PaymentAttempt,
    PaymentReceipt,
    PaymentRequest,
    Posting,
)
from payments.queries import query_attempt
from tests.crash_flows import Flow, Pages, Scene, the_caller
from tests.crash_flows.outside import KeptGateway
from tests.fakes.payments import MCHID, FakeGateway
from tests.payments import make
from tests.payments.jobs_asked import jobs_asked

CLIENT_ID = UUID("01900000-0000-7000-8000-000000000001")


class Preparing(Flow):
    points = ("payments.after_intent", "payments.after_prepare", "payments.after_answer")

    async def prepare(self, scene: Scene) -> None:
        payer = await make.caller(scene.vault)
        await make.fee_order(payer.required_party())

    async def act(self, scene: Scene) -> None:
        order, payer = await FeeOrder.get(), await the_caller(scene.at)
        gateway = KeptGateway(scene.outside)
        await make.attempt(order, payer, gateway, client_id=CLIENT_ID, at=scene.at)

    async def check(self, scene: Scene) -> None:
        attempt = await PaymentAttempt.get()
        request = await PaymentRequest.get()
        assert attempt.status is AttemptStatus.READY
        assert request.client_id == CLIENT_ID
        assert list(KeptGateway(scene.outside).orders) == [attempt.number]
        assert len(await jobs_asked("payments.query_attempt")) == 1

    def theirs(self, scene: Scene) -> Pages:
        return {"wechat_pay_orders": KeptGateway(scene.outside).rows()}


class _Paid(Flow):
    """An order that the payer has paid and that we have not heard of."""

    async def prepare(self, scene: Scene) -> None:
        payer, gateway = await make.caller(scene.vault), KeptGateway(scene.outside)
        order = await make.fee_order(payer.required_party())
        attempt = await make.attempt(order, payer, gateway)
        gateway.pay(attempt.number, make.receipt(attempt).trade_no)

    def theirs(self, scene: Scene) -> Pages:
        return {"wechat_pay_orders": KeptGateway(scene.outside).rows()}

    async def check(self, scene: Scene) -> None:
        order, receipt = await FeeOrder.get(), await PaymentReceipt.get()
        postings = await Posting.all()
        assert (order.status, order.trade_no) == (OrderStatus.PAID, receipt.trade_no)
        assert sorted(posting.amount_fen for posting in postings) == [-8000, 8000]
        assert (await PaymentAttempt.get()).status is AttemptStatus.PAID
        assert len(await jobs_asked("payments.order_paid")) == 1
        assert await jobs_asked("payments.refund_receipt") == []


class Keeping(_Paid):
    """The provider, which got no answer, tells again."""

    points = ("payments.before_keep", "payments.after_keep")

    async def act(self, scene: Scene) -> None:
        await keep(scene)

    async def check(self, scene: Scene) -> None:
        await notices.apply_notices(vault=scene.vault, department="platform")
        await super().check(scene)
        assert (await NoticeKey.get()).status is NoticeStatus.APPLIED


class Applying(_Paid):
    """What was acknowledged is not told again: the kept notice is all there is."""

    points = (
        "payments.after_claim",
        "payments.before_applied",
        "payments.before_settled",
        "payments.after_settled",
    )

    async def prepare(self, scene: Scene) -> None:
        await super().prepare(scene)
        await keep(scene)

    async def act(self, scene: Scene) -> None:
        await notices.apply_notices(vault=scene.vault, department="platform")

    async def check(self, scene: Scene) -> None:
        await super().check(scene)
        assert (await NoticeKey.get()).status is NoticeStatus.APPLIED


class Asking(_Paid):
    points = ("payments.after_query", "payments.after_settled")

    async def act(self, scene: Scene) -> None:
        gateway, attempt = FakeGateway(), await PaymentAttempt.get()
        gateway.answers[attempt.number] = make.receipt(attempt)
        await query_attempt(str(attempt.id), 0, gateways=Gateways([gateway]))


async def keep(scene: Scene) -> None:
    """The callback about the only try there is."""
    notice = Notice(
        provider="wechat",
        merchant=MCHID,
        event_id="EV-1",
        event_type="TRANSACTION.SUCCESS",
        event=make.receipt(await PaymentAttempt.get()),
    )
    body = msgspec.json.encode(notice)
    await notices.keep(
        FakeGateway(), {"signature": "genuine"}, body, vault=scene.vault, at=scene.at
    )
