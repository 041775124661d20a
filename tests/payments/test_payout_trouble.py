"""What stands between a payout and its end: providers that say no at the wrong moment."""

import pytest
from msgspec import structs

from core.clock import now
from core.models import HumanTask
from core.sealing import Vault
from payments.asking import MAY_STILL_LAND
from payments.disbursements import follow_disbursement, request_disbursement
from payments.gateways import GatewayFailed, GatewayRefused, Transfer, TransferOrder, TransferState
from payments.kinds import DisbursementStatus
from payments.models import Disbursement, Posting
from payments.payouts import Payers
from payments.transfers import apply_transfer
from tests.fakes.payments import FakeBank, FakeTransfers
from tests.given import AT
from tests.payments import make
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")

FOLLOW = "payments.follow_disbursement"


class UnwillingBank(FakeBank):
    """Pays, but answers no question about it."""

    async def query(self, number: str) -> Transfer | None:
        raise GatewayRefused(provider="bank", reason="too_many_requests")


class UnwillingTransfers(FakeTransfers):
    async def query(self, number: str) -> Transfer | None:
        raise GatewayRefused(provider="wechat", reason="NO_AUTH")


async def requested(vault: Vault, payers: Payers, payee: object = None) -> Disbursement:
    """A payout to an enterprise, or to `payee`, that nobody has been asked for yet."""
    return await request_disbursement(
        "E-1",
        payee_id=getattr(payee, "party_id", None) or (await make.entity(vault)).id,
        amount_fen=10000,
        purpose="高龄津贴",
        department="330199-civil-affairs",
        division="330199",
        payers=payers,
        at=AT,
    )


async def follow(row: Disbursement, step: int, payers: Payers, vault: Vault) -> DisbursementStatus:
    await follow_disbursement(str(row.id), step, payers=payers, vault=vault)
    await row.refresh_from_db()
    return row.status


async def test_a_question_that_is_refused_is_asked_again_later(vault: Vault) -> None:
    """I10: nothing is stuck; a bank tells us nothing by itself."""
    payers = make.payers(bank=UnwillingBank(state=TransferState.ACCEPTED))
    row = await requested(vault, payers)
    assert await follow(row, 0, payers, vault) is DisbursementStatus.ACCEPTED

    assert await follow(row, 1, payers, vault) is DisbursementStatus.ACCEPTED

    assert {"disbursement_id": str(row.id), "step": 2} in await jobs_asked(FOLLOW)


async def test_a_refused_question_does_not_put_down_what_may_be_under_way(vault: Vault) -> None:
    """E13: the answer was lost, and then the question was refused."""
    payee, transfers = await make.caller(vault), UnwillingTransfers(fails=1)
    payers = make.payers(transfers)
    row = await requested(vault, payers, payee)
    assert await follow(row, 0, payers, vault) is DisbursementStatus.UNKNOWN

    await follow(row, 1, payers, vault)
    await apply_transfer(transfers.confirm(row.number), vault=vault, at=AT)

    await row.refresh_from_db()
    assert row.status is DisbursementStatus.PAID
    assert await Posting.all().count() == 2


class LateTransfers(FakeTransfers):
    """Loses the first answer, knows nothing of the number for a while, refuses its repeat."""

    async def transfer(self, order: TransferOrder) -> Transfer:
        self.refuses = "NAME_NOT_CORRECT" if self.asked else ""
        return await super().transfer(order)

    async def query(self, number: str) -> Transfer | None:
        return None


async def test_a_refused_repeat_does_not_end_what_may_still_land(vault: Vault) -> None:
    """E13: the first asking is carried out late, after a repeat of it was refused."""
    payee, transfers = await make.caller(vault), LateTransfers(fails=1)
    payers = make.payers(transfers)
    row = await requested(vault, payers, payee)
    assert await follow(row, 0, payers, vault) is DisbursementStatus.UNKNOWN

    assert await follow(row, 1, payers, vault) is DisbursementStatus.UNKNOWN
    await apply_transfer(transfers.confirm(row.number), vault=vault, at=AT)

    await row.refresh_from_db()
    assert row.status is DisbursementStatus.PAID


async def test_a_refused_repeat_ends_it_once_nothing_can_land_any_more(vault: Vault) -> None:
    payee, transfers = await make.caller(vault), LateTransfers(fails=1)
    payers = make.payers(transfers)
    row = await requested(vault, payers, payee)
    await follow(row, 0, payers, vault)

    await Disbursement.all().update(unanswered_at=now() - MAY_STILL_LAND)

    assert await follow(row, 1, payers, vault) is DisbursementStatus.FAILED


