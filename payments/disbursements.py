"""Money we pay out: written down, asked for, answered, and in the book once it has arrived. 拨付"""

from datetime import datetime, timedelta
from uuid import UUID

from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import audit, jobs
from core.clock import now
from core.crashpoints import crashpoint
from core.errors import NotFound
from core.ids import new_id, new_number
from core.sealing import Vault
from identity.callers import Caller, OperatorCaller
from identity.models import Party
from payments import payouts
from payments.asking import claim_asking, leave_unanswered, may_still_land
from payments.gateways import (
    GatewayFailed,
    GatewayRefused,
    Gateways,
    Provider,
    Transfer,
    TransferState,
)
from payments.kinds import TO_BE_ASKED, UNDER_WAY, DisbursementStatus
from payments.models import Disbursement
from payments.orders import ReferenceReused
from payments.payout_channels import NO_CHANNEL, choose_again, choose_way
from payments.payouts import Payers
from payments.transfers import apply_transfer, ask_a_person, package_place

LADDER = (5, 10, 30, 60, 300, 600, 1800)
"""Seconds from one look at an unfinished disbursement to the next; then hourly."""
HELD_LASTS = timedelta(days=1)
HALTED = "halted"
"""Why it is held while money may not go out for its reference; nothing for a person to mend."""

_PAYEES_FAULT = {
    *{"NAME_NOT_CORRECT", "ID_CARD_NOT_CORRECT", "OPENID_INVALID"},
    *{"PAYEE_USER_INFO_ERROR", "PAYEE_NOT_EXIST", "PAYEE_NOT_RELNAME_CERTIFY"},
    *{"PAYEE_ACCOUNT_STATUS_ERROR", "PAYEE_USERINFO_STATUS_ERROR", "PERM_AML_NOT_REALNAME_REV"},
}


class PayeeNotFound(NotFound):
    code = "payments.payee_not_found"
    message = "没有找到收款人"


class DisbursementNotFound(NotFound):
    code = "payments.disbursement_not_found"
    message = "没有找到这笔拨付"


async def disburse_requested(
    reference: str,
    payee_id: str,
    amount_fen: int,
    purpose: str,
    department: str,
    division: str,
    *,
    payers: Payers,
    vault: Vault,
    prefer: str = "",
) -> None:
    """Pay out once for a reference; `proactive.disbursement_finished` tells the end. A job.

    `prefer` names the provider of the wallet that is wanted, of a payee who has both.
    """
    disbursement = await request_disbursement(
        reference,
        payee_id=UUID(payee_id),
        amount_fen=amount_fen,
        purpose=purpose,
        department=department,
        division=division,
        payers=payers,
        at=now(),
        prefer=Provider(prefer) if prefer else None,
    )
    crashpoint("payments.after_disbursement_intent")
    await follow_disbursement(str(disbursement.id), 0, payers=payers, vault=vault)


async def request_disbursement(
    reference: str,
    *,
    payee_id: UUID,
    amount_fen: int,
    purpose: str,
    department: str,
    division: str,
    payers: Payers,
    at: datetime,
    prefer: Provider | None = None,
) -> Disbursement:
    """Write down what is to be paid out, once for a reference; other content is a conflict."""
    party = await Party.get_or_none(id=payee_id)
    if party is None:
        raise PayeeNotFound(payee_id=payee_id)
    way = await choose_way(party, department, gateways=payers.gateways, prefer=prefer)
    mine = Disbursement(
        id=new_id(),
        reference=reference,
        number=new_number("D", at),
        payee_id=payee_id,
        channel=way.channel,
        merchant=way.merchant,
        appid=way.appid,
        purpose=purpose,
        amount_fen=amount_fen,
        department=department,
        division=division,
        requested_at=at,
    )
    async with in_transaction():
        await Disbursement.bulk_create([mine], ignore_conflicts=True)
        disbursement = await Disbursement.get(reference=reference)
        if disbursement.id == mine.id:
            subject = f"disbursement:{mine.id}"
            await audit.record("system:payments.disburse", "disbursement.request", subject)
            await _follow_later(disbursement, 0, at=at)
    if (disbursement.payee_id, disbursement.amount_fen) != (payee_id, amount_fen):
        raise ReferenceReused(disbursement_id=disbursement.id)
    return disbursement


async def follow_disbursement(
    disbursement_id: str, step: int, *, payers: Payers, vault: Vault, since: str = ""
) -> None:
    """Take an unfinished disbursement as far as it goes now, and look again later. A job.

    `since` names what it is followed anew for, with short steps first.
    """
    at = now()
    disbursement = await Disbursement.get(id=disbursement_id)
    try:
        if disbursement.status in TO_BE_ASKED:
            await _send(disbursement, payers=payers, vault=vault, at=at)
        elif disbursement.status in UNDER_WAY:
            report = await payouts.follow_up(disbursement, payers=payers, vault=vault)
            if report is not None:
                await apply_transfer(report, vault=vault, at=at)
    except GatewayFailed:
        await leave_unanswered(disbursement, at)
    await disbursement.refresh_from_db()
    if disbursement.status in (*TO_BE_ASKED, *UNDER_WAY):
        await _follow_later(disbursement, step + 1, at=at, since=since)


