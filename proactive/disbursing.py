"""A confirmed benefit on its way to be paid: decided once more, money set aside, asked for. 兑付"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit, jobs, tasks
from core.clock import date_in_china
from core.crashpoints import crashpoint
from core.sealing import Vault
from identity.callers import Caller
from notifications.messages import send_message
from payments.disbursements import find_disbursement
from payments.models import Disbursement
from proactive import budgets
from proactive.deciding import Decided, decide_known, decide_parties, record_of, rule_of
from proactive.entitlements import advance, amount_in_words
from proactive.gates import is_open
from proactive.kinds import TO_PAY, EntitlementStatus
from proactive.models import DecisionRecord, Entitlement, PolicyVersion
from proactive.population import recipients
from proactive.rules.evaluation import Outcome

ACTOR = "system:proactive.disburse"
_REFERENCE = "entitlement:"
_BATCH = 500
_S = EntitlementStatus


class _Checked(Struct, frozen=True):
    """What the last look before paying found."""

    decided: Decided
    amount_now: int | None
    payee_id: UUID | None


async def disburse_entitlement(entitlement_id: UUID, *, vault: Vault, at: datetime) -> None:
    """Take one entitlement as far towards its money as it goes today. Safe to run again. 兑付

    Who has died, no longer qualifies or cannot be decided any more is not paid (E09); nor is
    anybody while the policy is halted. What was decided is kept.
    """
    crashpoint("proactive.before_claim")
    async with in_transaction():
        policy_id = (await Entitlement.get(id=entitlement_id)).policy_id
        open_ = await is_open(policy_id)
        entitlement = await Entitlement.select_for_update().get(id=entitlement_id)
        if entitlement.status not in TO_PAY:
            return
        if not open_:
            await advance(entitlement, _S.HELD)
            return
        version = await PolicyVersion.get(id=entitlement.version_id)
        checked = await _check_again(entitlement, version, vault=vault, at=at)
        await _go_on(entitlement, version, checked, at)
        crashpoint("proactive.before_claim_commit")
    crashpoint("proactive.after_claim")


async def pay_waiting(policy_id: UUID, *, vault: Vault, at: datetime) -> None:
    """Look again at those held back, and at those waiting for money in their order."""
    waiting = Entitlement.filter(policy_id=policy_id, status__in=[_S.HELD, _S.WAITING_BUDGET])
    seen = UUID(int=0)
    while batch := await waiting.filter(id__gt=seen).order_by("id").limit(_BATCH):
        for entitlement in batch:
            await _take_from_hold(entitlement.id)
            await disburse_entitlement(entitlement.id, vault=vault, at=at)
            await entitlement.refresh_from_db()
            if entitlement.status is _S.WAITING_BUDGET:
                return
        seen = batch[-1].id


async def find_payout(entitlement: Entitlement, *, caller: Caller) -> Disbursement | None:
    """The money asked for, when it goes to the caller or to whom the caller acts for."""
    found = await find_disbursement(f"{_REFERENCE}{entitlement.id}")
    theirs = found is not None and found.payee_id in (caller.party_id, caller.person_id)
    return found if theirs else None


async def may_pay(reference: str) -> bool:
    """Whether money asked for may still go out: not while its policy is halted. (E03)"""
    entitlement_id = UUID(reference.removeprefix(_REFERENCE))
    return await Entitlement.filter(id=entitlement_id, policy__halted_at=None).exists()


async def finish_disbursement(reference: str, outcome: str, *, at: datetime) -> None:
    """Write down, once, how paying ended: paid, failed, or returned after it was paid."""
    to = _S.PAID if outcome == "paid" else _S.FAILED
    async with in_transaction():
        entitlement = await Entitlement.select_for_update().get(
            id=UUID(reference.removeprefix(_REFERENCE))
        )
        was = entitlement.status
        if (was, to) not in {(_S.PAYING, _S.PAID), (_S.PAYING, _S.FAILED), (_S.PAID, _S.FAILED)}:
            return
        entitlement.paid_at = at if to is _S.PAID else None
        await advance(entitlement, to, "paid_at")
        await _settle_budget(entitlement, was)
        subject = f"entitlement:{entitlement.id}"
        await audit.record(ACTOR, f"entitlement.{to}", subject, outcome=outcome)
        await _tell_end(entitlement, at)
        crashpoint("proactive.before_finish_commit")


async def _check_again(
    entitlement: Entitlement, version: PolicyVersion, *, vault: Vault, at: datetime
) -> _Checked:
    """Today's facts: for whether, on today's date; for how much, on the date of the offer."""
    rule = await rule_of(version)
    today = date_in_china(at)
    [decided] = await decide_parties(
        rule, [entitlement.beneficiary_id], on=today, known_at=at, vault=vault
    )
    offered = await DecisionRecord.get(id=entitlement.decision_id)
    then = decide_known(rule, decided.facts, decided.standing, offered.on)
    payee_id = entitlement.payee_id
    if payee_id is None:
        payees = await recipients(entitlement.beneficiary_id, rule.document.entity, on=today)
        payee_id = payees[0] if payees else None
    return _Checked(decided, then.quantity, payee_id)


async def _go_on(
    entitlement: Entitlement, version: PolicyVersion, checked: _Checked, at: datetime
) -> None:
    outcome = checked.decided.decision.outcome
    if outcome is Outcome.REFUSED:
        await _stop(entitlement, version, checked.decided, at)
    elif outcome is Outcome.UNKNOWN:
        await _hold(entitlement, "proactive.facts_missing")
    elif checked.amount_now != entitlement.quantity:
        await _hold(entitlement, "proactive.amount_changed")
    elif checked.payee_id is None:
        await _hold(entitlement, "proactive.payee_missing")
    else:
        entitlement.payee_id = checked.payee_id
        await _claim_money(entitlement, version)


async def _claim_money(entitlement: Entitlement, version: PolicyVersion) -> None:
    """Set the money aside and ask for the payment, or wait in line, by entitlement id."""
    amount_fen = entitlement.quantity or 0
    ahead = Entitlement.filter(
        policy_id=entitlement.policy_id, status=_S.WAITING_BUDGET, id__lt=entitlement.id
    )
    if await ahead.exists() or not await budgets.reserve(entitlement.policy_id, amount_fen):
        if entitlement.status is not _S.WAITING_BUDGET:
            await advance(entitlement, _S.WAITING_BUDGET)
            await _ask_a_person(entitlement, "proactive.budget_ended", once=f"{version.id}")
        return
    await advance(entitlement, _S.PAYING, "payee_id")
    await audit.record(ACTOR, "entitlement.pay", f"entitlement:{entitlement.id}")
    reference = f"{_REFERENCE}{entitlement.id}"
    await jobs.enqueue(
        "payments.disburse",
        dedupe_key=f"payments.disburse:{reference}",
        reference=reference,
        payee_id=str(entitlement.payee_id),
        amount_fen=amount_fen,
        purpose=version.title,
        department=entitlement.department,
        division=entitlement.division,
    )


async def _stop(
    entitlement: Entitlement, version: PolicyVersion, decided: Decided, at: datetime
) -> None:
    """Not entitled any more: the reason is kept, and told unless the beneficiary has died."""
    record = record_of(decided, version.id)
    await record.save(force_create=True)
    entitlement.outcome, entitlement.decision_id = Outcome.REFUSED, record.id
    entitlement.reasons = list(decided.decision.reasons)
    await advance(entitlement, _S.STOPPED, "outcome", "decision_id", "reasons")
    await audit.record(ACTOR, "entitlement.stop", f"entitlement:{entitlement.id}")
    if decided.standing is None:
        await _send(entitlement, version, "entitlement_stopped", at)


async def _hold(entitlement: Entitlement, kind: str) -> None:
    await advance(entitlement, _S.HELD)
    await _ask_a_person(entitlement, kind)


async def _take_from_hold(entitlement_id: UUID) -> None:
    async with in_transaction():
        entitlement = await Entitlement.select_for_update().get(id=entitlement_id)
        if entitlement.status is _S.HELD:
            await advance(entitlement, _S.CONFIRMED)


async def _settle_budget(entitlement: Entitlement, was: EntitlementStatus) -> None:
    amount_fen = entitlement.quantity or 0
    if entitlement.status is _S.PAID:
        await budgets.spend(entitlement.policy_id, amount_fen)
        return
    if was is _S.PAID:
        await budgets.take_back(entitlement.policy_id, amount_fen)
    else:
        await budgets.release(entitlement.policy_id, amount_fen)
    await jobs.enqueue(
        "proactive.pay_waiting",
        dedupe_key=f"proactive.pay_waiting:{entitlement.policy_id}:failed:{entitlement.id}",
        policy_id=str(entitlement.policy_id),
    )


async def _tell_end(entitlement: Entitlement, at: datetime) -> None:
    version = await PolicyVersion.get(id=entitlement.version_id)
    if entitlement.status is _S.PAID:
        await _send(entitlement, version, "entitlement_paid", at)
        return
    await _ask_a_person(entitlement, "proactive.payout_failed")
    await _send(entitlement, version, "payout_returned", at)


async def _send(entitlement: Entitlement, version: PolicyVersion, kind: str, at: datetime) -> None:
    recipient = entitlement.payee_id or entitlement.beneficiary_id
    await send_message(
        recipient,
        kind,
        about=f"entitlement:{entitlement.id}",
        at=at,
        title=version.title,
        amount=amount_in_words(version, entitlement.quantity or 0),
    )


async def _ask_a_person(entitlement: Entitlement, kind: str, *, once: str = "") -> None:
    subject = f"entitlement:{entitlement.id}"
    await tasks.raise_task(
        kind,
        department=entitlement.department,
        division=entitlement.division,
        subject=subject,
        dedupe_key=f"{kind}:{once or subject}",
    )