async def test_a_failed_payout_that_arrives_all_the_same_is_put_before_a_person(
    vault: Vault,
) -> None:
    """I4: each success in the provider's book is in ours or among the exceptions."""
    payee, transfers = await make.caller(vault), FakeTransfers()
    payers = make.payers(transfers)
    row = await requested(vault, payers, payee)
    await follow(row, 0, payers, vault)
    failed = transfers.confirm(row.number, TransferState.FAILED)
    await apply_transfer(failed, vault=vault, at=AT)

    await apply_transfer(transfers.confirm(row.number), vault=vault, at=AT)

    assert [task.kind for task in await HumanTask.all()] == ["payments.payout_contradicts"]


async def test_a_banks_long_reason_does_not_stop_the_answer(vault: Vault) -> None:
    payers = make.payers(bank=FakeBank(state=TransferState.FAILED, reason="收款账户状态异常" * 20))
    row = await requested(vault, payers)

    assert await follow(row, 0, payers, vault) is DisbursementStatus.FAILED


class MovedAccountBank(FakeBank):
    """Has the number already, with the account that the enterprise named before."""

    async def transfer(self, *, number: str, **content: object) -> Transfer:
        self.paid.setdefault(number, 10000)
        if self.fails:
            self.fails -= 1
            raise GatewayFailed(provider="bank")
        raise GatewayRefused(provider="bank", reason="reference_reused")


async def test_a_number_that_the_bank_knows_otherwise_is_asked_about(vault: Vault) -> None:
    """E13: the answer was lost and the enterprise named another account meanwhile."""
    payers = make.payers(bank=MovedAccountBank(fails=1))
    row = await requested(vault, payers)
    assert await follow(row, 0, payers, vault) is DisbursementStatus.UNKNOWN

    assert await follow(row, 1, payers, vault) is DisbursementStatus.PAID


async def test_what_is_held_takes_the_answer_that_comes(vault: Vault) -> None:
    """A genuine notice is never dropped, whatever state our row is in."""
    payee, transfers = await make.caller(vault), FakeTransfers(fails=1)
    payers = make.payers(transfers)
    row = await requested(vault, payers, payee)
    await follow(row, 0, payers, vault)
    await Disbursement.filter(id=row.id).update(status=DisbursementStatus.HELD)

    await apply_transfer(transfers.confirm(row.number), vault=vault, at=AT)

    await row.refresh_from_db()
    assert row.status is DisbursementStatus.PAID


async def test_another_reason_to_hold_it_is_another_matter_for_a_person(vault: Vault) -> None:
    payee, transfers = await make.caller(vault), FakeTransfers()
    payers = make.payers(transfers)
    row = await requested(vault, payers, payee)

    for step, refuses in enumerate(["NOT_ENOUGH", "NOT_ENOUGH", "NO_AUTH"]):
        transfers.refuses = refuses
        await follow(row, step, payers, vault)

    reasons = [task.details["reason"] for task in await HumanTask.all().order_by("id")]
    assert reasons == ["NOT_ENOUGH", "NO_AUTH"]


class Halt:
    """Says whether money may go out, as the policy's owner does."""

    def __init__(self) -> None:
        self.on = True

    async def __call__(self, reference: str) -> bool:
        return not self.on


async def test_a_halt_stops_what_was_asked_for_and_not_yet_sent(vault: Vault) -> None:
    """E03: held without troubling anybody, and sent once the halt is over."""
    payee, transfers, halt = await make.caller(vault), FakeTransfers(), Halt()
    payers = structs.replace(make.payers(transfers), allowed=halt)
    row = await requested(vault, payers, payee)

    assert await follow(row, 0, payers, vault) is DisbursementStatus.HELD
    assert (transfers.asked, await HumanTask.all().count()) == ([], 0)

    halt.on = False
    assert await follow(row, 1, payers, vault) is DisbursementStatus.WAITING_USER


async def test_a_halt_does_not_hide_what_was_sent_before_it(vault: Vault) -> None:
    """E13: the answer was lost, then came the halt: asked about, and not asked for again."""
    payee, transfers, halt = await make.caller(vault), FakeTransfers(fails=1), Halt()
    payers = structs.replace(make.payers(transfers), allowed=halt)
    halt.on = False
    row = await requested(vault, payers, payee)
    await follow(row, 0, payers, vault)
    transfers.confirm(row.number)

    halt.on = True
    assert await follow(row, 1, payers, vault) is DisbursementStatus.PAID
    assert len(transfers.asked) == 1


async def test_a_package_that_was_lost_comes_once_the_halt_is_over(vault: Vault) -> None:
    payee, transfers, halt = await make.caller(vault), FakeTransfers(fails=1), Halt()
    payers = structs.replace(make.payers(transfers), allowed=halt)
    halt.on = False
    row = await requested(vault, payers, payee)
    await follow(row, 0, payers, vault)

    halt.on = True
    assert await follow(row, 1, payers, vault) is DisbursementStatus.HELD
    halt.on = False
    assert await follow(row, 2, payers, vault) is DisbursementStatus.WAITING_USER
    assert row.package_sealed is not None
    assert len(transfers.bills) == 1
