import asyncio
from datetime import timedelta
from functools import partial

import msgspec
import pytest
from tortoise import connections

from core import jobs
from core.clock import now
from core.ids import new_id
from core.models import HumanTask
from core.sealing import Vault
from identity.callers import OperatorCaller
from payments import notices
from payments.exceptions import list_exceptions
from payments.gateways import (
    Event,
    Notice,
    NoticeRejected,
    NotPaid,
    PayState,
    RefundReport,
    Unfamiliar,
)
from payments.kinds import NoticeStatus, OrderStatus
from payments.models import Notice as KeptNotice
from payments.models import NoticeKey, PaymentReceipt, Posting
from tests.fakes.payments import MCHID, FakeGateway
from tests.payments import make
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")

GENUINE = {"signature": "genuine"}


def body(event: Event, event_id: str = "EV-1") -> bytes:
    return msgspec.json.encode(
        Notice(
            provider="wechat",
            merchant=MCHID,
            event_id=event_id,
            event_type="TRANSACTION.SUCCESS",
            event=event,
        )
    )


async def keep(event: Event, vault: Vault, event_id: str = "EV-1") -> None:
    await notices.keep(FakeGateway(), GENUINE, body(event, event_id), vault=vault, at=now())


async def work(vault: Vault, *, later: timedelta = timedelta()) -> None:
    """Apply what is due, as the worker would; the other jobs are not what these tests are about."""
    known: dict[str, jobs.Handler] = {
        "payments.apply_notices": partial(
            notices.apply_notices, vault=vault, department="platform"
        ),
        "payments.query_attempt": _nothing,
        "payments.order_paid": _nothing,
    }
    await jobs.run_due(known, at=now() + later)


async def _nothing(**_: object) -> None: ...


class TestKeep:
    async def test_keeps_a_genuine_notice_sealed_and_wakes_the_worker(self, vault: Vault) -> None:
        payer = await make.caller(vault)
        attempt = await make.attempt(await make.fee_order(payer.party_id), payer)

        await keep(make.receipt(attempt), vault)

        kept = await KeptNotice.get()
        assert attempt.number.encode() not in bytes(kept.raw_sealed) + bytes(kept.event_sealed)
        assert len(await jobs_asked("payments.apply_notices")) == 1

    async def test_sent_again_it_is_acknowledged_and_kept_once(self, vault: Vault) -> None:
        """B12: a replay inside the window has no second effect."""
        payer = await make.caller(vault)
        attempt = await make.attempt(await make.fee_order(payer.party_id), payer)

        await asyncio.gather(*(keep(make.receipt(attempt), vault) for _ in range(5)))
        await work(vault)
        await keep(make.receipt(attempt), vault)
        await work(vault)

        assert await KeptNotice.all().count() == 1
        assert await PaymentReceipt.all().count() == 1

    async def test_a_forged_one_writes_nothing(self, vault: Vault) -> None:
        """B11."""
        payer = await make.caller(vault)
        attempt = await make.attempt(await make.fee_order(payer.party_id), payer)

        with pytest.raises(NoticeRejected):
            await notices.keep(
                FakeGateway(), {}, body(make.receipt(attempt)), vault=vault, at=now()
            )

        assert await KeptNotice.all().count() + await NoticeKey.all().count() == 0


