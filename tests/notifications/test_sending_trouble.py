"""A list that is long, and rows that this release cannot read, keep nobody else waiting."""

import pytest

from core.models import HumanTask
from core.sealing import Vault
from notifications import deliveries
from notifications.channels import Notice, NotSent, Refusal, SendResult
from notifications.models import Delivery, DeliveryStatus, Message
from tests.fakes.notifications import FakeChannel
from tests.given import AT
from tests.notifications import make

pytestmark = pytest.mark.usefixtures("db")

NIGHT = AT.replace(hour=14)  # ten at night in China
MORNING = AT.replace(day=23, hour=0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"kind": "of_another_release"}, "no_channel"), ({"values": {}}, "value_missing")],
)
async def test_what_another_release_worded_does_not_stop_the_batch(
    vault: Vault, change: dict[str, object], reason: str
) -> None:
    """G13: old and new run together."""
    resident, channel = await make.consenting(vault, times=2), FakeChannel()
    for about in ("fee_order:1", "fee_order:2"):
        await make.tell(resident.required_party(), about)
    first = await Message.all().order_by("id").first()
    await Message.filter(id=first and first.id).update(**change)

    await make.deliver(channel)

    rows = await Delivery.all().order_by("id")
    assert [(row.status, row.reason) for row in rows] == [
        (DeliveryStatus.FAILED, reason),
        (DeliveryStatus.SENT, None),
    ]


async def test_at_night_a_long_list_is_held_in_pieces_one_after_the_other(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D04: all at once, some 600,000 rows took more time than a statement has."""
    monkeypatch.setattr(deliveries, "HELD_AT_ONCE", 2)
    resident, channel = await make.consenting(vault, times=5), FakeChannel()
    for number in range(5):
        await make.tell(resident.required_party(), f"fee_order:{number}")

    held = []
    for _ in range(3):
        await make.deliver(channel, at=NIGHT)
        held.append(await Delivery.filter(due_at=MORNING).count())

    assert (held, channel.sent) == ([2, 4, 5], [])


async def test_a_template_that_is_wrong_again_is_put_before_a_person_again(vault: Vault) -> None:
    """D07: mended once, and broken anew the day after."""

    async def refuse(_: Notice) -> SendResult:
        return NotSent(why=Refusal.SETUP, code="40037")

    resident, channel = await make.consenting(vault, times=3), FakeChannel(refuse)
    for number, at in enumerate((AT, AT, AT.replace(day=23))):
        await make.tell(resident.required_party(), f"fee_order:{number}")
        await make.deliver(channel, at=at)

    assert await HumanTask.filter(kind="notifications.template_wrong").count() == 2
