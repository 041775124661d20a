"""A bank that paid may send the money back days later, and tells nobody. (E13)"""

import pytest

from core.sealing import Vault
from payments.disbursements import disburse_requested
from payments.gateways import GatewayFailed, TransferState
from payments.kinds import DisbursementStatus
from payments.models import Disbursement, Posting
from payments.payouts import Payers
from payments.returns import look_for_return
from payments.transfers import RETURN_LADDER
from tests.fakes.payments import FakeBank
from tests.payments import make
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")

LOOK = "payments.look_for_return"
DEPARTMENT = "330199-civil-affairs"


class SilentBank(FakeBank):
    async def query(self, number: str) -> None:
        raise GatewayFailed(provider="bank")


async def paid(vault: Vault, payers: Payers) -> Disbursement:
    firm = await make.entity(vault)
    await disburse_requested(
        "E-1", str(firm.id), 10000, "稳岗补贴", DEPARTMENT, "330199", payers=payers, vault=vault
    )
    return await Disbursement.get()


async def test_what_came_back_is_found_taken_out_of_the_book_and_passed_on(vault: Vault) -> None:
    bank = FakeBank()
    payers = make.payers(bank=bank)
    row = await paid(vault, payers)
    [asked] = await jobs_asked(LOOK)

    await look_for_return(**asked, payers=payers, vault=vault)
    await row.refresh_from_db()
    assert row.status is DisbursementStatus.PAID

    bank.state, bank.reason = TransferState.FAILED, "account_closed"
    [_, again] = await jobs_asked(LOOK)
    await look_for_return(**again, payers=payers, vault=vault)

    await row.refresh_from_db()
    assert (row.status, row.reason) == (DisbursementStatus.RETURNED, "account_closed")
    assert sum([line.amount_fen for line in await Posting.filter(account__startswith="held")]) == 0
    outcomes = [job["outcome"] for job in await jobs_asked("proactive.disbursement_finished")]
    assert sorted(outcomes) == ["paid", "returned"]


async def test_it_is_looked_for_a_week_and_an_answer_lost_loses_no_later_look(
    vault: Vault,
) -> None:
    await paid(vault, make.payers())
    silent = make.payers(bank=SilentBank())

    for step in range(len(RETURN_LADDER)):
        asked = (await jobs_asked(LOOK))[step]
        with pytest.raises(GatewayFailed):
            await look_for_return(**asked, payers=silent, vault=vault)

    assert len(await jobs_asked(LOOK)) == len(RETURN_LADDER)
