"""Callbacks: kept before they are acknowledged, applied afterwards from a work list. 通知"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import jobs, tasks
from core.clock import now
from core.crashpoints import crashpoint
from core.database import DatabaseGone
from core.errors import Conflict, DomainError
from core.ids import new_id
from core.sealing import Place, Vault
from payments.gateways import (
    Event,
    NotPaid,
    PaymentGateway,
    Provider,
    Receipt,
    RefundReport,
    Transfer,
    Unfamiliar,
)
from payments.kinds import NoticeStatus
from payments.models import Agency, Notice, NoticeKey
from payments.settlements import note_not_paid, settle_order
from payments.transfers import apply_transfer

CLAIM_LASTS = timedelta(minutes=1)
BATCH = 50
PUT_OFF = (1, 2, 4, 8, 15, 30, 60, 120, 300, 300)
"""Seconds after which a notice that cannot be applied yet is tried again; then it is a person's."""

log = logging.getLogger(__name__)


class ClaimLost(Conflict):
    """The claim ended while its holder was slow; whoever has it now applies the notice."""

    code = "payments.claim_lost"
    message = "该通知已由其他进程处理"


async def keep(
    gateway: PaymentGateway,
    headers: Mapping[str, str],
    body: bytes,
    *,
    vault: Vault,
    at: datetime,
) -> None:
    """Check a callback and keep it, once for the provider's event; NoticeRejected writes nothing.

    Whoever acknowledges after this returns has lost nothing.
    """
    notice = gateway.read_notice(headers, body, at=at)
    crashpoint("payments.before_keep")
    key = NoticeKey(
        id=new_id(),
        provider=notice.provider,
        merchant=notice.merchant,
        event_id=notice.event_id,
        due_at=at,
    )
    async with in_transaction():
        await NoticeKey.bulk_create([key], ignore_conflicts=True)
        if not await NoticeKey.exists(id=key.id):
            return  # kept before
        await Notice.create(
            id=key.id,
            provider=notice.provider,
            merchant=notice.merchant,
            event_type=notice.event_type,
            raw_sealed=vault.seal(_place("raw_sealed", key), body.decode()),
            event_sealed=vault.seal(
                _place("event_sealed", key), msgspec.json.encode(notice.event).decode()
            ),
            received_at=at,
        )
        await jobs.wake("payments.apply_notices")
    crashpoint("payments.after_keep")


async def apply_notices(*, vault: Vault, department: str) -> None:
    """Work off the kept notices that are due, and come back when the next one is. A job.

    What only a person can decide goes to the merchant's department; to `department`, which runs
    the channels, when the merchant is nobody's own.
    """
    while batch := await claim(at=now()):
        for key in batch:
            await _apply(key, vault=vault, department=department, at=now())
    last = await NoticeKey.filter(status=NoticeStatus.KEPT).order_by("due_at").first()
    if last is not None:
        due_key = f"payments.apply_notices:{last.due_at.timestamp()}"
        await jobs.enqueue("payments.apply_notices", dedupe_key=due_key, run_at=last.due_at)


async def claim(*, at: datetime, limit: int = BATCH) -> list[NoticeKey]:
    """Take kept notices that are due, so that nobody else has them until the claim ends."""
    async with in_transaction():
        due = NoticeKey.filter(status=NoticeStatus.KEPT, due_at__lte=at).order_by("due_at", "id")
        keys = await due.limit(limit).select_for_update(skip_locked=True)
        for key in keys:
            key.due_at, key.fence, key.tries = at + CLAIM_LASTS, key.fence + 1, key.tries + 1
        if keys:
            await NoticeKey.bulk_update(keys, fields=["due_at", "fence", "tries"])
    crashpoint("payments.after_claim")
    return keys


async def _apply(key: NoticeKey, *, vault: Vault, department: str, at: datetime) -> None:
    """Apply one notice and mark it in the same transaction; put it off when it cannot be yet."""
    try:
        async with in_transaction():
            event = await _read(key, vault)
            if isinstance(event, RefundReport | Unfamiliar):
                outcome = await _ask_a_person(key, event, department)
            else:
                outcome = await _apply_event(event, vault=vault, at=at)
            if not await _mine(key).update(
                status=NoticeStatus.APPLIED, outcome=outcome, applied_at=at
            ):
                raise ClaimLost(notice_id=key.id)
            crashpoint("payments.before_applied")
    except ClaimLost:
        log.warning("a notice was applied by another", extra={"notice_id": str(key.id)})
    except DatabaseGone:
        raise
    except Exception as error:
        code = error.code if isinstance(error, DomainError) else type(error).__name__
        log.warning("a notice cannot be applied yet", extra={"notice": str(key.id), "code": code})
        await _put_off(key, code, department, at=at)


async def _apply_event(event: Receipt | NotPaid | Transfer, *, vault: Vault, at: datetime) -> str:
    match event:
        case Receipt():
            return await settle_order(event, at=at)
        case NotPaid():
            await note_not_paid(event, at=at)
            return event.state
        case Transfer():
            return await apply_transfer(event, vault=vault, at=at)


async def _ask_a_person(key: NoticeKey, event: RefundReport | Unfamiliar, department: str) -> str:
    """A refund that we did not ask for, or an event that we do not know."""
    refund = f"{event.provider}:{event.refund_no}" if isinstance(event, RefundReport) else ""
    department, division = await _collector(key, department)
    await tasks.raise_task(
        "payments.notice_unexpected",
        department=department,
        division=division,
        subject=f"notice:{refund or key.id}",
    )
    return "asked_a_person"


async def _put_off(key: NoticeKey, code: str, department: str, *, at: datetime) -> None:
    if key.tries < len(PUT_OFF):
        due_at = at + timedelta(seconds=PUT_OFF[key.tries - 1])
        await _mine(key).update(due_at=due_at, outcome=code)
        return
    async with in_transaction():
        given_up = {"status": NoticeStatus.EXCEPTION, "outcome": code, "applied_at": at}
        if await _mine(key).update(**given_up):
            department, division = await _collector(key, department)
            await tasks.raise_task(
                "payments.notice_not_applied",
                department=department,
                division=division,
                subject=f"notice:{key.id}",
                code=code,
            )


async def _read(key: NoticeKey, vault: Vault) -> Event:
    notice = await Notice.get(id=key.id)
    text = vault.open(_place("event_sealed", key), notice.event_sealed)
    event: Event = msgspec.json.decode(text, type=Event)
    return event


async def _collector(key: NoticeKey, otherwise: str) -> tuple[str, str]:
    """The department whose merchant it is, the first of those that share one; or the other."""
    column = "wechat_mchid" if key.provider is Provider.WECHAT else "alipay_app_id"
    agency = await Agency.filter(**{column: key.merchant}).order_by("department").first()
    return (agency.department, agency.division) if agency else (otherwise, "")


def _mine(key: NoticeKey) -> QuerySet[NoticeKey]:
    return NoticeKey.filter(id=key.id, fence=key.fence, status=NoticeStatus.KEPT)


def _place(column: str, key: NoticeKey) -> Place:
    return Place("payments_notice", column, key.id)