async def find_disbursement(reference: str) -> Disbursement | None:
    """What was asked for under a reference, for who gave it."""
    return await Disbursement.get_or_none(reference=reference)


async def get_disbursement(disbursement_id: UUID, *, caller: Caller) -> Disbursement:
    """A disbursement to the party the caller acts for; any other is not found."""
    payee_id = caller.required_party()
    found = await Disbursement.get_or_none(id=disbursement_id, payee_id=payee_id)
    if found is None:
        raise DisbursementNotFound(disbursement_id=disbursement_id)
    return found


def confirmation(
    disbursement: Disbursement, *, caller: Caller, gateways: Gateways, vault: Vault
) -> dict[str, str] | None:
    """What the payee's wallet wants for the confirmation; None when there is nothing to confirm."""
    waiting = disbursement.status is DisbursementStatus.WAITING_USER
    if not waiting or disbursement.package_sealed is None:
        return None
    gateway = gateways.transfer(str(disbursement.merchant))
    appid = payouts.appid_of(disbursement, gateway)
    if (caller.provider, caller.appid) != (gateway.provider, appid):
        return None
    package = vault.open(package_place(disbursement), disbursement.package_sealed)
    return gateway.confirmation(package, appid=appid)


async def list_disbursements(
    *, caller: Caller, after: UUID | None, limit: int
) -> list[Disbursement]:
    """What the caller's party was or will be paid, newest first."""
    return await _newest(Disbursement.filter(payee_id=caller.required_party()), after, limit)


async def list_disbursements_of_department(
    *, operator: OperatorCaller, after: UUID | None, limit: int
) -> list[Disbursement]:
    """What an operator's department and division pay out, newest first."""
    found = Disbursement.filter(
        department=operator.department, division__startswith=operator.division
    )
    return await _newest(found, after, limit)


async def _newest(
    found: QuerySet[Disbursement], after: UUID | None, limit: int
) -> list[Disbursement]:
    if after is not None:
        found = found.filter(id__lt=after)
    return await found.order_by("-id").limit(limit)


async def _send(disbursement: Disbursement, *, payers: Payers, vault: Vault, at: datetime) -> None:
    again = disbursement.status is not DisbursementStatus.REQUESTED
    if not await claim_asking(disbursement, at):
        return
    await disbursement.refresh_from_db(
        fields=["channel", "merchant", "appid", "asked_until", "unanswered_at"]
    )
    homeless = (disbursement.status, disbursement.reason) == (DisbursementStatus.HELD, NO_CHANNEL)
    if homeless and not await choose_again(disbursement, payers=payers, at=at):
        return
    crashpoint("payments.before_transfer")
    allowed = await payers.allowed(disbursement.reference)
    try:
        if allowed:
            report = await payouts.ask_to_pay(disbursement, again=again, payers=payers, vault=vault)
        else:
            report = await _offered_before(disbursement, payers) if again else None
    except GatewayRefused as refused:
        await _refused(disbursement, str(refused.context["reason"]), vault=vault, at=at)
        return
    crashpoint("payments.after_transfer")
    if report is None:
        await _hold(disbursement, NO_CHANNEL if allowed else HALTED)
    else:
        await apply_transfer(report, vault=vault, at=at)


async def _offered_before(disbursement: Disbursement, payers: Payers) -> Transfer | None:
    """What became of it, unless the payee's package was lost with the answer: asked for later."""
    report = await payouts.ask_about(disbursement, payers=payers)
    waits = report is not None and report.state is TransferState.WAITING_USER
    return None if waits else report


async def _refused(disbursement: Disbursement, reason: str, *, vault: Vault, at: datetime) -> None:
    """What is the payee's to mend ends it; anything else a person of ours has to mend first.

    While an earlier asking may still land, a refusal of its repeat ends nothing: asked again.
    """
    if reason in _PAYEES_FAULT and may_still_land(disbursement, at):
        await Disbursement.filter(id=disbursement.id).update(asked_until=None)
    elif reason in _PAYEES_FAULT:
        report = Transfer(number=disbursement.number, state=TransferState.FAILED, reason=reason)
        await apply_transfer(report, vault=vault, at=at)
    else:
        await _hold(disbursement, reason)


async def _hold(disbursement: Disbursement, reason: str) -> None:
    async with in_transaction():
        unknown = Disbursement.filter(id=disbursement.id, status=DisbursementStatus.UNKNOWN)
        held = {"status": DisbursementStatus.HELD, "reason": reason, "asked_until": None}
        if await unknown.update(**held) and reason != HALTED:
            await ask_a_person(disbursement, "payments.payout_held", reason=reason)


async def _follow_later(row: Disbursement, step: int, *, at: datetime, since: str = "") -> None:
    after = timedelta(seconds=LADDER[step] if step < len(LADDER) else 3600)
    if row.status is DisbursementStatus.HELD and row.reason != HALTED:
        after = HELD_LASTS
    await jobs.enqueue(
        "payments.follow_disbursement",
        dedupe_key=f"payments.follow_disbursement:{row.id}:{since}{step}",
        run_at=at + after,
        disbursement_id=str(row.id),
        step=step,
        **({"since": since} if since else {}),
    )
