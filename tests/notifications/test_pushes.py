"""Pushed events, kept once and applied once."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tortoise import connections

from core.clock import now, set_offset
from core.models import HumanTask
from core.sealing import Vault
from identity.callers import Caller
from notifications import pushes
from notifications.models import (
    Consent,
    Delivery,
    DeliveryReceipt,
    DeliveryStatus,
    PushKey,
    PushStatus,
)
from notifications.pushes import apply_pushes, count_unknown, forget_pushes, keep_pushes
from tests.fakes.notifications import FakeChannel
from tests.given import AT
from tests.notifications import make
from tests.notifications.pushing import KEYS, Entry, answered, events, sent

pytestmark = pytest.mark.usefixtures("db")

POPUP, CHANGE, SENT = (f"subscribe_msg_{kind}_event" for kind in ("popup", "change", "sent"))


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    travel(AT)
    yield
    set_offset(timedelta(0))


def travel(at: datetime) -> None:
    set_offset(timedelta(0))
    set_offset(at - now())


async def keep(event: str, entries: Entry | list[Entry], openid: str = "openid-1") -> None:
    await keep_pushes(KEYS.appid, events(event, entries, FromUserName=openid), at=now())


async def apply(*, after: float = 0) -> None:
    travel(AT + timedelta(seconds=after))
    await apply_pushes(department=make.DEPARTMENT)


async def sent_message(vault: Vault) -> Caller:
    """A resident to whom one message went out, as number msg-1."""
    resident = await make.consenting(vault)
    await make.tell(resident.required_party())
    await make.deliver(FakeChannel())
    return resident


async def outcomes() -> list[tuple[str, str | None]]:
    rows = await PushKey.all().order_by("id")
    return [(str(row.status), row.outcome) for row in rows]


class TestKeeping:
    async def test_the_same_event_is_kept_once_however_often_it_comes(self, vault: Vault) -> None:
        """D09: a receipt twice; also at the same moment, and in another shape."""
        await asyncio.gather(*(keep(SENT, sent("msg-1")) for _ in range(4)))
        await keep(SENT, [sent("msg-1", 0)])

        assert await PushKey.all().count() == 1

    async def test_a_yes_and_a_no_of_one_second_are_two(self, vault: Vault) -> None:
        await keep(POPUP, answered("accept"))
        await keep(POPUP, answered("reject"))

        assert await PushKey.all().count() == 2

    async def test_nothing_kept_says_who_it_was(self, vault: Vault) -> None:
        resident = await make.caller(vault)
        await keep(POPUP, answered("accept"), resident.subject)

        rows = await connections.get("default").execute_query_dict(
            "SELECT row_to_json(k)::text AS text FROM notifications_push_key k"
        )

        assert resident.subject not in rows[0]["text"]
        assert str(resident.account_id) in rows[0]["text"]

    async def test_a_month_later_it_is_forgotten(self, vault: Vault) -> None:
        await keep(POPUP, answered("accept"))

        await forget_pushes(at=AT + timedelta(days=29))
        still = await PushKey.all().count()
        await forget_pushes(at=AT + timedelta(days=31))

        assert (still, await PushKey.all().count()) == (1, 0)


class TestAnswers:
    async def test_a_yes_counts_once_for_many_workers(self, vault: Vault) -> None:
        resident = await make.caller(vault)
        await keep(POPUP, answered("accept"), resident.subject)

        await asyncio.gather(*(apply_pushes(department=make.DEPARTMENT) for _ in range(4)))

        consent = await Consent.get()
        assert (consent.account_id, consent.granted) == (resident.account_id, 1)
        assert await outcomes() == [("applied", "granted")]

    @pytest.mark.parametrize("event", [POPUP, CHANGE])
    async def test_a_no_leaves_nothing(self, vault: Vault, event: str) -> None:
        """D05: turned off on WeChat's page of settings, or in the prompt."""
        resident = await make.consenting(vault, times=2)
        await keep(event, answered("reject"), resident.subject)

        await apply_pushes(department=make.DEPARTMENT)

        consent = await Consent.get()
        assert consent.granted == consent.spent
        assert await outcomes() == [("applied", "withdrawn")]

    async def test_what_is_about_nobody_or_nothing_of_ours_ends_at_once(self, vault: Vault) -> None:
        resident = await make.caller(vault)
        await keep(POPUP, answered("accept"), "openid-of-nobody")
        await keep(POPUP, answered("accept", "tpl-of-nobody"), resident.subject)
        await keep(POPUP, answered("perhaps"), resident.subject)

        await apply_pushes(department=make.DEPARTMENT)

        assert await outcomes() == [
            ("applied", "unknown_account"),
            ("applied", "unknown_template"),
            ("applied", "unknown_answer"),
        ]
        assert await Consent.all().count() == 0


