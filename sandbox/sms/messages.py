"""What both suppliers have in common: limits, delivery, receipts and replies. 短信"""

import re
import secrets
from datetime import timedelta

import msgspec
from msgspec import Struct

from sandbox.city import Person
from sandbox.clock import stamp
from sandbox.sms.pushes import push_receipt, push_reply
from sandbox.world import World

SIGN_NAME = "临溪政务"
PHONE, TEXT_LIMIT = r"1[3-9][0-9]{9}", 500
ALONE, JOINED = 70, 67  # characters of one message, and of each part of a longer one
DELIVERED_AFTER = timedelta(seconds=3)
LIMITS = ((timedelta(seconds=30), 1), (timedelta(hours=1), 5), (timedelta(days=1), 10))


class SmsRefusal(Exception):
    """Why nothing is sent; each supplier has its own word for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Sms(Struct):
    """One row of sms_messages."""

    message_id: str
    supplier: str
    request_id: str | None
    phone: str
    extension: str
    text: str
    parts: int
    state: str
    error: str
    sent_at: str
    due_at: str


def send(
    world: World,
    supplier: str,
    *,
    phone: str,
    text: str,
    extension: str = "",
    request_id: str | None = None,
) -> Sms:
    """Send one, or raise SmsRefusal."""
    _check(phone, text, extension)
    at = world.clock.now()
    for period, most in LIMITS:
        query = (
            "SELECT count(*) AS times FROM sms_messages"
            " WHERE supplier = ? AND phone = ? AND sent_at > ?"
        )
        row = world.book.row(query, supplier, phone, stamp(at - period)) or {"times": 0}
        if row["times"] >= most:
            raise SmsRefusal("frequency")
    sms = Sms(
        message_id=f"{at:%Y%m%d%H%M%S}{secrets.token_hex(8)}",
        supplier=supplier,
        request_id=request_id,
        phone=phone,
        extension=extension,
        text=text,
        parts=1 if len(text) <= ALONE else -(-len(text) // JOINED),
        state="sent",
        error="",
        sent_at=stamp(at),
        due_at=stamp(at + DELIVERED_AFTER / world.time_scale),
    )
    world.book.write(
        "INSERT INTO sms_messages (message_id, supplier, request_id, phone, extension, text,"
        " parts, state, error, sent_at, due_at) VALUES (:message_id, :supplier, :request_id,"
        " :phone, :extension, :text, :parts, :state, :error, :sent_at, :due_at)",
        **msgspec.structs.asdict(sms),
    )
    return sms


def find_sms(world: World, supplier: str, request_id: str) -> Sms | None:
    """As it stands now."""
    deliver_messages(world)
    query = "SELECT * FROM sms_messages WHERE supplier = ? AND request_id = ?"
    return world.book.find(Sms, query, supplier, request_id)


def deliver_messages(world: World) -> None:
    """Hand over what is due, if somebody has that number, and tell whoever sent it."""
    phones = {person.phone for person in world.city.people.values()}
    query = "SELECT * FROM sms_messages WHERE state = 'sent' AND due_at <= ? ORDER BY sent_at"
    for sms in world.book.find_all(Sms, query, stamp(world.clock.now())):
        sms.state = "delivered" if sms.phone in phones else "failed"
        sms.error = "" if sms.phone in phones else "unreachable"
        with world.book.together():
            world.book.write(
                "UPDATE sms_messages SET state = ?, error = ? WHERE message_id = ?",
                sms.state,
                sms.error,
                sms.message_id,
            )
            push_receipt(world, msgspec.structs.asdict(sms))


def received(world: World, person: Person) -> list[Sms]:
    """What is on this person's phone, oldest first."""
    deliver_messages(world)
    query = (
        "SELECT * FROM sms_messages WHERE phone = ? AND state = 'delivered'"
        " ORDER BY sent_at, message_id"
    )
    return world.book.find_all(Sms, query, person.phone)


def reply(world: World, person: Person, supplier: str, *, extension: str, text: str) -> str:
    """What somebody answers to a number; the supplier hands it on."""
    row = {
        "reply_id": secrets.token_hex(12),
        "supplier": supplier,
        "phone": person.phone,
        "extension": extension,
        "text": text,
        "made_at": stamp(world.clock.now()),
    }
    with world.book.together():
        world.book.write(
            "INSERT INTO sms_replies (reply_id, supplier, phone, extension, text, made_at)"
            " VALUES (:reply_id, :supplier, :phone, :extension, :text, :made_at)",
            **row,
        )
        push_reply(world, row)
    return row["reply_id"]


def _check(phone: str, text: str, extension: str) -> None:
    if not re.fullmatch(PHONE, phone):
        raise SmsRefusal("phone")
    if not 0 < len(text) <= TEXT_LIMIT:
        raise SmsRefusal("length")
    if not text.startswith(f"【{SIGN_NAME}】"):
        raise SmsRefusal("sign")
    if not re.fullmatch(r"[0-9]{0,4}", extension):
        raise SmsRefusal("extension")
