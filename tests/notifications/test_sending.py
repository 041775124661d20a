import asyncio
from datetime import timedelta

import pytest
from tortoise import connections

from core import jobs
from core.models import DueJob, HumanTask
from core.sealing import Vault
from identity.kinds import ProviderName
from identity.models import Account
from notifications import deliveries, sending
from notifications.channels import Notice, NotSent, Refusal, SendResult, Sent, Unclear
from notifications.deliveries import list_unknown
from notifications.messages import list_messages
from notifications.models import Consent, Delivery, DeliveryStatus
from notifications.subscriptions import Answer, record_consent
from tests.conftest import AT
from tests.fakes.notifications import FakeChannel
from tests.notifications import make

pytestmark = pytest.mark.usefixtures("db")

NIGHT = AT.replace(hour=14)  # ten at night in China
MORNING = AT.replace(day=23, hour=0)


class Killed(BaseException):
    """What a process feels at `kill -9`, as near as one process can show it."""


async def let_leases_run_out() -> None:
    await connections.get("default").execute_query(
        "UPDATE notifications_delivery SET leased_until = now() - interval '1 second'"
        " WHERE leased_until IS NOT NULL"
    )


async def left() -> int:
    consent = await Consent.get()
    return consent.granted - consent.spent


class TestASend:
    async def test_goes_to_the_consenting_account_and_spends_its_consent(
        self, vault: Vault
    ) -> None:
        resident, channel = await make.consenting(vault), FakeChannel()
        await make.tell(resident.required_party())

        await make.deliver(channel)

        (notice,) = channel.sent
        assert (notice.to, notice.template_id) == (resident.subject, make.FEE_TEMPLATE)
        assert notice.values == {
            "thing1": "不动产登记费",
            "amount2": "80.00元",
            "time3": "2026年11月22日 10:00",
        }
        delivery = await Delivery.get()
        assert (delivery.status, delivery.provider_no) == (DeliveryStatus.SENT, "msg-1")
        assert await left() == 0

    async def test_happens_once_however_many_senders_and_runs(self, vault: Vault) -> None:
        """I5: ten messages, four senders at once, twice."""
        channel = FakeChannel()
        for _ in range(10):
            resident = await make.consenting(vault)
            await make.tell(resident.required_party())

        for _ in range(2):
            await asyncio.gather(*(make.deliver(channel) for _ in range(4)))

        assert len(channel.sent) == len({notice.to for notice in channel.sent}) == 10
        assert await make.statuses() == ["sent"] * 10

    async def test_uses_the_address_of_the_moment(self, vault: Vault) -> None:
        """D06: the account that was there when it was asked for is gone; a newer one consented."""
        resident, channel = await make.consenting(vault), FakeChannel()
        await make.tell(resident.required_party())
        await Account.filter(id=resident.account_id).update(disabled_at=AT)
        other = await Account.create(
            provider=ProviderName.WECHAT,
            appid="wx-test",
            subject="openid-new",
            person_id=resident.person_id,
            level=2,
        )
        await Consent.all().update(account_id=other.id)

        await make.deliver(channel)

        assert [notice.to for notice in channel.sent] == ["openid-new"]

    async def test_holds_no_transaction_and_no_connection_meanwhile(self, vault: Vault) -> None:
        """D12: while the provider is slow, the row already says `sending` to everybody."""
        seen: list[str] = []

        async def look(notice: Notice) -> SendResult:
            rows = await asyncio.create_task(make.statuses())
            seen.extend(rows)
            return Sent(None)

        resident = await make.consenting(vault)
        await make.tell(resident.required_party())

        await make.deliver(FakeChannel(look))

        assert seen == ["sending"]


