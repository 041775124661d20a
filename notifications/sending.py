"""Sending what waits, at most once: claim, commit, send, mark. 发送

One by one a claimed row is made ready: consent taken, `sending` written and committed. From then on
it may have been sent. A sender that dies leaves its claims to the next, and what it was sending as
`unknown`, which a person sees and nobody sends again by itself. One that was too slow finds its
fence or its lease gone: it neither sends nor marks.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import jobs
from core.clock import date_in_china
from core.crashpoints import crashpoint
from core.tasks import raise_task
from identity.models import Account
from notifications import deliveries, hours, subscriptions
from notifications.channels import (
    Channel,
    Channels,
    Notice,
    NotSent,
    Refusal,
    SendResult,
    Sent,
    ValueRefused,
)
from notifications.deliveries import Claim
from notifications.following import still_follows
from notifications.kinds import WechatWording, fill, known_kinds
from notifications.messages import wake_at
from notifications.models import Consent, Delivery, DeliveryStatus, Message

READY_SECONDS = 20.0
"""How old a prepared send may be: a process that was stopped for longer gives it back unsent."""

MAX_ATTEMPTS = 6
FIRST_WAIT = timedelta(seconds=30)
_TEMPLATE_WRONG = "notifications.template_wrong"  # put before a person once a day


Allowed = Callable[[str], Awaitable[bool]]
"""Says whether what a message is `about` may be sent now; asked in the transaction that decides."""


async def _always(about: str) -> bool:
    return True


class _NotToSend(Exception):
    """The row ends here, unsent."""

    def __init__(self, status: DeliveryStatus, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.field = status, reason, field


class _Ready(Struct, frozen=True, kw_only=True):
    """A send whose consent is taken and whose row says `sending`."""

    claim: Claim
    channel: Channel
    notice: Notice
    consent_id: UUID
    kind: str
    attempts: int
    since: float


class _Run:
    """One batch: its moment moves on with a clock nobody sets, and a channel that is full rests."""

    def __init__(
        self, channels: Channels, department: str, at: datetime, allowed: Allowed = _always
    ) -> None:
        self.channels, self.department, self.allowed = channels, department, allowed
        self.resting: dict[str, datetime] = {}
        self._at, self._since = at, monotonic()

    def now(self) -> datetime:
        return self._at + timedelta(seconds=monotonic() - self._since)


async def deliver_due(
    *, channels: Channels, department: str, at: datetime, allowed: Allowed = _always
) -> None:
    """Work off one batch of what is due, and see that the next follows. Safe in many processes.

    What only a person can decide becomes a task of `department`, which runs the channels. What is
    not `allowed` is held until `release_held`.
    """
    run = _Run(channels, department, at, allowed)
    await deliveries.take_back_lost(department=department)
    await deliveries.hold_until_morning(at)
    for claim in await deliveries.claim(at):
        crashpoint("notifications.after_claim")
        ready = await _prepare(claim, run)
        if ready is not None:
            await _send(ready, run)
    await _wake_for_next(run.now())


async def _prepare(claim: Claim, run: _Run) -> _Ready | None:
    """Take the consent and write `sending`, in one transaction; None when it is not to be sent."""
    at = run.now()
    async with in_transaction():
        delivery = await deliveries.lock_claimed(claim)
        if delivery is None:
            return None
        until = run.resting.get(delivery.channel) or hours.due_at(at, urgent=delivery.urgent)
        if until > at:
            await deliveries.put_off(delivery, until)
            return None
        if not await run.allowed(delivery.message.about):
            await deliveries.hold(delivery)
            return None
        try:
            return await _make_ready(delivery, claim, run.channels, at)
        except _NotToSend as ends:
            await deliveries.end_unsent(
                delivery, ends.status, reason=ends.reason, field=ends.field, at=at
            )
            if ends.status is DeliveryStatus.FAILED:
                await deliveries.note_failed(delivery.message.kind, at=at)
            return None


async def _make_ready(delivery: Delivery, claim: Claim, channels: Channels, at: datetime) -> _Ready:
    channel = channels.find(delivery.channel)
    kind = known_kinds().get(delivery.message.kind)  # another release may have written it
    wording = kind.wechat if kind else None
    if channel is None or wording is None:
        raise _NotToSend(DeliveryStatus.FAILED, "no_channel")
    await _check_follower(delivery.message, at)
    values = _fitted(delivery.message.values, wording, channel)
    consent = await _take_consent(delivery.message.recipient_id, wording.template, at)
    account = await Account.get(id=consent.account_id)
    await deliveries.begin(delivery, account_id=account.id, consent_id=consent.id)
    return _Ready(
        claim=claim,
        channel=channel,
        notice=Notice(
            appid=account.appid,
            to=account.subject,
            template_id=consent.template_id,
            values={key: values[key] for key in consent.template.keys if key in values},
            page=wording.page,
        ),
        consent_id=consent.id,
        kind=delivery.message.kind,
        attempts=delivery.attempts + 1,
        since=monotonic(),
    )


async def _check_follower(message: Message, at: datetime) -> None:
    """Who could act for the party when it was told may not be able to any more."""
    party_id = message.for_party_id
    if party_id is None or await still_follows(message.recipient_id, party_id, at=at):
        return
    raise _NotToSend(DeliveryStatus.SUPPRESSED, "no_longer_acts")


def _fitted(values: dict[str, str], wording: WechatWording, channel: Channel) -> dict[str, str]:
    try:
        return channel.fit({key: fill(text, values) for key, text in wording.values.items()})
    except KeyError as error:  # told in another release's words
        field = str(error.args[0])
        raise _NotToSend(DeliveryStatus.FAILED, "value_missing", field[:32]) from error
    except ValueRefused as error:
        field = str(error.context["field"])
        raise _NotToSend(DeliveryStatus.FAILED, "value_refused", field) from error


async def _take_consent(person_id: UUID, title: str, at: datetime) -> Consent:
    """By whatever account the person has now and allows now: both may have changed meanwhile."""
    consent = await subscriptions.find_consent(person_id, provider="wechat", title=title)
    if consent is not None and await subscriptions.spend(consent, at=at):
        return consent
    withdrawn = await subscriptions.was_withdrawn(person_id, provider="wechat", title=title)
    raise _NotToSend(DeliveryStatus.SUPPRESSED, "withdrawn" if withdrawn else "no_consent")


async def _send(ready: _Ready, run: _Run) -> None:
    crashpoint("notifications.before_send")
    if monotonic() - ready.since > READY_SECONDS:
        result: SendResult = NotSent(why=Refusal.LATER, code="too_slow")
    else:
        result = await ready.channel.send(ready.notice)
    crashpoint("notifications.after_send")
    await _record(ready, result, run)
    crashpoint("notifications.after_mark")


async def _record(ready: _Ready, result: SendResult, run: _Run) -> None:
    """Write down what the provider said; nothing, when the row is no longer ours."""
    at = run.now()
    if isinstance(result, Sent):
        await deliveries.mark_ended(
            ready.claim, DeliveryStatus.SENT, provider_no=result.provider_no, at=at
        )
    elif isinstance(result, NotSent):
        await _record_unsent(ready, result, run)
    else:
        async with in_transaction():
            unknown = DeliveryStatus.UNKNOWN
            if await deliveries.mark_ended(ready.claim, unknown, reason=result.code, at=at):
                await deliveries.tell_operators(ready.claim.id, result.code, run.department)


async def _record_unsent(ready: _Ready, result: NotSent, run: _Run) -> None:
    at = run.now()
    again = _again_at(result.why, ready.attempts, at)
    if result.why is Refusal.DAY_LIMIT and again is not None:
        run.resting[ready.channel.name] = again
    async with in_transaction():
        if again is not None:
            ours = await deliveries.mark_again(
                ready.claim, due_at=again, attempts=ready.attempts, reason=result.code
            )
        else:
            ours = await deliveries.mark_ended(
                ready.claim, DeliveryStatus.FAILED, reason=result.code, field=result.field, at=at
            )
        if ours and again is None:
            await deliveries.note_failed(ready.kind, at=at)
        if ours:
            await _settle_consent(ready, result, run.department, at)


async def _settle_consent(ready: _Ready, result: NotSent, department: str, at: datetime) -> None:
    if result.why is Refusal.CONSENT_GONE:
        await subscriptions.use_up(ready.consent_id, at=at)
    else:
        await subscriptions.give_back(ready.consent_id, at=at)
    if result.why in (Refusal.SETUP, Refusal.VALUE):
        template = ready.notice.template_id
        await raise_task(
            _TEMPLATE_WRONG,
            department=department,
            subject=f"template:{template}:{result.code}",
            dedupe_key=f"{_TEMPLATE_WRONG}:{template}:{result.code}:{date_in_china(at)}",
            field=result.field or "",
        )


def _again_at(why: Refusal, attempts: int, at: datetime) -> datetime | None:
    if attempts >= MAX_ATTEMPTS:
        return None
    if why is Refusal.LATER:
        return at + FIRST_WAIT * (1 << (attempts - 1))
    return hours.tomorrow_morning(at) if why is Refusal.DAY_LIMIT else None


async def _wake_for_next(at: datetime) -> None:
    due_at = await deliveries.next_due()
    if due_at is None:
        return
    if due_at <= at:
        await jobs.wake("notifications.deliver")
    else:
        await wake_at(due_at)
