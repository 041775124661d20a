"""What could not be sent is put before a person, once for a kind and an hour. (D12)"""

from datetime import datetime, timedelta

import pytest

from core.models import HumanTask
from core.sealing import Vault
from notifications import sending
from notifications.channels import Notice, NotSent, Refusal, SendResult
from notifications.deliveries import report_failed
from notifications.models import Delivery, DeliveryStatus
from tests.fakes.notifications import FakeChannel
from tests.given import AT
from tests.notifications import make
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")


async def out_of_order(_: Notice) -> SendResult:
    return NotSent(why=Refusal.LATER, code="outage")


async def until_given_up(at: datetime) -> None:
    """Every message told so far, through the whole ladder of an outage."""
    for _ in range(sending.MAX_ATTEMPTS):
        await make.deliver(FakeChannel(out_of_order), at=at)
        at += timedelta(minutes=20)
    waiting = Delivery.filter(status=DeliveryStatus.WAITING)
    assert await waiting.count() == 0


async def test_an_outage_becomes_one_task_for_an_hour_with_how_many_were_not_sent(
    vault: Vault,
) -> None:
    resident = await make.consenting(vault, times=3)
    for number in range(3):
        await make.tell(resident.required_party(), f"fee_order:{number}")
    await until_given_up(AT)

    [asked] = await jobs_asked("notifications.report_failed")
    for _ in range(2):
        await report_failed(**asked, department=make.DEPARTMENT)

    [task] = await HumanTask.all()
    assert (task.kind, task.department) == ("notifications.deliveries_failed", make.DEPARTMENT)
    assert (task.subject, task.details) == ("deliveries:fee_paid:2026-11-22T03Z", {"count": 3})
