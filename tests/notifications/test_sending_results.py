import asyncio
from datetime import timedelta

import pytest

from core import jobs
from core.models import DueJob, HumanTask
from core.sealing import Vault
from notifications import deliveries, sending
from notifications.channels import Notice, NotSent, Refusal, SendResult, Unclear
from notifications.models import Consent, Delivery, DeliveryStatus
from notifications.subscriptions import Answer, record_consent
from tests.conftest import AT
from tests.fakes.notifications import FakeChannel
from tests.notifications import make

pytestmark = pytest.mark.usefixtures("db")

NIGHT = AT.replace(hour=14)  # ten at night in China
MORNING = AT.replace(day=23, hour=0)


async def left() -> int:
    consent = await Consent.get()
    return consent.granted - consent.spent


class TestAtNight:
    async def test_what_can_wait_is_held_until_eight(self, vault: Vault) -> None:
        """D04, I11: asked for a second before ten, worked off a second after."""
        resident, channel = await make.consenting(vault), FakeChannel()
        await make.tell(resident.required_party())

        await make.deliver(channel, at=NIGHT)
        assert channel.sent == []
        assert (await Delivery.get()).due_at == MORNING
        await make.deliver(channel, at=MORNING - timedelta(seconds=1))
        assert channel.sent == []
        await make.deliver(channel, at=MORNING)

        assert len(channel.sent) == 1

    async def test_a_wake_up_stands_at_eight(self, vault: Vault) -> None:
        resident = await make.consenting(vault)
        await make.tell(resident.required_party())

        await make.deliver(FakeChannel(), at=NIGHT)

        waiting = await DueJob.filter(name="notifications.deliver")
        assert [(job.name, job.due_at) for job in waiting] == [("notifications.deliver", MORNING)]

    async def test_what_is_urgent_goes_at_once(self, vault: Vault) -> None:
        resident, channel = await make.consenting(vault), FakeChannel()
        await make.tell(resident.required_party())
        await Delivery.all().update(urgent=True)

        await make.deliver(channel, at=NIGHT)

        assert len(channel.sent) == 1

    async def test_a_batch_that_runs_into_the_night_stops_there(self, vault: Vault) -> None:
        """D04: judged at each send, not at the claim."""
        resident, channel = await make.consenting(vault), FakeChannel()
        await make.tell(resident.required_party())
        (claim,) = await deliveries.claim(NIGHT - timedelta(seconds=1))
        run = sending._Run(sending.Channels([channel]), make.DEPARTMENT, NIGHT)

        assert await sending._prepare(claim, run) is None

        assert await make.statuses() == ["waiting"]
        assert (await Delivery.get()).due_at == MORNING


class TestConsentAtTheMomentOfSending:
    async def test_a_no_after_it_was_asked_for_suppresses_it(self, vault: Vault) -> None:
        """D05, I11."""
        resident, channel = await make.consenting(vault), FakeChannel()
        await make.tell(resident.required_party())
        await record_consent(make.FEE_TEMPLATE, Answer.REJECT, caller=resident, at=AT)

        await make.deliver(channel)

        delivery = await Delivery.get()
        assert channel.sent == []
        assert (delivery.status, delivery.reason) == (DeliveryStatus.SUPPRESSED, "withdrawn")

    async def test_two_messages_on_one_consent_send_one(self, vault: Vault) -> None:
        """D07: quota 0 means the inbox only."""
        resident, channel = await make.consenting(vault, times=1), FakeChannel()
        await make.tell(resident.required_party(), about="1")
        await make.tell(resident.required_party(), about="2")

        await asyncio.gather(*(make.deliver(channel) for _ in range(3)))

        assert len(channel.sent) == 1
        assert sorted(await make.statuses()) == ["sent", "suppressed"]
        assert await left() == 0


