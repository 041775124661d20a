"""Row G07: a clock ten minutes off, either way, or one that steps in the middle of a job.

Nothing happens twice and nothing is left out. Leases of senders go by the database's clock, claims
of notices carry a fence, payouts carry a number, and waits go by a clock that nobody sets.
"""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import cycle

import pytest
import time_machine

from app.embedded.postgres import EmbeddedPostgres
from core import jobs
from core.clock import now, set_offset
from core.models import HumanTask
from core.sealing import Place, Vault
from core.worker import Regularly, run_worker
from notifications.channels import Notice, SendResult, Sent
from payments import notices
from payments.disbursements import disburse_requested, follow_disbursement
from payments.gateways import Transfer, TransferOrder
from payments.kinds import DisbursementStatus, NoticeStatus
from payments.models import Disbursement, NoticeKey, PaymentReceipt, Posting
from payments.transfers import apply_transfer
from tests.fakes.notifications import FakeChannel
from tests.fakes.payments import FakeGateway, FakeTransfers
from tests.given import AT
from tests.notifications import make as messages
from tests.payments import make
from tests.payments.test_notices import GENUINE, body

pytestmark = pytest.mark.usefixtures("db")

RIGHT, AHEAD, BEHIND = timedelta(0), timedelta(minutes=10), timedelta(minutes=-10)
LATER = timedelta(minutes=25)
"""By then it is past everything that a clock ahead has put off."""


@pytest.fixture(autouse=True)
def right_in_the_end() -> Iterator[None]:
    yield
    set_offset(RIGHT)


@pytest.mark.parametrize("clocks", [(AHEAD, BEHIND), (BEHIND, AHEAD), (AHEAD, RIGHT, BEHIND)])
async def test_jobs_with_a_time_run_once_whoever_hands_them_over(
    clocks: tuple[timedelta, ...],
) -> None:
    ran: list[int] = []

    async def note(n: int) -> None:
        ran.append(n)

    for n in range(-12, 13):
        await jobs.enqueue("note", run_at=now() + timedelta(minutes=n), n=n)
    for clock in (*clocks, LATER):
        set_offset(clock)
        await asyncio.gather(*(jobs.move_due(at=now()) for _ in range(4)))
        await jobs.run_due({"note": note}, at=now())

    assert sorted(ran) == list(range(-12, 13))


class JumpingVault(Vault):
    """Sets the clock each time it opens something: in the middle of whatever is being done."""

    def __init__(self, inner: Vault, *clocks: timedelta) -> None:
        self._inner, self._clocks = inner, cycle(clocks)

    def open(self, place: Place, sealed: bytes) -> str:
        set_offset(next(self._clocks))
        return self._inner.open(place, sealed)


@pytest.mark.parametrize("clocks", [(BEHIND,), (AHEAD,), (AHEAD, BEHIND), (RIGHT, BEHIND, AHEAD)])
async def test_notices_are_applied_once_though_the_clock_steps_in_the_job(
    clocks: tuple[timedelta, ...], vault: Vault
) -> None:
    jumping = JumpingVault(vault, *clocks)
    for number in range(6):
        payer = await make.caller(vault)
        attempt = await make.attempt(await make.fee_order(payer.party_id), payer)
        receipt = make.receipt(attempt, trade_no=f"42000{number}")
        set_offset((RIGHT, AHEAD, BEHIND)[number % 3])
        sent = body(receipt, f"EV-{number}")
        await notices.keep(FakeGateway(), GENUINE, sent, vault=vault, at=now())

    apply = partial(notices.apply_notices, department="platform")
    for clock in (RIGHT, BEHIND, AHEAD):
        set_offset(clock)
        await asyncio.gather(*(apply(vault=jumping) for _ in range(3)))
    set_offset(LATER)
    await apply(vault=vault)

    assert {key.status for key in await NoticeKey.all()} == {NoticeStatus.APPLIED}
    assert await PaymentReceipt.all().count() == 6
    assert await Posting.all().count() == 12
    assert await HumanTask.all().count() == 0


