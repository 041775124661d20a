"""What providers say of money that we pay out, written down and put in the book. 拨付结果"""

from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from core import audit, jobs, tasks
from core.crashpoints import crashpoint
from core.sealing import Place, Vault
from payments.gateways import Transfer, TransferState
from payments.kinds import NEXT_DISBURSEMENT, DisbursementStatus, PayoutChannel
from payments.models import Disbursement
from payments.postings import benefits_of, held_by, post_entry
from payments.settlements import NumberUnknown

_STATUS = {
    TransferState.ACCEPTED: DisbursementStatus.ACCEPTED,
    TransferState.WAITING_USER: DisbursementStatus.WAITING_USER,
    TransferState.PAID: DisbursementStatus.PAID,
    TransferState.FAILED: DisbursementStatus.FAILED,
}
RETURN_LADDER = (2, 8, 24, 48, 72, 120, 168)
"""Hours after a bank has paid at which it is asked whether the money came back: a week."""

_REASON_LIMIT = 64
_FINISHED = {DisbursementStatus.PAID, DisbursementStatus.FAILED, DisbursementStatus.RETURNED}


async def apply_transfer(report: Transfer, *, vault: Vault, at: datetime) -> str:
    """Write down what a provider says of a disbursement, whichever way we heard it.

    Only allowed steps are taken; arriving and coming back are posted in the same transaction.
    """
    async with in_transaction():
        row = await Disbursement.select_for_update().get_or_none(number=report.number)
        if row is None or report.merchant not in ("", row.merchant):
            raise NumberUnknown(number=report.number)
        if report.amount_fen not in (None, row.amount_fen):
            await ask_a_person(row, "payments.payout_differs")
            return "differs"
        to = _step(row, report)
        if report.package and row.package_sealed is None:
            row.package_sealed = vault.seal(package_place(row), report.package)
            await row.save(update_fields=["package_sealed"])
        if to not in NEXT_DISBURSEMENT.get(row.status, ()):
            if (row.status, to) == (DisbursementStatus.FAILED, DisbursementStatus.PAID):
                await ask_a_person(row, "payments.payout_contradicts")
            return "no_step"
        await _advance(row, to, report, at=at)
        crashpoint("payments.before_disbursement_answer")
    crashpoint("payments.after_disbursement_answer")
    return to


def package_place(disbursement: Disbursement) -> Place:
    """Where the sealed package stands that the payee's wallet wants."""
    return Place("payments_disbursement", "package_sealed", disbursement.id)


async def look_for_return_later(row: Disbursement, step: int) -> None:
    """Have the bank asked again whether what it paid came back, while that is still likely."""
    if row.finished_at is None or step == len(RETURN_LADDER):
        return
    await jobs.enqueue(
        "payments.look_for_return",
        dedupe_key=f"payments.look_for_return:{row.id}:{step}",
        run_at=row.finished_at + timedelta(hours=RETURN_LADDER[step]),
        disbursement_id=str(row.id),
        step=step,
    )


async def ask_a_person(row: Disbursement, kind: str, *, reason: str = "") -> None:
    """Put a disbursement before its department, once for a reason, in the caller's transaction."""
    await tasks.raise_task(
        kind,
        department=row.department,
        division=row.division,
        subject=f"disbursement:{row.id}",
        dedupe_key=f"{kind}:{row.id}:{reason}",
        reason=reason,
    )


def _step(row: Disbursement, report: Transfer) -> DisbursementStatus:
    """A bank may send money back that it had paid; a wallet's late failure is only late."""
    to = _STATUS[report.state]
    paid_by_bank = row.channel is PayoutChannel.BANK and row.status is DisbursementStatus.PAID
    if paid_by_bank and to is DisbursementStatus.FAILED:
        return DisbursementStatus.RETURNED
    return to


async def _advance(
    row: Disbursement, to: DisbursementStatus, report: Transfer, *, at: datetime
) -> None:
    row.status, row.asked_until = to, None
    row.slip_no, row.reason = report.slip_no or row.slip_no, report.reason[:_REASON_LIMIT] or None
    row.finished_at = at if to in _FINISHED else None
    row.confirm_by = report.confirm_by if to is DisbursementStatus.WAITING_USER else None
    changed = ["status", "asked_until", "slip_no", "reason", "finished_at", "confirm_by"]
    await row.save(update_fields=changed)
    subject = f"disbursement:{row.id}"
    await audit.record("system:payments.disburse", f"disbursement.{to}", subject)
    if to is DisbursementStatus.PAID:
        await _post(row, row.amount_fen, at=at)
    elif to is DisbursementStatus.RETURNED:
        await _post(row, -row.amount_fen, at=at)
    await _tell(row)


async def _post(row: Disbursement, amount_fen: int, *, at: datetime) -> None:
    held = held_by(row.channel, row.merchant or "treasury")
    await post_entry(row, {benefits_of(row.department): amount_fen, held: -amount_fen}, at=at)


async def _tell(row: Disbursement) -> None:
    if row.status in _FINISHED:
        await jobs.enqueue(
            "proactive.disbursement_finished",
            dedupe_key=f"proactive.disbursement_finished:{row.id}:{row.status}",
            reference=row.reference,
            outcome=str(row.status),
        )
    if (row.status, row.channel) == (DisbursementStatus.PAID, PayoutChannel.BANK):
        await look_for_return_later(row, 0)
    if row.status is DisbursementStatus.WAITING_USER:
        await jobs.enqueue(
            "payments.disbursement_waiting",
            dedupe_key=f"payments.disbursement_waiting:{row.id}",
            disbursement_id=str(row.id),
        )