class TestApplyNotices:
    async def test_settles_the_order_that_a_notice_is_about(self, vault: Vault) -> None:
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)
        await keep(make.receipt(await make.attempt(order, payer)), vault)

        await work(vault)

        await order.refresh_from_db()
        key = await NoticeKey.get()
        assert order.status is OrderStatus.PAID
        assert (key.status, key.outcome) == (NoticeStatus.APPLIED, "settled")

    async def test_many_workers_apply_each_notice_once(self, vault: Vault) -> None:
        """B08, small, through the work list."""
        payer = await make.caller(vault)
        orders = [await make.fee_order(payer.party_id) for _ in range(20)]
        attempts = [await make.attempt(order, payer) for order in orders]
        receipts = [make.receipt(one, trade_no=f"T-{one.number}") for one in attempts]
        await asyncio.gather(
            *(
                keep(one, vault, f"EV-{i}-{again}")
                for again in "ab"
                for i, one in enumerate(receipts)
            )
        )

        await asyncio.gather(
            *(notices.apply_notices(vault=vault, department="platform") for _ in range(4))
        )

        assert await NoticeKey.filter(status=NoticeStatus.APPLIED).count() == 40
        assert await Posting.all().count() == 40
        for order, one in zip(orders, attempts, strict=True):
            await order.refresh_from_db()
            assert order.trade_no == f"T-{one.number}"

    async def test_a_notice_that_comes_before_its_try_waits_for_it(self, vault: Vault) -> None:
        """B06: it is tried again within a minute."""
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)
        attempt = await make.attempt(order, payer)
        early = make.receipt(attempt, number="P20261122ABCDEFGHJKLM")
        await keep(early, vault)
        await work(vault)
        key = await NoticeKey.get()
        assert (key.status, key.outcome) == (NoticeStatus.KEPT, "payments.number_unknown")
        assert key.due_at - now() < timedelta(seconds=60)
        assert len(await jobs_asked("payments.apply_notices")) == 1

        await _set_number(attempt.id, early.number)
        await NoticeKey.all().update(due_at=now())
        await notices.apply_notices(vault=vault, department="platform")

        await order.refresh_from_db()
        assert order.status is OrderStatus.PAID

    async def test_what_never_finds_its_try_becomes_a_persons(self, vault: Vault) -> None:
        await make.agency()
        payer = await make.caller(vault)
        attempt = await make.attempt(await make.fee_order(payer.party_id), payer)
        await keep(make.receipt(attempt, number="P20261122ABCDEFGHJKLM"), vault)
        await NoticeKey.all().update(tries=len(notices.PUT_OFF))

        await work(vault)

        assert (await NoticeKey.get()).status is NoticeStatus.EXCEPTION
        assert [task.kind for task in await HumanTask.all()] == ["payments.notice_not_applied"]

    async def test_a_late_worker_cannot_mark_what_another_has_taken_over(
        self, vault: Vault
    ) -> None:
        """The fence: a worker that was frozen past its claim changes nothing."""
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)
        await keep(make.receipt(await make.attempt(order, payer)), vault)
        [frozen] = await notices.claim(at=now())
        await NoticeKey.all().update(due_at=now())
        [other] = await notices.claim(at=now())

        await notices._apply(frozen, vault=vault, department="platform", at=now())

        await order.refresh_from_db()
        assert other.fence == frozen.fence + 1
        assert order.status is OrderStatus.OPEN
        assert (await NoticeKey.get()).status is NoticeStatus.KEPT

    async def test_what_a_killed_worker_claimed_comes_back(self, vault: Vault) -> None:
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)
        await keep(make.receipt(await make.attempt(order, payer)), vault)
        await notices.claim(at=now())

        await work(vault)
        [job] = await _due("payments.apply_notices")
        assert job > now()
        await NoticeKey.all().update(due_at=now())
        await work(vault, later=notices.CLAIM_LASTS * 2)

        await order.refresh_from_db()
        assert order.status is OrderStatus.PAID

    async def test_old_news_after_payment_is_kept_and_moves_nothing(self, vault: Vault) -> None:
        """B09."""
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)
        attempt = await make.attempt(order, payer)
        await keep(make.receipt(attempt), vault)
        await work(vault)

        late = NotPaid(
            provider="wechat", merchant=MCHID, number=attempt.number, state=PayState.CLOSED
        )
        await keep(late, vault, "EV-2")
        await keep(make.receipt(attempt), vault, "EV-3")
        await work(vault)

        await order.refresh_from_db()
        assert order.status is OrderStatus.PAID
        assert await NoticeKey.filter(status=NoticeStatus.APPLIED).count() == 3
        assert await HumanTask.all().count() == 0

    async def test_a_refund_that_nobody_here_asked_for_is_a_persons(self, vault: Vault) -> None:
        await make.agency()
        refund = RefundReport(
            provider="wechat",
            merchant=MCHID,
            number="P1",
            refund_no="R1",
            state="SUCCESS",
            amount_fen=1,
        )

        await keep(refund, vault)
        await work(vault)

        [task] = await HumanTask.all()
        assert (task.kind, task.department) == ("payments.notice_unexpected", make.DEPARTMENT)

    async def test_a_merchant_that_is_nobodys_own_has_a_desk_all_the_same(
        self, vault: Vault
    ) -> None:
        """I4: those who run the channels look at it, and the task names the notice that it is."""
        await keep(Unfamiliar(provider="wechat", merchant=MCHID), vault)
        await work(vault)

        operator = OperatorCaller(
            operator_id=new_id(),
            session_id=new_id(),
            person_id=new_id(),
            roles=frozenset({"finance"}),
            department="platform",
            division="330199",
        )
        [task] = await list_exceptions(operator=operator, after=None, limit=10)
        assert task.subject == f"notice:{(await NoticeKey.get()).id}"


async def _set_number(attempt_id: object, number: str) -> None:
    query = "UPDATE payments_attempt SET number = $2 WHERE id = $1"
    await connections.get("default").execute_query(query, [attempt_id, number])


async def _due(name: str) -> list[object]:
    rows = await connections.get("default").execute_query_dict(
        "SELECT due_at FROM core_due_job WHERE name = $1", [name]
    )
    return [row["due_at"] for row in rows]
