"""The work list of sends, and the steps of one row. 待发送清单

waiting → claimed → sending → sent | unknown | failed; back to waiting when certainly nothing was
sent; from claimed to held, and back when that ends. Each step finds the row only as the step before
left it, under the same fence. Leases go by the database's clock, which no demonstration moves.
"""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from tortoise import connections
from tortoise.expressions import RawSQL
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import jobs
from core.tasks import raise_task
from notifications import hours
from notifications.models import Delivery, DeliveryStatus

BATCH = 50
LEASE_SECONDS = 60
HELD_AT_ONCE = 5_000
AN_HOUR = timedelta(hours=1)
FAILS_WITHIN = timedelta(days=7)
"""No send fails longer than that after it was last due."""

_CLAIM = """
UPDATE notifications_delivery
SET status = 'claimed', fence = fence + 1, leased_until = now() + make_interval(secs => $3)
WHERE id IN (
    SELECT id FROM notifications_delivery
    WHERE status = 'waiting' AND due_at <= $1 AND (urgent OR NOT $4)
    ORDER BY urgent DESC, due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id, fence"""
_HOLD = """
UPDATE notifications_delivery SET due_at = $2
WHERE id IN (
    SELECT id FROM notifications_delivery
    WHERE status = 'waiting' AND due_at <= $1 AND NOT urgent
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
)"""
_RELEASE = """
UPDATE notifications_delivery SET status = 'waiting'
WHERE id IN (
    SELECT id FROM notifications_delivery WHERE status = 'held' AND id > $1
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id"""
_LOST = """
UPDATE notifications_delivery SET status = $2, leased_until = NULL
WHERE status = $1 AND leased_until < now() RETURNING id"""


class Claim(Struct, frozen=True):
    """A row this sender holds while its fence is the row's."""

    id: UUID
    fence: int


async def claim(at: datetime) -> list[Claim]:
    """Take a batch of what is due, urgent first; at night nothing else."""
    rows = await connections.get("default").execute_query_dict(
        _CLAIM, [at, BATCH, float(LEASE_SECONDS), hours.is_quiet(at)]
    )
    return [Claim(row["id"], row["fence"]) for row in sorted(rows, key=lambda row: row["id"])]


async def take_back_lost(*, department: str) -> None:
    """Hand out again what a dead sender had claimed; what it may have sent becomes `unknown`."""
    async with in_transaction() as connection:
        await connection.execute_query_dict(_LOST, ["claimed", "waiting"])
        for row in await connection.execute_query_dict(_LOST, ["sending", "unknown"]):
            await tell_operators(row["id"], "sender_lost", department)


async def hold_until_morning(at: datetime) -> None:
    """In the quiet hours, make what is due and can wait due at their end; some at a time."""
    if hours.is_quiet(at):
        held = [at, hours.next_morning(at), HELD_AT_ONCE]
        await connections.get("default").execute_query(_HOLD, held)


async def lock_claimed(held: Claim) -> Delivery | None:
    """The row with its message, locked; None when the claim ran out or is another's by now."""
    return await (
        Delivery.filter(
            id=held.id,
            fence=held.fence,
            status=DeliveryStatus.CLAIMED,
            leased_until__gt=RawSQL("now()"),
        )
        .select_for_update(of=("notifications_delivery",))
        .select_related("message")
        .first()
    )


async def begin(delivery: Delivery, *, account_id: UUID, consent_id: UUID) -> None:
    """From here on it may have been sent. The row is locked by the caller."""
    await Delivery.filter(id=delivery.id).update(
        status=DeliveryStatus.SENDING,
        account_id=account_id,
        consent_id=consent_id,
        leased_until=RawSQL(f"now() + interval '{LEASE_SECONDS} seconds'"),
    )


async def put_off(delivery: Delivery, until: datetime) -> None:
    """Back to waiting, nothing sent. The row is locked by the caller."""
    await Delivery.filter(id=delivery.id).update(
        status=DeliveryStatus.WAITING, due_at=until, leased_until=None
    )


