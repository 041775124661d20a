"""Which wallet money goes to, and that it goes to one only."""

import asyncio

import pytest

from core.models import HumanTask
from core.sealing import Vault
from identity.callers import Caller
from payments import disbursements
from payments.disbursements import disburse_requested, follow_disbursement
from payments.gateways import GatewayRefused, Gateways, Provider, Transfer, TransferState
from payments.kinds import DisbursementStatus, PayoutChannel
from payments.models import Disbursement, Posting
from payments.payout_channels import payee_reachable
from payments.payouts import Payers
from tests.fakes.payments import ALIPAY_APP_ID, MCHID, FakeAlipayTransfers, FakeTransfers
from tests.payments import make
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")

FINISHED = "proactive.disbursement_finished"


async def on_alipay(vault: Vault, **fields: object) -> Caller:
    return await make.caller(vault, provider="alipay", appid=ALIPAY_APP_ID, **fields)


async def disburse(payee: Caller, payers: Payers, vault: Vault, prefer: str = "") -> Disbursement:
    await disburse_requested(
        "E-1",
        str(payee.party_id),
        10000,
        "高龄津贴",
        "330199-civil-affairs",
        "330199",
        payers=payers,
        vault=vault,
        prefer=prefer,
    )
    return await Disbursement.get()


async def follow(row: Disbursement, step: int, payers: Payers, vault: Vault) -> Disbursement:
    await follow_disbursement(str(row.id), step, payers=payers, vault=vault)
    return await Disbursement.get()


async def test_who_has_alipay_only_is_paid_there_at_once(vault: Vault) -> None:
    payee, wechat, alipay = await on_alipay(vault), FakeTransfers(), FakeAlipayTransfers()

    row = await disburse(payee, make.payers(wechat, alipay), vault)

    [order] = alipay.asked
    assert (row.status, row.channel) == (DisbursementStatus.PAID, PayoutChannel.ALIPAY)
    assert (row.merchant, row.slip_no) == (ALIPAY_APP_ID, f"alipay-{row.number}")
    assert (order.subject, order.name, order.amount_fen) == (payee.subject, "王桂兰", 10000)
    assert {line.account: line.amount_fen for line in await Posting.all()} == {
        "benefits:330199-civil-affairs": 10000,
        f"held:alipay_transfer:{ALIPAY_APP_ID}": -10000,
    }
    assert await jobs_asked(FINISHED) == [{"reference": "E-1", "outcome": "paid"}]
    assert await jobs_asked("payments.disbursement_waiting") == []
    assert wechat.asked == []


@pytest.mark.parametrize(
    ("prefer", "channel", "merchant"),
    [
        ("", PayoutChannel.WECHAT, MCHID),
        ("wechat", PayoutChannel.WECHAT, MCHID),
        ("alipay", PayoutChannel.ALIPAY, ALIPAY_APP_ID),
    ],
)
async def test_who_has_both_is_paid_in_wechat_unless_alipay_is_preferred(
    vault: Vault, prefer: str, channel: PayoutChannel, merchant: str
) -> None:
    someone = await make.person(vault)
    await on_alipay(vault, someone=someone)
    payee = await make.caller(vault, someone)

    row = await disburse(
        payee, make.payers(FakeTransfers(), FakeAlipayTransfers()), vault, prefer=prefer
    )

    assert (row.channel, row.merchant) == (channel, merchant)


async def test_a_preferred_wallet_that_the_payee_has_not_is_not_waited_for(vault: Vault) -> None:
    payee = await make.caller(vault)

    row = await disburse(
        payee, make.payers(FakeTransfers(), FakeAlipayTransfers()), vault, prefer="alipay"
    )

    assert row.channel is PayoutChannel.WECHAT


