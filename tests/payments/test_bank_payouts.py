"""What an enterprise is paid, to the account that it named."""

import pytest

from core.sealing import Vault
from payments.disbursements import follow_disbursement
from payments.gateways import Transfer, TransferState
from payments.kinds import DisbursementStatus, PayoutChannel
from payments.models import Disbursement, Posting
from payments.transfers import apply_transfer
from tests.conftest import AT
from tests.fakes.payments import FakeBank
from tests.payments import make
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")

FINISHED = "proactive.disbursement_finished"


class TestToEnterprises:
    async def test_pays_the_account_that_the_enterprise_named(self, vault: Vault) -> None:
        payee, bank = await make.entity(vault), FakeBank()

        await make.disburse(payee.id, make.payers(bank=bank), vault)

        row = await Disbursement.get()
        assert (row.status, row.channel) == (DisbursementStatus.PAID, PayoutChannel.BANK)
        assert bank.accounts[0].account_no == "6222020000000012"
        assert await jobs_asked(FINISHED) == [{"reference": "E-1", "outcome": "paid"}]

    async def test_a_bank_that_breaks_is_asked_again_and_pays_once(self, vault: Vault) -> None:
        payee, bank = await make.entity(vault), FakeBank(fails=2)
        payers = make.payers(bank=bank)

        await make.disburse(payee.id, payers, vault)
        row = await Disbursement.get()
        for step in (1, 2):
            await follow_disbursement(str(row.id), step, payers=payers, vault=vault)

        await row.refresh_from_db()
        assert row.status is DisbursementStatus.PAID
        assert bank.paid == {row.number: 10000}
        assert await Posting.all().count() == 2

    async def test_money_that_comes_back_is_taken_out_of_the_book(self, vault: Vault) -> None:
        """E13."""
        payee, bank = await make.entity(vault), FakeBank()
        await make.disburse(payee.id, make.payers(bank=bank), vault)
        row = await Disbursement.get()
        back = Transfer(number=row.number, state=TransferState.FAILED, reason="account_closed")

        await apply_transfer(back, vault=vault, at=AT)

        await row.refresh_from_db()
        assert (row.status, row.reason) == (DisbursementStatus.RETURNED, "account_closed")
        assert sum(line.amount_fen for line in await Posting.all()) == 0
        assert await Posting.all().count() == 4
        outcomes = {job["outcome"] for job in await jobs_asked(FINISHED)}
        assert outcomes == {"paid", "returned"}

    async def test_a_wrong_name_is_told_as_failed(self, vault: Vault) -> None:
        payee = await make.entity(vault)
        bank = FakeBank(state=TransferState.FAILED, reason="account_name_mismatch")

        await make.disburse(payee.id, make.payers(bank=bank), vault)

        row = await Disbursement.get()
        assert (row.status, row.reason) == (DisbursementStatus.FAILED, "account_name_mismatch")
        assert await jobs_asked(FINISHED) == [{"reference": "E-1", "outcome": "failed"}]

    async def test_without_an_account_it_is_held(self, vault: Vault) -> None:
        payee = await make.entity(vault, with_account=False)

        await make.disburse(payee.id, make.payers(), vault)

        assert (await Disbursement.get()).status is DisbursementStatus.HELD
