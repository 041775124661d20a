"""What somebody is entitled to: told, asked, answered. 告知、确认与放弃"""

from datetime import datetime, timedelta
from uuid import UUID

from tortoise.transactions import in_transaction

from core import audit, jobs
from core.clock import date_in_china
from core.errors import Conflict, NotFound
from core.money import yuan
from core.prepared import AFTER_ALL, Prepared
from identity.callers import Caller
from identity.kinds import Right
from notifications.messages import send_message
from proactive.gates import is_open
from proactive.kinds import NEXT, Delivery, EntitlementStatus, Mode
from proactive.models import Entitlement, PolicyVersion
from proactive.population import recipients

_ENTITLEMENTS = Prepared(
    lambda party_id, before, limit: (
        Entitlement.filter(beneficiary_id=party_id, id__lt=before)
        .order_by("-id")
        .limit(limit)
        .select_related("version", "policy")
    ),
    *(UUID, UUID, int),
)


class EntitlementNotFound(NotFound):
    code = "proactive.entitlement_not_found"
    message = "没有找到该待遇"


class StepNotAllowed(Conflict):
    code = "proactive.step_not_allowed"
    message = "当前状态不能进行此操作"
    shown = ("status",)


class DeadlinePassed(Conflict):
    code = "proactive.deadline_passed"
    message = "确认期限已过，如需享受请到窗口办理"


async def list_entitlements(
    party_id: UUID, *, before: UUID | None = None, limit: int = 20
) -> list[Entitlement]:
    """What the party is entitled to, may be, or just missed; newest first, older than `before`."""
    return await _ENTITLEMENTS.rows(party_id, before or AFTER_ALL, limit)


async def get_entitlement(entitlement_id: UUID, *, party_id: UUID) -> Entitlement:
    """One of the party's own; any other is not found."""
    entitlement = await Entitlement.get_or_none(
        id=entitlement_id, beneficiary_id=party_id
    ).select_related("version", "policy")
    if entitlement is None:
        raise EntitlementNotFound(entitlement_id=entitlement_id)
    return entitlement


async def notify_entitlement(entitlement_id: UUID, *, at: datetime) -> None:
    """Tell whom a match concerns, once; what needs no yes goes on to be paid. 告知"""
    async with in_transaction():
        policy_id = (await Entitlement.get(id=entitlement_id)).policy_id
        if not await is_open(policy_id):
            return
        entitlement = await Entitlement.select_for_update().get(id=entitlement_id)
        if entitlement.status is not EntitlementStatus.MATCHED:
            return
        version = await PolicyVersion.get(id=entitlement.version_id)
        await _tell(entitlement, version, at)
        asked = version.delivery is Delivery.PAID and version.mode is not Mode.DIRECT
        if asked:
            days = timedelta(days=version.confirm_days)
            entitlement.deadline_on = date_in_china(at) + days
        await advance(entitlement, EntitlementStatus.NOTIFIED, "deadline_on")
        if version.delivery is Delivery.PAID and not asked:
            await advance(entitlement, EntitlementStatus.CONFIRMED)
            await ask_to_disburse(entitlement)


async def confirm_entitlement(entitlement_id: UUID, *, caller: Caller, at: datetime) -> Entitlement:
    """Accept a benefit that was offered; the money follows as a job. 确认

    Whoever acts for the beneficiary needs the scope for it. A child's benefit goes to the guardian
    who said yes. Said again by the same person it stays as it is, however far it has come.
    """
    async with in_transaction():
        entitlement = await _lock_to_answer(entitlement_id, caller)
        if _was_confirmed_by(entitlement, caller):
            return entitlement
        if entitlement.version.delivery is not Delivery.PAID:
            raise StepNotAllowed(entitlement_id=entitlement.id, status=entitlement.status)
        if entitlement.deadline_on is not None and date_in_china(at) > entitlement.deadline_on:
            raise DeadlinePassed(entitlement_id=entitlement.id)
        child = entitlement.version.document["entity"] == "child"
        entitlement.payee_id = caller.person_id if child else entitlement.beneficiary_id
        entitlement.confirmed_at, entitlement.confirmed_by = at, caller.person_id
        await advance(
            entitlement,
            EntitlementStatus.CONFIRMED,
            "payee_id",
            "confirmed_at",
            "confirmed_by",
        )
        await audit.record(caller.actor(), "entitlement.confirm", f"entitlement:{entitlement.id}")
        await ask_to_disburse(entitlement)
    return entitlement


async def decline_entitlement(entitlement_id: UUID, *, caller: Caller, at: datetime) -> Entitlement:
    """Turn a benefit down, at any time before its money is on the way. 放弃 (E10)"""
    async with in_transaction():
        entitlement = await _lock_to_answer(entitlement_id, caller)
        await advance(entitlement, EntitlementStatus.DECLINED)
        await audit.record(caller.actor(), "entitlement.decline", f"entitlement:{entitlement.id}")
    return entitlement


async def ask_to_disburse(entitlement: Entitlement) -> None:
    """Have a confirmed entitlement paid, in the transaction that confirmed it."""
    await jobs.enqueue(
        "proactive.disburse",
        dedupe_key=f"proactive.disburse:{entitlement.id}",
        entitlement_id=str(entitlement.id),
    )


async def advance(entitlement: Entitlement, to: EntitlementStatus, *changed: str) -> None:
    """One allowed step of a locked row; the columns named are written with it."""
    if to not in NEXT.get(entitlement.status, ()):
        raise StepNotAllowed(entitlement_id=entitlement.id, status=entitlement.status, to=to)
    entitlement.status = to
    await entitlement.save(update_fields=["status", *changed])


def amount_in_words(version: PolicyVersion, quantity: int) -> str:
    """150.00 for money; with its sign for what is not money."""
    match version.document["unit"]["of"]:
        case "fen":
            return yuan(quantity)
        case "percent":
            return f"{quantity}%"
    return f"{quantity} 千瓦时"


async def _tell(entitlement: Entitlement, version: PolicyVersion, at: datetime) -> None:
    kind = "entitlement_offered"
    if version.delivery is Delivery.INFO:
        kind = "entitlement_shown"
    elif version.mode is Mode.DIRECT:
        kind = "entitlement_coming"
    told = await recipients(
        entitlement.beneficiary_id, version.document["entity"], on=date_in_china(at)
    )
    for recipient in told:
        await send_message(
            recipient,
            kind,
            about=f"entitlement:{entitlement.id}",
            at=at,
            title=version.title,
            text=version.offer_text,
            amount=amount_in_words(version, entitlement.quantity or 0),
        )


def _was_confirmed_by(entitlement: Entitlement, caller: Caller) -> bool:
    """Whether this yes was given before and not taken back: its answer may have been lost."""
    declined = entitlement.status is EntitlementStatus.DECLINED
    return caller.person_id == entitlement.confirmed_by and not declined


async def _lock_to_answer(entitlement_id: UUID, caller: Caller) -> Entitlement:
    """An agent who may only prepare cannot say yes or no for others."""
    entitlement = await Entitlement.select_for_update().get_or_none(
        id=entitlement_id, beneficiary_id=caller.required_right(Right.APPLY)
    )
    if entitlement is None:
        raise EntitlementNotFound(entitlement_id=entitlement_id)
    await entitlement.fetch_related("version", "policy")
    return entitlement