async def test_the_application_pays_that_knows_the_payee(vault: Vault) -> None:
    """An open_id is nobody outside its own application."""
    payee, other = await on_alipay(vault), FakeAlipayTransfers("2021990199000009")

    row = await disburse(payee, make.payers(other, FakeAlipayTransfers()), vault)

    assert (row.merchant, other.asked) == (ALIPAY_APP_ID, [])


def test_the_departments_own_merchant_comes_first() -> None:
    first, own = FakeTransfers("1900000001"), FakeTransfers("1900000002")
    alipay = FakeAlipayTransfers()
    gateways = Gateways([], [first, own, alipay])

    assert gateways.payers(["1900000002", None]) == [own, first, alipay]
    assert gateways.payers([], Provider.ALIPAY) == [alipay, first, own]


async def test_a_lost_answer_is_asked_about_and_the_money_goes_once(vault: Vault) -> None:
    """E13."""
    payee, alipay = await on_alipay(vault), FakeAlipayTransfers(fails=1)
    payers = make.payers(FakeTransfers(), alipay)

    row = await disburse(payee, payers, vault)
    assert row.status is DisbursementStatus.UNKNOWN
    row = await follow(row, 1, payers, vault)

    assert row.status is DisbursementStatus.PAID
    assert (len(alipay.asked), len(alipay.bills)) == (1, 1)
    assert await Posting.all().count() == 2


async def test_what_takes_a_while_is_asked_about_until_it_ends(vault: Vault) -> None:
    payee, alipay = await on_alipay(vault), FakeAlipayTransfers()
    alipay.state = TransferState.ACCEPTED
    payers = make.payers(FakeTransfers(), alipay)
    row = await disburse(payee, payers, vault)
    assert row.status is DisbursementStatus.ACCEPTED
    alipay.confirm(row.number)

    row = await follow(row, 1, payers, vault)

    assert row.status is DisbursementStatus.PAID


@pytest.mark.parametrize(
    ("refuses", "status"),
    [
        ("PAYEE_USER_INFO_ERROR", DisbursementStatus.FAILED),
        ("PAYEE_NOT_EXIST", DisbursementStatus.FAILED),
        ("PAYER_BALANCE_NOT_ENOUGH", DisbursementStatus.HELD),
    ],
)
async def test_a_refusal_ends_it_only_when_it_is_about_the_payee(
    vault: Vault, refuses: str, status: DisbursementStatus
) -> None:
    payee, alipay = await on_alipay(vault), FakeAlipayTransfers()
    alipay.refuses = refuses

    row = await disburse(payee, make.payers(FakeTransfers(), alipay), vault)

    assert (row.status, row.reason) == (status, refuses)
    outcomes = [job["outcome"] for job in await jobs_asked(FINISHED)]
    assert outcomes == (["failed"] if status is DisbursementStatus.FAILED else [])


async def test_a_number_that_alipay_knows_otherwise_is_asked_about(vault: Vault) -> None:
    """The payee changed their name, or their account, after an answer was lost."""

    class Inconsistent(FakeAlipayTransfers):
        known = False

        async def query(self, number: str) -> Transfer | None:
            self.known, known = True, self.known
            return await super().query(number) if known else None

    payee, alipay = await on_alipay(vault), Inconsistent(fails=1)
    payers = make.payers(FakeTransfers(), alipay)
    row = await disburse(payee, payers, vault)
    alipay.refuses = "PAYMENT_INFO_INCONSISTENCY"

    row = await follow(row, 1, payers, vault)

    assert row.status is DisbursementStatus.PAID