class TestASenderThatDies:
    async def test_after_claiming_has_sent_nothing_and_another_sends(self, vault: Vault) -> None:
        """D01."""
        resident, channel = await make.consenting(vault), FakeChannel()
        await make.tell(resident.required_party())
        (abandoned,) = await deliveries.claim(AT)

        await make.deliver(channel)
        assert channel.sent == []
        await let_leases_run_out()
        await make.deliver(channel)

        assert len(channel.sent) == 1
        assert await deliveries.lock_claimed(abandoned) is None

    @pytest.mark.parametrize("arrived", [True, False])
    async def test_while_sending_leaves_unknown_which_nobody_sends_again(
        self, vault: Vault, arrived: bool
    ) -> None:
        """D01: not even where in fact nothing arrived; a person is told once."""
        resident = await make.consenting(vault)
        await make.tell(resident.required_party())

        async def die(notice: Notice) -> SendResult:
            raise Killed

        with pytest.raises(Killed):
            await make.deliver(FakeChannel(die))
        await let_leases_run_out()
        channel = FakeChannel()
        for _ in range(3):
            await make.deliver(channel)

        assert channel.sent == []
        assert await make.statuses() == ["unknown"]
        (task,) = await HumanTask.all()
        assert (task.kind, task.department) == ("notifications.delivery_unknown", make.DEPARTMENT)
        assert len(await list_unknown()) == 1
        assert len(await list_messages(resident.required_party())) == 1

    async def test_leaves_at_most_one_unknown_and_loses_no_other(self, vault: Vault) -> None:
        """D01: thirty sends, a sender killed at every third; each arrives at most once."""
        arrived: list[str] = []

        async def die_now_and_then(notice: Notice) -> SendResult:
            arrived.append(notice.to)
            if len(arrived) % 3 == 0:
                raise Killed
            return Sent(None)

        for _ in range(30):
            resident = await make.consenting(vault)
            await make.tell(resident.required_party())
        kills = 0
        while await Delivery.filter(status__in=["waiting", "claimed", "sending"]).exists():
            try:
                await make.deliver(FakeChannel(die_now_and_then))
            except Killed:
                kills += 1
                await let_leases_run_out()

        assert len(arrived) == len(set(arrived)) == 30
        statuses = await make.statuses()
        assert statuses.count("unknown") == kills == 10
        assert statuses.count("sent") == 20


class TestASenderThatIsTooSlow:
    async def test_marks_nothing_once_its_lease_is_gone(self, vault: Vault) -> None:
        """D03: stopped while sending; meanwhile the row became `unknown`, and stays so."""
        resident = await make.consenting(vault)
        await make.tell(resident.required_party())

        async def stopped(notice: Notice) -> SendResult:
            await let_leases_run_out()
            await deliveries.take_back_lost(department=make.DEPARTMENT)
            return Sent("late")

        await make.deliver(FakeChannel(stopped))

        delivery = await Delivery.get()
        assert (delivery.status, delivery.provider_no) == (DeliveryStatus.UNKNOWN, None)

    async def test_does_not_send_what_another_has_claimed(self, vault: Vault) -> None:
        """D03: the late one holds an older fence."""
        resident, channel = await make.consenting(vault), FakeChannel()
        await make.tell(resident.required_party())
        (late,) = await deliveries.claim(AT)
        await let_leases_run_out()
        await deliveries.take_back_lost(department=make.DEPARTMENT)
        (now,) = await deliveries.claim(AT)

        assert now.fence > late.fence
        assert await deliveries.lock_claimed(late) is None
        assert await deliveries.lock_claimed(now) is not None
        assert channel.sent == []

    async def test_gives_back_unsent_what_it_prepared_too_long_ago(
        self, vault: Vault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """D03: stopped between writing `sending` and sending."""
        resident, channel = await make.consenting(vault), FakeChannel()
        await make.tell(resident.required_party())
        monkeypatch.setattr(sending, "READY_SECONDS", -1.0)

        await make.deliver(channel)

        assert channel.sent == []
        assert await make.statuses() == ["waiting"]
        assert await left() == 1

    async def test_cannot_mark_with_an_older_fence(self, vault: Vault) -> None:
        """D03."""
        resident = await make.consenting(vault)
        await make.tell(resident.required_party())
        (claim,) = await deliveries.claim(AT)
        await Delivery.all().update(status="sending", fence=claim.fence + 1)

        marked = await deliveries.mark_ended(claim, DeliveryStatus.SENT, at=AT)

        assert marked is False
        assert await make.statuses() == ["sending"]


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

        waiting = await DueJob.all()
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