async def hold(delivery: Delivery) -> None:
    """Not to be sent for now, however long that is. The row is locked by the caller."""
    await Delivery.filter(id=delivery.id).update(status=DeliveryStatus.HELD, leased_until=None)


async def release_held() -> None:
    """Let all that is held wait again; what must still not go is held anew, unsent. A job."""
    seen = UUID(int=0)
    while rows := await connections.get("default").execute_query_dict(
        _RELEASE, [seen, HELD_AT_ONCE]
    ):
        seen = max(row["id"] for row in rows)
    await jobs.wake("notifications.deliver")


async def end_unsent(
    delivery: Delivery, status: DeliveryStatus, *, reason: str, field: str | None, at: datetime
) -> None:
    """It will not be sent, and why. The row is locked by the caller."""
    await Delivery.filter(id=delivery.id).update(
        status=status, reason=reason, field=field, leased_until=None, ended_at=at
    )


async def mark_again(held: Claim, *, due_at: datetime, attempts: int, reason: str) -> bool:
    """Certainly not sent: wait for another try. False when the row is no longer this sender's."""
    return bool(
        await _sending(held).update(
            status=DeliveryStatus.WAITING,
            due_at=due_at,
            attempts=attempts,
            reason=reason,
            account_id=None,
            consent_id=None,
            leased_until=None,
        )
    )


async def mark_ended(
    held: Claim,
    status: DeliveryStatus,
    *,
    at: datetime,
    provider_no: str | None = None,
    reason: str | None = None,
    field: str | None = None,
) -> bool:
    """How the send ended. False when the row is no longer this sender's to mark."""
    return bool(
        await _sending(held).update(
            status=status,
            provider_no=provider_no,
            reason=reason,
            field=field,
            leased_until=None,
            ended_at=at,
        )
    )


async def next_due() -> datetime | None:
    """When the earliest waiting row is due."""
    first = await Delivery.filter(status=DeliveryStatus.WAITING).order_by("due_at").first()
    return first.due_at if first else None


async def note_failed(kind: str, *, at: datetime) -> None:
    """Have what failed of a kind of message in this hour counted when the hour is over. 发送失败"""
    hour = at.replace(minute=0, second=0, microsecond=0)
    await jobs.enqueue(
        "notifications.report_failed",
        dedupe_key=f"notifications.report_failed:{kind}:{hour.isoformat()}",
        run_at=hour + AN_HOUR,
        kind=kind,
        hour=hour.isoformat(),
    )


async def report_failed(kind: str, hour: str, *, department: str) -> None:
    """Put what failed of a kind in an hour before a person: one task, however many. A job."""
    begins = datetime.fromisoformat(hour)
    failed = Delivery.filter(
        status=DeliveryStatus.FAILED,
        due_at__gte=begins - FAILS_WITHIN,  # for the index
        ended_at__gte=begins,
        ended_at__lt=begins + AN_HOUR,
        message__kind=kind,
    )
    await raise_task(
        "notifications.deliveries_failed",
        department=department,
        subject=f"deliveries:{kind}:{begins:%Y-%m-%dT%H}Z",
        count=await failed.count(),
    )


async def list_unknown(limit: int = 100) -> list[Delivery]:
    """Sends that nobody knows the end of, newest first, for operators."""
    unknown = Delivery.filter(status=DeliveryStatus.UNKNOWN)
    return await unknown.order_by("-id").limit(limit)


async def tell_operators(delivery_id: UUID, reason: str, department: str) -> None:
    """Put one unknown send before a person, once."""
    await raise_task(
        "notifications.delivery_unknown",
        department=department,
        subject=f"delivery:{delivery_id}",
        reason=reason,
    )


def _sending(held: Claim) -> QuerySet[Delivery]:
    return Delivery.filter(id=held.id, fence=held.fence, status=DeliveryStatus.SENDING)