class TestHeldForWantOfAnAccount:
    async def test_the_wallet_that_comes_is_taken(self, vault: Vault) -> None:
        someone, alipay = await make.person(vault), FakeAlipayTransfers()
        payers = make.payers(FakeTransfers(), alipay)
        row = await self.held(someone, payers, vault)

        await on_alipay(vault, someone=someone)
        row = await follow(row, 1, payers, vault)

        assert (row.status, row.channel) == (DisbursementStatus.PAID, PayoutChannel.ALIPAY)
        assert [task.kind for task in await HumanTask.all()] == ["payments.payout_held"]

    async def test_it_is_followed_anew_at_once_and_once_for_an_account(self, vault: Vault) -> None:
        someone, payers = await make.person(vault), make.payers(FakeTransfers())
        row = await self.held(someone, payers, vault)
        account = await on_alipay(vault, someone=someone)

        for _ in range(2):
            await payee_reachable(str(someone.id), str(account.account_id))

        asked = await jobs_asked("payments.follow_disbursement")
        anew = [job for job in asked if job.get("since")]
        assert anew == [
            {"disbursement_id": str(row.id), "step": 0, "since": str(account.account_id)}
        ]

    async def test_what_waits_for_something_else_is_left_alone(self, vault: Vault) -> None:
        someone, payers = await make.person(vault), make.payers(FakeTransfers())
        row = await self.held(someone, payers, vault)
        await Disbursement.filter(id=row.id).update(reason=disbursements.HALTED)

        await payee_reachable(str(someone.id), str(row.id))

        asked = await jobs_asked("payments.follow_disbursement")
        assert [job for job in asked if job.get("since")] == []

    async def test_what_the_first_has_heard_of_is_not_offered_elsewhere(self, vault: Vault) -> None:
        """I4: the account was closed after an answer was lost."""
        someone, wechat, alipay = await make.person(vault), FakeTransfers(), FakeAlipayTransfers()
        payers = make.payers(wechat, alipay)
        row = await self.held(someone, payers, vault)
        wechat.bills[row.number] = Transfer(number=row.number, state=TransferState.WAITING_USER)

        await on_alipay(vault, someone=someone)
        row = await follow(row, 1, payers, vault)

        assert (row.channel, alipay.asked) == (PayoutChannel.WECHAT, [])

    async def test_a_question_that_is_refused_decides_nothing(self, vault: Vault) -> None:
        class Unwilling(FakeTransfers):
            async def query(self, number: str) -> Transfer | None:
                raise GatewayRefused(provider="wechat", reason="NO_AUTH")

        someone, alipay = await make.person(vault), FakeAlipayTransfers()
        payers = make.payers(Unwilling(), alipay)
        row = await self.held(someone, payers, vault)

        await on_alipay(vault, someone=someone)
        row = await follow(row, 1, payers, vault)

        assert (row.channel, alipay.asked) == (PayoutChannel.WECHAT, [])

    async def test_who_lost_the_claim_meanwhile_offers_nothing(self, vault: Vault) -> None:
        """D03: one of two stood still between its claim and its choice."""

        class Slow(FakeTransfers):
            async def query(self, number: str) -> Transfer | None:
                await Disbursement.filter(number=number).update(asked_until=None)
                return None

        someone, alipay = await make.person(vault), FakeAlipayTransfers()
        payers = make.payers(Slow(), alipay)
        row = await self.held(someone, payers, vault)

        await on_alipay(vault, someone=someone)
        row = await follow(row, 1, payers, vault)

        assert (row.channel, alipay.asked) == (PayoutChannel.WECHAT, [])

    async def test_many_who_look_at_once_offer_it_once(self, vault: Vault) -> None:
        someone, alipay = await make.person(vault), FakeAlipayTransfers()
        payers = make.payers(FakeTransfers(), alipay)
        row = await self.held(someone, payers, vault)
        await on_alipay(vault, someone=someone)

        await asyncio.gather(*(follow(row, step, payers, vault) for step in range(1, 9)))

        assert (len(alipay.asked), len(alipay.bills)) == (1, 1)

    async def held(self, someone: object, payers: Payers, vault: Vault) -> Disbursement:
        caller = type("Payee", (), {"party_id": someone.id})
        row = await disburse(caller, payers, vault)
        assert (row.status, row.reason) == (DisbursementStatus.HELD, disbursements.NO_CHANNEL)
        return row