class TestReceipts:
    @pytest.mark.parametrize(
        ("codes", "expected"),
        [
            (["0"], DeliveryReceipt.DELIVERED),
            (["1003"], DeliveryReceipt.FAILED),
            (["0", "1003"], DeliveryReceipt.DELIVERED),
            (["1003", "0"], DeliveryReceipt.DELIVERED),
        ],
    )
    async def test_a_delivery_has_its_receipt_and_delivered_stays(
        self, vault: Vault, codes: list[str], expected: DeliveryReceipt
    ) -> None:
        """D09: "failed" after "delivered"."""
        await sent_message(vault)
        for code in codes:
            await keep(SENT, sent("msg-1", code))
            await apply_pushes(department=make.DEPARTMENT)

        delivery = await Delivery.get()
        assert (delivery.status, delivery.receipt) == (DeliveryStatus.SENT, expected)
        assert delivery.receipt_at == AT

    async def test_one_that_is_before_the_answer_to_the_sending_waits_for_it(
        self, vault: Vault
    ) -> None:
        """D09: receipt before send-answer."""
        await keep(SENT, sent("msg-1"))
        await apply_pushes(department=make.DEPARTMENT)
        waiting = await outcomes()

        await sent_message(vault)
        await apply(after=2)

        assert waiting == [("kept", "no_such_send")]
        assert await outcomes() == [("applied", "delivered")]
        assert (await Delivery.get()).receipt is DeliveryReceipt.DELIVERED

    async def test_one_about_no_send_of_ours_is_kept_counted_and_shown_once(
        self, vault: Vault
    ) -> None:
        """D09: unknown id."""
        await keep(SENT, sent("msg-8"))
        await keep(SENT, sent("msg-9"))

        for attempt in range(len(pushes.PUT_OFF) + 1):
            await apply(after=1 + 1000 * attempt)

        task = await HumanTask.get()
        assert await count_unknown() == 2
        assert (task.kind, task.department) == ("notifications.receipt_unknown", make.DEPARTMENT)

    async def test_what_cannot_be_applied_holds_nothing_up_and_becomes_a_persons(
        self, vault: Vault
    ) -> None:
        resident = await make.caller(vault)
        await keep(POPUP, answered("accept"), resident.subject)
        await connections.get("default").execute_script(
            "ALTER TABLE notifications_consent ADD CONSTRAINT refuse CHECK (granted = 0)"
        )
        try:
            await keep(SENT, sent("msg-1"))
            for attempt in range(len(pushes.PUT_OFF) + 1):
                await apply(after=1 + 1000 * attempt)
        finally:
            await connections.get("default").execute_script(
                "ALTER TABLE notifications_consent DROP CONSTRAINT refuse"
            )

        statuses = [row.status for row in await PushKey.all().order_by("id")]
        assert statuses == [PushStatus.EXCEPTION, PushStatus.UNKNOWN]
        kinds = {task.kind for task in await HumanTask.all()}
        assert "notifications.push_not_applied" in kinds
