import asyncio

import pytest
from tortoise import connections

from core.models import HumanTask
from core.sealing import Vault
from identity.kinds import ProviderName
from identity.models import Account
from notifications import deliveries, sending
from notifications.channels import Notice, SendResult, Sent
from notifications.deliveries import list_unknown
from notifications.messages import list_messages
from notifications.models import Consent, Delivery, DeliveryStatus
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
