import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from core.models import HumanTask
from core.sealing import Vault
from payments.disbursements import (
    DisbursementNotFound,
    PayeeNotFound,
    confirmation,
    follow_disbursement,
    get_disbursement,
    request_disbursement,
)
from payments.gateways import Contract, Gateways, Transfer, TransferOrder, TransferState
from payments.kinds import DisbursementStatus, PayoutChannel
from payments.models import Disbursement, Posting
from payments.orders import ReferenceReused
from payments.transfers import apply_transfer
from tests.conftest import AT
from tests.fakes.payments import FakeBank, FakeTransfers
from tests.payments import make
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")

FINISHED = "proactive.disbursement_finished"


class QueuedTransfers(FakeTransfers):
    """Accepts at first, and asks the payee once the queue is over."""

    is_queued = True

    async def transfer(self, order: TransferOrder) -> Transfer:
        return self._as_it_stands(await super().transfer(order))

    async def query(self, number: str) -> Transfer | None:
        bill = await super().query(number)
        return bill and self._as_it_stands(bill)

    def _as_it_stands(self, bill: Transfer) -> Transfer:
        accepted = {"state": TransferState.ACCEPTED, "package": "", "confirm_by": None}
        return msgspec.structs.replace(bill, **accepted) if self.is_queued else bill


class TestToPersons:
    async def test_offers_the_money_in_the_wallet_and_waits_for_the_payee(
        self, vault: Vault
    ) -> None:
        payee, transfers = await make.caller(vault), FakeTransfers()

        await make.disburse(payee.party_id, make.payers(transfers), vault)

        row = await Disbursement.get()
        [order] = transfers.asked
        assert (row.status, row.channel) == (DisbursementStatus.WAITING_USER, PayoutChannel.WECHAT)
        assert (order.subject, order.name, order.amount_fen) == (payee.subject, "王桂兰", 10000)
        assert await jobs_asked("payments.disbursement_waiting") == [
            {"disbursement_id": str(row.id)}
        ]
        assert await Posting.all().count() == 0

    async def test_only_the_payees_wallet_gets_what_confirms_it(self, vault: Vault) -> None:
        payee, transfers = await make.caller(vault), FakeTransfers()
        await make.disburse(payee.party_id, make.payers(transfers), vault)
        gateways = Gateways([], [transfers])
        row = await Disbursement.get()

        mine = await get_disbursement(row.id, caller=payee)

        assert row.package_sealed is not None
        assert b"package" not in bytes(row.package_sealed)
        asked = confirmation(mine, caller=payee, gateways=gateways, vault=vault)
        assert asked is not None
        assert asked["package"] == f"package-{row.number}"
        elsewhere = await make.caller(vault, appid="wx-other")
        assert confirmation(mine, caller=elsewhere, gateways=gateways, vault=vault) is None
        with pytest.raises(DisbursementNotFound):
            await get_disbursement(row.id, caller=elsewhere)

    async def test_once_confirmed_it_is_in_the_book_and_told(self, vault: Vault) -> None:
        payee, transfers = await make.caller(vault), FakeTransfers()
        await make.disburse(payee.party_id, make.payers(transfers), vault)
        row = await Disbursement.get()
        done = transfers.confirm(row.number)

        await asyncio.gather(*(apply_transfer(done, vault=vault, at=AT) for _ in range(5)))

        await row.refresh_from_db()
        lines = {line.account: line.amount_fen for line in await Posting.all()}
        assert row.status is DisbursementStatus.PAID
        assert lines == {
            "benefits:330199-civil-affairs": 10000,
            "held:wechat_transfer:1900019901": -10000,
        }
        assert await Posting.all().count() == 2
        assert await jobs_asked(FINISHED) == [{"reference": "E-1", "outcome": "paid"}]

    async def test_a_query_finds_what_no_callback_told(self, vault: Vault) -> None:
        """B21, for payouts."""
        payee, transfers = await make.caller(vault), FakeTransfers()
        payers = make.payers(transfers)
        await make.disburse(payee.party_id, payers, vault)
        row = await Disbursement.get()
        transfers.confirm(row.number)

        await follow_disbursement(str(row.id), 1, payers=payers, vault=vault)

        await row.refresh_from_db()
        assert row.status is DisbursementStatus.PAID

    async def test_a_lost_answer_is_asked_about_before_it_is_repeated(self, vault: Vault) -> None:
        """E13: one number at the provider; the package that was lost comes with the repeat."""
        payee, transfers = await make.caller(vault), FakeTransfers(fails=1)
        payers = make.payers(transfers)

        await make.disburse(payee.party_id, payers, vault)
        assert (await Disbursement.get()).status is DisbursementStatus.UNKNOWN
        await follow_disbursement(str((await Disbursement.get()).id), 1, payers=payers, vault=vault)

        row = await Disbursement.get()
        assert row.status is DisbursementStatus.WAITING_USER
        assert row.package_sealed is not None
        assert len(transfers.bills) == 1

    async def test_a_package_that_comes_only_later_is_fetched_by_the_same_number(
        self, vault: Vault
    ) -> None:
        """Accepted at first; a query then says that it waits, and never brings the package."""
        payee, transfers = await make.caller(vault), QueuedTransfers()
        payers = make.payers(transfers)
        await make.disburse(payee.party_id, payers, vault)
        row = await Disbursement.get()
        queued = (row.status, row.package_sealed)

        transfers.is_queued = False
        await follow_disbursement(str(row.id), 1, payers=payers, vault=vault)
        await follow_disbursement(str(row.id), 2, payers=payers, vault=vault)

        await row.refresh_from_db()
        gateways = Gateways([], [transfers])
        shown = confirmation(row, caller=payee, gateways=gateways, vault=vault)
        assert queued == (DisbursementStatus.ACCEPTED, None)
        assert row.status is DisbursementStatus.WAITING_USER
        assert shown is not None
        assert shown["package"] == f"package-{row.number}"
        assert [order.number for order in transfers.asked] == [row.number] * 2

    async def test_an_answer_that_comes_after_the_end_changes_nothing(self, vault: Vault) -> None:
        """B09: a late failure of a wallet does not undo money that arrived."""
        payee, transfers = await make.caller(vault), FakeTransfers()
        await make.disburse(payee.party_id, make.payers(transfers), vault)
        row = await Disbursement.get()
        waiting = transfers.bills[row.number]
        await apply_transfer(transfers.confirm(row.number), vault=vault, at=AT)

        await apply_transfer(waiting, vault=vault, at=AT)
        failed = transfers.confirm(row.number, TransferState.FAILED)
        await apply_transfer(failed, vault=vault, at=AT)

        await row.refresh_from_db()
        assert row.status is DisbursementStatus.PAID
        assert await Posting.all().count() == 2

    async def test_an_amount_that_differs_is_a_persons(self, vault: Vault) -> None:
        payee, transfers = await make.caller(vault), FakeTransfers()
        await make.disburse(payee.party_id, make.payers(transfers), vault)
        row = await Disbursement.get()
        wrong = Transfer(number=row.number, state=TransferState.PAID, amount_fen=9999)

        await apply_transfer(wrong, vault=vault, at=AT)

        await row.refresh_from_db()
        assert row.status is DisbursementStatus.WAITING_USER
        assert [task.kind for task in await HumanTask.all()] == ["payments.payout_differs"]

    async def test_without_an_account_it_is_held_and_tried_again_daily(self, vault: Vault) -> None:
        payee, transfers = await make.person(vault), FakeTransfers()
        payers = make.payers(transfers)

        await make.disburse(payee.id, payers, vault)
        row = await Disbursement.get()
        assert (row.status, row.reason) == (DisbursementStatus.HELD, "no_channel")
        assert [task.kind for task in await HumanTask.all()] == ["payments.payout_held"]

        await make.caller(vault, payee)
        await follow_disbursement(str(row.id), 5, payers=payers, vault=vault)

        await row.refresh_from_db()
        assert row.status is DisbursementStatus.WAITING_USER

    @pytest.mark.parametrize(
        ("refuses", "status"),
        [
            ("NAME_NOT_CORRECT", DisbursementStatus.FAILED),
            ("NOT_ENOUGH", DisbursementStatus.HELD),
        ],
    )
    async def test_a_refusal_ends_it_only_when_it_is_about_the_payee(
        self, vault: Vault, refuses: str, status: DisbursementStatus
    ) -> None:
        payee, transfers = await make.caller(vault), FakeTransfers()
        transfers.refuses = refuses

        await make.disburse(payee.party_id, make.payers(transfers), vault)

        row = await Disbursement.get()
        assert (row.status, row.reason) == (status, refuses)
        outcomes = [job["outcome"] for job in await jobs_asked(FINISHED)]
        assert outcomes == (["failed"] if status is DisbursementStatus.FAILED else [])


