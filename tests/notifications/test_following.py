"""Who may act for somebody is told too, while they may. 代办人同收"""

from datetime import date
from uuid import UUID

import pytest

from core.sealing import Vault
from identity.acting import Terms, grant_acting, revoke_acting
from identity.callers import Caller
from identity.kinds import GrantKind, Scope
from identity.models import ActingGrant, LegalEntity, Party
from notifications.messages import list_messages, send_message
from notifications.models import Delivery, DeliveryStatus, Message
from tests.fakes.notifications import FakeChannel
from tests.given import AT
from tests.notifications import make

pytestmark = pytest.mark.usefixtures("db")


async def helper(agent: Caller, party_id: UUID, *, notified: bool = True) -> ActingGrant:
    return await grant_acting(
        kind=GrantKind.HELPER,
        agent_id=agent.required_person(),
        party_id=party_id,
        scope=Scope.HELPER,
        from_on=date(2026, 1, 1),
        until_on=date(2026, 12, 31),
        actor="system:test",
        terms=Terms(rights=["pay"], notified=notified),
    )


async def test_what_an_elder_is_told_reaches_the_phone_of_who_helps(vault: Vault) -> None:
    elder, agent = await make.person(vault), await make.consenting(vault)
    await helper(agent, elder.id)

    await make.tell(elder.id)

    [told] = await list_messages(agent.required_person())
    assert (told.for_party_id, told.kind) == (elder.id, "fee_paid")
    assert [message.for_party_id for message in await list_messages(elder.id)] == [None]
    channel = FakeChannel()
    await make.deliver(channel)
    assert len(channel.sent) == 1


@pytest.mark.parametrize("why", ["not agreed", "over", "for the party alone"])
async def test_it_does_not_where_that_was_not_agreed(why: str, vault: Vault) -> None:
    elder, agent = await make.person(vault), await make.consenting(vault)
    await helper(agent, elder.id, notified=why != "not agreed")
    if why == "over":
        await ActingGrant.all().update(until_on=date(2026, 11, 21))

    if why == "for the party alone":
        await send_message(elder.id, "signed_out_for_safety", about="login:1", at=AT)
    else:
        await make.tell(elder.id)

    assert await list_messages(agent.required_person()) == []
    assert await Message.all().count() == 1


async def test_who_lost_the_right_between_telling_and_sending_is_sent_nothing(
    vault: Vault,
) -> None:
    """D06 in spirit: whom a message goes to is asked about when it is sent."""
    elder, agent = await make.person(vault), await make.consenting(vault)
    grant = await helper(agent, elder.id)
    await make.tell(elder.id)

    await revoke_acting(grant.id, actor="system:test", at=AT)
    channel = FakeChannel()
    await make.deliver(channel)

    [delivery] = await Delivery.all()
    assert (delivery.status, delivery.reason) == (DeliveryStatus.SUPPRESSED, "no_longer_acts")
    assert channel.sent == []


async def test_an_enterprises_notices_reach_who_represents_it(vault: Vault) -> None:
    agent = await make.consenting(vault)
    firm = await _firm(agent)

    await make.tell(firm.id)

    [told] = await list_messages(agent.required_person())
    assert told.for_party_id == firm.id


async def test_a_follower_who_was_told_already_is_not_told_again(vault: Vault) -> None:
    elder, agent = await make.person(vault), await make.consenting(vault)
    await helper(agent, elder.id)

    await make.tell(agent.required_person())
    await make.tell(elder.id)

    [told] = await list_messages(agent.required_person())
    assert told.for_party_id is None


async def _firm(representative: Caller) -> LegalEntity:
    party = await Party.create(kind="entity")
    return await LegalEntity.create(
        id=party.id,
        party_id=party.id,
        uscc="91330199MA2LX801XY",
        name="临溪精密机械有限公司",
        division="330199",
        legal_representative_id=representative.person_id,
    )