@pytest.mark.parametrize("clock", [AHEAD, BEHIND])
async def test_a_sender_whose_clock_is_off_takes_nothing_from_one_that_is_sending(
    clock: timedelta, vault: Vault
) -> None:
    """By its own clock the other's lease were long over; by the database's it has just begun."""
    other = FakeChannel()

    async def meanwhile(notice: Notice) -> SendResult:
        await messages.deliver(other, at=AT + clock)
        return Sent(None)

    sender = FakeChannel(meanwhile)
    for number in range(5):
        resident = await messages.consenting(vault)
        await messages.tell(resident.required_party(), about=f"fee_order:{number}")

    await messages.deliver(sender)

    assert (len(sender.sent), other.sent) == (5, [])
    assert await messages.statuses() == ["sent"] * 5


@pytest.mark.parametrize("first", [AHEAD, BEHIND])
async def test_messages_are_sent_once_by_senders_whose_clocks_differ(
    first: timedelta, vault: Vault
) -> None:
    channel = FakeChannel()
    for number in range(5):
        resident = await messages.consenting(vault)
        await messages.tell(resident.required_party(), about=f"fee_order:{number}")

    for clock in (first, RIGHT, -first, first):
        await asyncio.gather(*(messages.deliver(channel, at=AT + clock) for _ in range(3)))

    assert len(channel.sent) == len({notice.to for notice in channel.sent}) == 5


class JumpingTransfers(FakeTransfers):
    """The clock is set while the provider is being asked."""

    def __init__(self, clock: timedelta) -> None:
        super().__init__()
        self.clock = clock

    async def transfer(self, order: TransferOrder) -> Transfer:
        set_offset(self.clock)
        return await super().transfer(order)


@pytest.mark.parametrize("clock", [AHEAD, BEHIND])
async def test_money_is_paid_out_once_though_the_clock_steps_while_asking(
    clock: timedelta, vault: Vault
) -> None:
    payee, transfers = await make.caller(vault), JumpingTransfers(clock)
    payers = make.payers(transfers)
    payee_id = str(payee.party_id)
    asked = ("E-1", payee_id, 10000, "高龄津贴", "330199-civil-affairs", "330199")

    for offset in (RIGHT, -clock, clock, RIGHT):
        set_offset(offset)
        await disburse_requested(*asked, payers=payers, vault=vault)
    row = await Disbursement.get()
    for offset in (clock, -clock):
        set_offset(offset)
        await follow_disbursement(str(row.id), 1, payers=payers, vault=vault)
    done = transfers.confirm(row.number)
    for offset in (-clock, clock):
        set_offset(offset)
        await apply_transfer(done, vault=vault, at=now())

    await row.refresh_from_db()
    assert row.status is DisbursementStatus.PAID
    assert len(transfers.asked) == 1
    assert await Posting.all().count() == 2


@pytest.mark.parametrize("step", [AHEAD, BEHIND])
async def test_a_worker_goes_on_when_its_machine_s_clock_is_set(
    step: timedelta, postgres: EmbeddedPostgres
) -> None:
    """The timetable keeps its pace, jobs run, and what is due by the new time is handed over."""
    beats, ran, stop = [], list[int](), asyncio.Event()

    async def beat() -> None:
        beats.append(1)

    async def note(n: int) -> None:
        ran.append(n)

    async def until(count: int, seen: list[int]) -> None:
        while len(seen) < count:
            await asyncio.sleep(0.02)

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(
            run_worker(
                {"note": note},
                database_url=postgres.url(),
                timetable=[Regularly(0.05, beat)],
                stop=stop,
            )
        )
        await until(2, beats)
        with time_machine.travel(now() + step, tick=True):
            counted = len(beats)
            await jobs.enqueue("note", n=1)
            await jobs.enqueue("note", run_at=now() + timedelta(seconds=1), n=2)
            await until(2, ran)
            await until(counted + 3, beats)
        stop.set()

    assert sorted(ran) == [1, 2]