class TestRequestDisbursement:
    async def test_many_at_once_are_one_payout(self, vault: Vault) -> None:
        payee, bank = await make.entity(vault), FakeBank()
        payers = make.payers(bank=bank)

        await asyncio.gather(*(make.disburse(payee.id, payers, vault) for _ in range(5)))

        row = await Disbursement.get()
        assert row.status is DisbursementStatus.PAID
        assert bank.paid == {row.number: 10000}
        assert len(bank.accounts) == 1

    async def test_a_used_reference_does_not_pay_other_money(self, vault: Vault) -> None:
        payee, other = await make.entity(vault), await make.caller(vault)
        await make.disburse(payee.id, make.payers(), vault)

        with pytest.raises(ReferenceReused):
            await make.disburse(other.party_id, make.payers(), vault)

    async def test_nobody_is_paid_who_is_not_there(self, vault: Vault) -> None:
        with pytest.raises(PayeeNotFound):
            await request_disbursement(
                "E-1",
                payee_id=UUID(int=7),
                amount_fen=1,
                purpose="津贴",
                department="d",
                division="330199",
                payers=make.payers(),
                at=AT + timedelta(days=1),
            )


def test_a_channel_that_declares_no_contract_stops_the_start() -> None:
    class Careless(FakeTransfers):
        contract = None

    with pytest.raises(TypeError):
        Gateways([], [Careless()])
    assert FakeBank.contract is Contract.DEDUPE
