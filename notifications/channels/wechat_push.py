"""What WeChat pushes to us about subscribe messages, believed or refused. 消息推送

Safe mode and JSON only. The window for the time in the address is wide: a retry carries the time
of the first try.
"""

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

import msgspec
from msgspec import Struct, field

from core.errors import NotAllowed
from core.signing import BadSignature
from core.wire.wechat_push import PushKeys, check_push, open_push

WINDOW = timedelta(seconds=600)

_SECONDS = re.compile(r"[0-9]{1,11}\Z")


class PushRejected(NotAllowed):
    """The push is not provably from WeChat, or is not meant for us."""

    code = "notifications.push_rejected"
    message = "消息推送校验未通过"


class PushKind(StrEnum):
    """The events that concern us; any other is acknowledged and forgotten."""

    ANSWERED = "subscribe_msg_popup_event"  # 弹窗操作
    CHANGED = "subscribe_msg_change_event"  # 设置页操作
    SENT = "subscribe_msg_sent_event"  # 发送结果


class PushAddress(Struct, frozen=True, kw_only=True):
    """The query of a push; `msg_signature` vouches for the body, `signature` for nothing in it."""

    timestamp: str
    nonce: str
    signature: str = ""
    msg_signature: str = ""
    encrypt_type: str = ""


class PushedEvent(Struct, frozen=True, kw_only=True):
    """One entry of an event. `word` is accept, reject or an error code, where 0 is none.

    The same event gives the same `digest` however often it comes, and says nobody's name.
    """

    digest: str
    kind: PushKind
    openid: str
    template_id: str
    word: str
    provider_no: str | None
    occurred_at: datetime


class _Envelope(Struct):
    encrypt: str = field(name="Encrypt")


class _Entry(Struct):
    template_id: str = field(name="TemplateId")
    answer: str | None = field(name="SubscribeStatusString", default=None)
    number: str | int | None = field(name="MsgID", default=None)
    error: str | int | None = field(name="ErrorCode", default=None)


class _Message(Struct):
    """Numbers may come as texts, and one entry of the list without the list."""

    openid: str = field(name="FromUserName")
    created: str | int = field(name="CreateTime")
    event: str = field(name="Event", default="")
    entries: _Entry | list[_Entry] = field(name="List", default_factory=list)


class _Header(Struct):
    event: str = field(name="Event", default="")


class WechatPushes:
    """Reads the pushes of the apps whose keys we hold; without keys, refuses every one."""

    def __init__(self, keys: Iterable[PushKeys] = ()) -> None:
        self._keys = {one.appid: one for one in keys}

    def check_address(self, appid: str, address: PushAddress, *, at: datetime) -> None:
        """That WeChat signed the address, as when it is entered in the console; or PushRejected."""
        keys = self._keys_of(appid, address, at)
        self._check(keys, address, address.signature, None)

    def read(
        self, appid: str, address: PushAddress, body: bytes, *, at: datetime
    ) -> list[PushedEvent]:
        """What a genuine push says that concerns us; PushRejected when it is not genuine.

        Raises ValueError when a genuine one says what concerns us in a form that we cannot read.
        """
        keys = self._keys_of(appid, address, at)
        if address.encrypt_type != "aes":
            raise PushRejected(reason="not in safe mode")
        try:
            encrypt = msgspec.json.decode(body, type=_Envelope).encrypt
            self._check(keys, address, address.msg_signature, encrypt)
            text = open_push(keys, encrypt)
        except (msgspec.MsgspecError, ValueError) as error:
            raise PushRejected(reason=type(error).__name__) from error
        return _events(appid, text)

    def _keys_of(self, appid: str, address: PushAddress, at: datetime) -> PushKeys:
        keys = self._keys.get(appid)
        if keys is None:
            raise PushRejected(reason="unknown app")
        sent_at = _moment(address.timestamp)
        if sent_at is None or abs(at - sent_at) > WINDOW:
            raise PushRejected(reason="time")
        return keys

    def _check(
        self, keys: PushKeys, address: PushAddress, signature: str, encrypt: str | None
    ) -> None:
        try:
            check_push(
                keys.token,
                timestamp=address.timestamp,
                nonce=address.nonce,
                signature=signature,
                encrypt=encrypt,
            )
        except (BadSignature, ValueError) as error:
            raise PushRejected(reason="signature") from error


def is_encoding_key(text: str) -> bool:
    """Whether it is the 43 characters that the console calls EncodingAESKey."""
    return len(text) == 43 and len(b64decode(text + "=", validate=True)) == 32


def _events(appid: str, text: str) -> list[PushedEvent]:
    try:
        header = msgspec.json.decode(text, type=_Header)
        if header.event not in set(PushKind):
            return []
        message = msgspec.json.decode(text, type=_Message)
        return list(_entries(appid, message, PushKind(header.event)))
    except msgspec.MsgspecError as error:
        raise ValueError("not an event as WeChat writes it") from error


def _entries(appid: str, message: _Message, kind: PushKind) -> Iterator[PushedEvent]:
    occurred_at = _moment(str(message.created))
    entries = message.entries if isinstance(message.entries, list) else [message.entries]
    for entry in entries:
        said = entry.error if kind is PushKind.SENT else entry.answer
        number = "" if entry.number is None else str(entry.number)
        if occurred_at is None or said is None or (kind is PushKind.SENT and not number):
            raise ValueError("incomplete")
        if max(len(entry.template_id), len(number)) > 64 or len(word := str(said)) > 32:
            raise ValueError("too long")
        parts = [appid, message.openid, str(message.created), kind, entry.template_id, word, number]
        yield PushedEvent(
            digest=sha256("\0".join(parts).encode()).hexdigest(),
            kind=kind,
            openid=message.openid,
            template_id=entry.template_id,
            word=word,
            provider_no=number or None,
            occurred_at=occurred_at,
        )


def _moment(seconds: str) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if _SECONDS.match(seconds) else None
