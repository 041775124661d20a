"""Money that a bank had paid and that came back: nobody tells, so the bank is asked. 退票"""

from core.clock import now
from core.sealing import Vault
from payments.kinds import DisbursementStatus
from payments.models import Disbursement
from payments.payouts import Payers, ask_about
from payments.transfers import apply_transfer, look_for_return_later


async def look_for_return(disbursement_id: str, step: int, *, payers: Payers, vault: Vault) -> None:
    """Ask once more about what was paid, and see that the next question follows. A job. (E13)

    Without an answer the job fails, and is tried again.
    """
    row = await Disbursement.get(id=disbursement_id)
    if row.status is not DisbursementStatus.PAID:
        return
    await look_for_return_later(row, step + 1)
    report = await ask_about(row, payers=payers)
    if report is not None:
        await apply_transfer(report, vault=vault, at=now())
