"""Pushed events: kept once before they are acknowledged, applied from a work list. 推送处理

What a push says is applied in the transaction that marks it applied; nothing outside is called.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.transactions import in_transaction

from core import jobs
from core.clock import date_in_china, now
from core.crashpoints import crashpoint
from core.database import DatabaseGone
from core.ids import new_id
from core.tasks import raise_task
from identity.kinds import ProviderName
from identity.models import Account
from notifications import ledger
from notifications.channels.wechat_push import PushedEvent, PushKind
from notifications.models import (
    Delivery,
    DeliveryReceipt,
    PushKey,
    PushStatus,
    SubscriptionTemplate,
)

PUT_OFF = (1, 2, 4, 8, 15, 30, 60, 120)
"""Seconds after which an event that cannot be applied yet is tried again; then it is given up."""

KEPT_AFTER = timedelta(days=30)
_BATCH = 1_000

log = logging.getLogger(__name__)


async def keep_pushes(appid: str, events: Sequence[PushedEvent], *, at: datetime) -> None:
    """Keep what WeChat pushed, each event once. Whoever acknowledges afterwards has lost nothing.

    All events are of one account, as in one push.
    """
    if not events:
        return
    account = await Account.get_or_none(
        provider=ProviderName.WECHAT, appid=appid, subject=events[0].openid
    )
    keys = [_key(event, account.id if account else None, at) for event in events]
    async with in_transaction():
        await PushKey.bulk_create(keys, ignore_conflicts=True)
        await jobs.wake("notifications.apply_pushes")
    crashpoint("notifications.after_push_kept")


async def apply_pushes(*, department: str) -> None:
    """Work off the kept events that are due, and come back when the next one is. A job.

    A receipt that is about no send of ours, and what fails again and again, is put before
    `department`, which runs the channels.
    """
    while await _apply_next(department, at=now()):
        pass
    last = await PushKey.filter(status=PushStatus.KEPT).order_by("due_at").first()
    if last is not None:
        due_key = f"notifications.apply_pushes:{last.due_at.timestamp()}"
        await jobs.enqueue("notifications.apply_pushes", dedupe_key=due_key, run_at=last.due_at)


async def count_unknown() -> int:
    """How many receipts of the last days were about no send of ours."""
    return await PushKey.filter(status=PushStatus.UNKNOWN).count()


async def forget_pushes(*, at: datetime) -> None:
    """Delete some of the events that are a month old: no retry comes so late."""
    old = PushKey.filter(received_at__lt=at - KEPT_AFTER).limit(_BATCH)
    await PushKey.filter(id__in=Subquery(old.values("id"))).delete()


async def apply_receipt(provider_no: str, *, code: str, occurred_at: datetime) -> str | None:
    """Note on a delivery what the provider says became of it; None while we know of no such send.

    What was delivered stays delivered, whatever is said later. 送达回执
    """
    receipt = DeliveryReceipt.DELIVERED if code == "0" else DeliveryReceipt.FAILED
    ours = Delivery.filter(provider_no=provider_no)
    open_to_it = Q(receipt__isnull=True)
    if receipt is DeliveryReceipt.DELIVERED:
        open_to_it |= Q(receipt=DeliveryReceipt.FAILED)
    noted = {"receipt": receipt, "receipt_code": code, "receipt_at": occurred_at}
    if await ours.filter(open_to_it).update(**noted):
        return str(receipt)
    return "said_before" if await ours.exists() else None


def _key(event: PushedEvent, account_id: UUID | None, at: datetime) -> PushKey:
    return PushKey(
        id=new_id(),
        digest=event.digest,
        event=event.kind,
        account_id=account_id,
        template_id=event.template_id,
        word=event.word,
        provider_no=event.provider_no,
        occurred_at=event.occurred_at,
        received_at=at,
        due_at=at,
    )


async def _apply_next(department: str, *, at: datetime) -> bool:
    """Apply the next event that nobody else has in hand; False when there is none."""
    async with in_transaction():
        due = PushKey.filter(status=PushStatus.KEPT, due_at__lte=at).order_by("due_at", "id")
        key = await due.select_for_update(skip_locked=True).first()
        if key is None:
            return False
        try:
            async with in_transaction():
                outcome = await _apply(key, at)
        except DatabaseGone:
            raise
        except Exception as error:
            code = type(error).__name__  # its text may hold a row
            log.warning("a push cannot be applied", extra={"push": str(key.id), "code": code})
            await _put_off(key, code, PushStatus.EXCEPTION, department, at)
        else:
            if outcome is None:
                await _put_off(key, "no_such_send", PushStatus.UNKNOWN, department, at)
            else:
                await _mark(key, status=PushStatus.APPLIED, outcome=outcome)
                crashpoint("notifications.before_push_applied")
    return True


async def _apply(key: PushKey, at: datetime) -> str | None:
    if key.event == PushKind.SENT:
        number = key.provider_no or ""
        return await apply_receipt(number, code=key.word, occurred_at=key.occurred_at)
    template = await SubscriptionTemplate.get_or_none(template_id=key.template_id)
    if template is None or key.account_id is None:
        return "unknown_template" if key.account_id else "unknown_account"
    note = {"accept": ledger.note_yes, "reject": ledger.note_no}.get(key.word)
    if note is None:
        return "unknown_answer"
    return await note(template, key.account_id, occurred_at=key.occurred_at, at=at)


async def _put_off(key: PushKey, why: str, end: PushStatus, department: str, at: datetime) -> None:
    if key.tries < len(PUT_OFF):
        due_at = at + timedelta(seconds=PUT_OFF[key.tries])
        await _mark(key, due_at=due_at, tries=key.tries + 1, outcome=why)
        return
    await _mark(key, status=end, outcome=why)
    if end is PushStatus.UNKNOWN:  # one task a day, however many
        kind, subject = "notifications.receipt_unknown", f"receipts:{date_in_china(at)}"
    else:
        kind, subject = "notifications.push_not_applied", f"push:{key.id}"
    await raise_task(kind, department=department, subject=subject)


async def _mark(key: PushKey, **columns: object) -> None:
    await PushKey.filter(id=key.id).update(**columns)
