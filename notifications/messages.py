"""Telling somebody something, once, and the inbox where it can be read. 消息"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import jobs
from core.clock import now
from core.errors import NotFound
from core.ids import new_id
from core.prepared import AFTER_ALL, Prepared
from identity.callers import Caller
from notifications import following, hours, subscriptions
from notifications.kinds import MessageKind, clean, fill, known_kinds, written_time
from notifications.models import Delivery, Message, MessageKey

_INBOX = Prepared(
    lambda party_id, before, limit: (
        Message.filter(recipient_id=party_id, id__lt=before).order_by("-id").limit(limit)
    ),
    *(UUID, UUID, int),
)
_UNREAD = Prepared(lambda party_id: Message.filter(recipient_id=party_id, read_at=None), UUID)


class MessageNotFound(NotFound):
    code = "notifications.message_not_found"
    message = "没有找到该消息"


async def send_message(
    recipient: UUID, kind: str, /, *, about: str, at: datetime | None = None, **values: str
) -> bool:
    """Tell a party something, in the caller's transaction; False when it was told this before.

    Told is what stands in the inbox. A person who consented is also sent it, not at night unless
    the kind is urgent. Values are titles, amounts and numbers, no personal data; `time` is `at`
    unless given. Whoever may act for the party is told too, unless the kind is for it alone.
    """
    at = at or now()
    wording = known_kinds()[kind]
    cleaned = {"time": written_time(at)} | {key: clean(value) for key, value in values.items()}
    telling = _Telling(kind, about, wording, cleaned, at)
    async with in_transaction():
        if not await _tell(recipient, telling):
            return False
        if wording.follows:
            for person_id in await following.followers(recipient, at=at):
                await _tell(person_id, telling, for_party_id=recipient)
    return True


async def list_messages(
    party_id: UUID, *, before: UUID | None = None, limit: int = 20
) -> list[Message]:
    """The party's newest messages, older than `before`."""
    return await _INBOX.rows(party_id, before or AFTER_ALL, limit)


async def read_message(message_id: UUID, *, caller: Caller, at: datetime) -> Message:
    """Mark a message of the party the caller acts for as read. The first time stays. 已读"""
    ours = Message.filter(id=message_id, recipient_id=caller.required_party())
    await ours.filter(read_at=None).update(read_at=at)
    message = await ours.first()
    if message is None:
        raise MessageNotFound(message_id=message_id)
    return message


async def count_unread(party_id: UUID) -> int:
    return await _UNREAD.count(party_id)


async def wake_at(due_at: datetime) -> None:
    """See that deliveries are worked off at that moment, however many ask."""
    key = f"notifications.deliver:{due_at.isoformat()}"
    await jobs.enqueue("notifications.deliver", dedupe_key=key, run_at=due_at)


class _Telling(Struct, frozen=True):
    """One thing to be told, to however many."""

    kind: str
    about: str
    wording: MessageKind
    values: dict[str, str]
    at: datetime


async def _tell(recipient: UUID, told: _Telling, *, for_party_id: UUID | None = None) -> bool:
    message_id = new_id()
    if not await _is_first(message_id, recipient, told.kind, told.about):
        return False
    await Message.create(
        id=message_id,
        recipient_id=recipient,
        for_party_id=for_party_id,
        kind=told.kind,
        about=told.about,
        title=fill(told.wording.title, told.values),
        text=fill(told.wording.text, told.values),
        plain=fill(told.wording.plain, told.values),
        values=told.values,
        created_at=told.at,
    )
    await _ask_for_deliveries(message_id, recipient, told.wording, told.at)
    return True


async def _is_first(message_id: UUID, recipient: UUID, kind: str, about: str) -> bool:
    key = MessageKey(id=message_id, recipient_id=recipient, kind=kind, about=about)
    await MessageKey.bulk_create([key], ignore_conflicts=True)
    return await MessageKey.filter(id=message_id).exists()


async def _ask_for_deliveries(
    message_id: UUID, recipient: UUID, wording: MessageKind, at: datetime
) -> None:
    """One delivery by the channel that the person consented to, if any."""
    wechat = wording.wechat
    if wechat is None or not await subscriptions.find_consent(
        recipient, provider="wechat", title=wechat.template
    ):
        return
    due_at = hours.due_at(at, urgent=wording.urgent)
    await Delivery.create(
        message_id=message_id,
        channel="wechat_subscribe",
        urgent=wording.urgent,
        due_at=due_at,
        created_at=at,
    )
    if due_at <= at:
        await jobs.wake("notifications.deliver")
    else:
        await wake_at(due_at)
