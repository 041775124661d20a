"""The ledger of consents, kept from two sides: what clients report and what WeChat pushes. 授权台账

A client's reported yes counts at once; the event that confirms it follows within seconds. Each yes
counts once, whichever side is first:

- a report that comes first is counted and `awaited`; its event then counts nothing;
- an event that comes first is counted and `unreported`; its report then counts nothing;
- a report whose event has not come after ten minutes is taken back and `unconfirmed`, so that no
  more is left than WeChat told us of; should the event come yet, it is counted.

What was spent stays spent, and nothing is ever below zero. A no leaves nothing. Events come late
and in any order: a yes not newer than the newest no that was pushed counts nothing, and a no older
than the newest yes is overtaken. Every change locks its row.
"""

from datetime import datetime, timedelta
from uuid import UUID

from tortoise.transactions import in_transaction

from core import jobs
from core.ids import new_id
from notifications.models import Consent, SubscriptionTemplate, TemplateKind

CONFIRM_WITHIN = timedelta(minutes=10)
GRANTED_LIMIT = 1000
_COLUMNS = (
    "granted",
    "spent",
    "long_term",
    "withdrawn_at",
    "awaited",
    "unreported",
    "unconfirmed",
    "accepted_event_at",
    "refused_event_at",
    "updated_at",
)


async def report(
    template: SubscriptionTemplate, account_id: UUID, *, accepts: bool, at: datetime
) -> Consent:
    """Count what the client says the account answered."""
    async with in_transaction():
        consent = await _lock(account_id, template.template_id, at)
        if not accepts:
            _withdraw(consent, at)
        elif consent.unreported:
            consent.unreported -= 1
        elif _grant(consent, template.kind):
            consent.awaited += 1
            await _settle_later(consent, at)
        return await _save(consent, at)


async def note_yes(
    template: SubscriptionTemplate, account_id: UUID, *, occurred_at: datetime, at: datetime
) -> str:
    """Count a yes that WeChat pushed; says what came of it."""
    async with in_transaction():
        consent = await _lock(account_id, template.template_id, at)
        if consent.awaited:
            consent.awaited -= 1
            outcome = "confirmed"
        elif consent.refused_event_at and occurred_at <= consent.refused_event_at:
            return "overtaken"
        else:
            counted = _grant(consent, template.kind)
            if consent.unconfirmed:
                consent.unconfirmed -= 1
            else:
                consent.unreported += counted
            outcome = "granted"
        consent.accepted_event_at = _newest(consent.accepted_event_at, occurred_at)
        await _save(consent, at)
    return outcome


async def note_no(
    template: SubscriptionTemplate, account_id: UUID, *, occurred_at: datetime, at: datetime
) -> str:
    """Nothing is left after a no that WeChat pushed; says what came of it."""
    async with in_transaction():
        consent = await _lock(account_id, template.template_id, at)
        if consent.accepted_event_at and occurred_at < consent.accepted_event_at:
            return "overtaken"
        _withdraw(consent, at)
        consent.awaited = 0  # a newer yes counts when its own event comes
        consent.refused_event_at = _newest(consent.refused_event_at, occurred_at)
        await _save(consent, at)
    return "withdrawn"


async def settle_reports(account_id: str, template_id: str, *, pushed: bool, at: datetime) -> None:
    """Take back the reported yeses that no event confirmed. A job, ten minutes after a report.

    Where no events are pushed to us, reports are all there is, and stay.
    """
    async with in_transaction():
        rows = Consent.filter(account_id=account_id, template_id=template_id)
        consent = await rows.select_for_update().first()
        if consent is None:
            return
        if pushed:
            consent.granted = max(consent.spent, consent.granted - consent.awaited)
            consent.unconfirmed += consent.awaited
            consent.long_term = consent.long_term and consent.granted > consent.spent
        consent.awaited = consent.unreported = 0
        await _save(consent, at)


async def _lock(account_id: UUID, template_id: str, at: datetime) -> Consent:
    row = Consent(id=new_id(), account_id=account_id, template_id=template_id, updated_at=at)
    await Consent.bulk_create([row], ignore_conflicts=True)
    ours = Consent.filter(account_id=account_id, template_id=template_id)
    return await ours.select_for_update().get()


async def _save(consent: Consent, at: datetime) -> Consent:
    consent.updated_at = at
    await consent.save(update_fields=_COLUMNS)
    return consent


async def _settle_later(consent: Consent, at: datetime) -> None:
    await jobs.enqueue(
        "notifications.settle_reports",
        run_at=at + CONFIRM_WITHIN,
        account_id=str(consent.account_id),
        template_id=consent.template_id,
    )


def _grant(consent: Consent, kind: TemplateKind) -> int:
    """One more, unless there are more than anybody needs; how many more."""
    more = int(consent.granted < consent.spent + GRANTED_LIMIT)
    consent.granted += more
    consent.long_term = kind is TemplateKind.LONG_TERM
    consent.withdrawn_at = None
    return more


def _withdraw(consent: Consent, at: datetime) -> None:
    consent.spent, consent.long_term, consent.withdrawn_at = consent.granted, False, at


def _newest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
