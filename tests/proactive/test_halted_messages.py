"""What was told of a policy is not sent while it is halted, and stays in the inbox. (E03)"""

import asyncio

import pytest

from core.ids import new_id
from core.sealing import Vault
from identity.models import Account
from notifications import deliveries
from notifications.channels import Channels, Notice, SendResult, Sent
from notifications.deliveries import release_held
from notifications.messages import list_messages
from notifications.models import Consent, Delivery
from notifications.sending import deliver_due
from proactive.entitlements import notify_entitlement
from proactive.gates import may_send
from proactive.publishing import halt_policy, resume_policy
from tests.fakes.notifications import FakeChannel
from tests.given import AT
from tests.notifications import make as messages
from tests.payments.jobs_asked import jobs_asked
from tests.proactive import make

pytestmark = pytest.mark.usefixtures("city")

PUBLISHER = make.operator("publisher")


async def told(vault: Vault, count: int) -> list[Account]:
    """Old people who allowed messages, each told of the elders' allowance; nothing sent yet."""
    await messages.templates()
    people = [await make.person(vault) for _ in range(count)]
    accounts = []
    for person in people:
        account = await Account.get(id=(await make.caller(person)).account_id)
        await Consent.create(
            id=new_id(),
            account_id=account.id,
            template_id=messages.OFFER_TEMPLATE,
            granted=1,
            long_term=True,
            updated_at=AT,
        )
        accounts.append(account)
    await make.matched(vault)
    for person in people:
        await notify_entitlement((await make.entitlement_of(person.id)).id, at=AT)
    return accounts


async def deliver(channel: FakeChannel) -> None:
    await deliver_due(channels=Channels([channel]), department="platform", at=AT, allowed=may_send)


async def test_a_halt_holds_what_was_not_sent_and_its_end_lets_it_go(vault: Vault) -> None:
    accounts, channel = await told(vault, 3), FakeChannel()
    await halt_policy("sh-elder", operator=PUBLISHER, at=AT)

    await deliver(channel)
    assert (channel.sent, await messages.statuses()) == ([], ["held"] * 3)
    assert accounts[0].person_id is not None
    assert len(await list_messages(accounts[0].person_id)) == 1

    await resume_policy("sh-elder", operator=PUBLISHER, at=AT)
    assert await jobs_asked("notifications.release_held") == [{}]
    await release_held()
    await deliver(channel)

    assert {notice.to for notice in channel.sent} == {account.subject for account in accounts}


async def test_a_halt_in_the_middle_of_a_batch_lets_at_most_one_more_go(vault: Vault) -> None:
    """Claimed before the halt, and not yet sent."""
    halted = asyncio.Event()

    async def halt(_: Notice) -> SendResult:
        if not halted.is_set():
            await asyncio.create_task(halt_policy("sh-elder", operator=PUBLISHER, at=AT))
            halted.set()
        return Sent(None)

    await told(vault, 4)
    channel = FakeChannel(halt)

    await deliver(channel)

    assert len(channel.sent) == 1
    assert sorted(await messages.statuses()) == ["held"] * 3 + ["sent"]


async def test_other_messages_go_on_and_what_is_halted_still_is_held_again(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "HELD_AT_ONCE", 1)
    await told(vault, 3)
    resident, channel = await messages.consenting(vault), FakeChannel()
    await messages.tell(resident.required_party())
    await halt_policy("sh-elder", operator=PUBLISHER, at=AT)

    for _ in range(2):
        await deliver(channel)
        assert await Delivery.filter(status="held").count() == 3
        await release_held()
        assert await Delivery.filter(status="held").count() == 0

    assert [notice.to for notice in channel.sent] == [resident.subject]
    assert len(await jobs_asked("notifications.deliver")) >= 1