class TestWhatTheProviderSays:
    async def _deliver(self, vault: Vault, result: SendResult, times: int = 2) -> FakeChannel:
        async def answer(notice: Notice) -> SendResult:
            return result

        resident = await make.consenting(vault, times=times)
        await make.tell(resident.required_party())
        channel = FakeChannel(answer)
        await make.deliver(channel)
        return channel

    async def test_43101_takes_every_consent_and_is_not_tried_again(self, vault: Vault) -> None:
        """D07."""
        result = NotSent(why=Refusal.CONSENT_GONE, code="43101")

        channel = await self._deliver(vault, result, times=3)
        await make.deliver(channel, at=AT + timedelta(hours=1))

        assert len(channel.sent) == 1
        assert await make.statuses() == ["failed"]
        assert await left() == 0

    async def test_a_wrong_template_gives_the_consent_back_and_tells_operators_once(
        self, vault: Vault
    ) -> None:
        """D07: 40037."""
        result = NotSent(why=Refusal.SETUP, code="40037")

        channel = await self._deliver(vault, result)
        resident = await make.consenting(vault)
        await make.tell(resident.required_party())
        await make.deliver(channel)

        assert await make.statuses() == ["failed", "failed"]
        assert await Consent.filter(spent=0).count() == 2
        (task,) = await HumanTask.all()
        assert task.subject == f"template:{make.FEE_TEMPLATE}:40037"

    async def test_a_refused_value_is_named(self, vault: Vault) -> None:
        """D10: 47003, in spite of our own check."""
        await self._deliver(vault, NotSent(why=Refusal.VALUE, code="47003", field="thing1"))

        delivery = await Delivery.get()
        assert (delivery.status, delivery.reason, delivery.field) == (
            DeliveryStatus.FAILED,
            "47003",
            "thing1",
        )
        assert await left() == 2

    async def test_a_full_day_waits_for_the_next_and_is_asked_once_a_batch(
        self, vault: Vault
    ) -> None:
        """D07: 45009."""

        async def full(notice: Notice) -> SendResult:
            return NotSent(why=Refusal.DAY_LIMIT, code="45009")

        for _ in range(4):
            resident = await make.consenting(vault)
            await make.tell(resident.required_party())
        channel = FakeChannel(full)

        await make.deliver(channel)

        assert len(channel.sent) == 1
        assert {row.due_at for row in await Delivery.all()} == {MORNING}
        assert await make.statuses() == ["waiting"] * 4
        assert await Consent.filter(spent=0).count() == 4

    async def test_a_busy_provider_is_asked_again_later_and_not_for_ever(
        self, vault: Vault
    ) -> None:
        channel = await self._deliver(vault, NotSent(why=Refusal.LATER, code="-1"))
        first = (await Delivery.get()).due_at

        at = AT
        for _ in range(10):
            at += timedelta(minutes=20)
            await make.deliver(channel, at=at)

        assert AT < first < AT + timedelta(minutes=1)
        assert len(channel.sent) == sending.MAX_ATTEMPTS
        assert await make.statuses() == ["failed"]
        assert await left() == 2

    async def test_an_unclear_answer_is_unknown_and_keeps_the_consent_spent(
        self, vault: Vault
    ) -> None:
        """D12: a reply cut off on its way; nobody sends it again."""
        channel = await self._deliver(vault, Unclear("ReadTimeout"), times=1)
        await make.deliver(channel, at=AT + timedelta(days=1))

        assert len(channel.sent) == 1
        assert await make.statuses() == ["unknown"]
        assert await left() == 0
        assert await HumanTask.filter(kind="notifications.delivery_unknown").count() == 1


async def test_a_value_that_does_not_fit_is_refused_before_anything_is_spent(
    vault: Vault,
) -> None:
    """D10: with the field's name."""
    resident, channel = await make.consenting(vault), FakeChannel()
    await make.tell(resident.required_party(), title="领奖 http://evil.test")

    await make.deliver(channel)

    delivery = await Delivery.get()
    assert channel.sent == []
    assert (delivery.reason, delivery.field) == ("value_refused", "thing1")
    assert await left() == 1


async def test_more_than_a_batch_is_worked_off_by_wake_ups(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "BATCH", 2)
    resident, channel = await make.consenting(vault, times=5), FakeChannel()
    for number in range(5):
        await make.tell(resident.required_party(), about=str(number))

    async def deliver() -> None:
        await make.deliver(channel)

    while await jobs.run_due({"notifications.deliver": deliver}, at=AT):
        pass

    assert len(channel.sent) == 5
