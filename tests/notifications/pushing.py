"""Pushes as WeChat sends them, sealed and signed by the sandbox's own reading of the protocol."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from core.wire.wechat_push import PushKeys
from notifications.channels.wechat_push import PushAddress, PushedEvent, WechatPushes
from sandbox.wechat.push_crypto import seal, signature
from tests.given import AT

KEYS = PushKeys("wx-test", "tokenForTests", "k" * 42 + "g")
NONCE = "415670741"
Entry = dict[str, Any]


class Letter(NamedTuple):
    query: dict[str, str]
    body: bytes

    def address(self) -> PushAddress:
        known = PushAddress.__struct_fields__
        return PushAddress(**{name: self.query[name] for name in known if name in self.query})


def answered(answer: str, template_id: str = "tpl-fee") -> Entry:
    return {"TemplateId": template_id, "SubscribeStatusString": answer, "PopupScene": "0"}


def sent(number: str | int, code: str | int = "0", template_id: str = "tpl-fee") -> Entry:
    status = "success" if str(code) == "0" else "failed:system failed"
    return {"TemplateId": template_id, "MsgID": number, "ErrorCode": code, "ErrorStatus": status}


def message(event: str, entries: Entry | Sequence[Entry], **changes: Any) -> dict[str, Any]:
    return {
        "ToUserName": "gh_1",
        "FromUserName": "openid-1",
        "CreateTime": str(int(AT.timestamp())),
        "MsgType": "event",
        "Event": event,
        "List": entries,
    } | changes


def letter(content: object, *, keys: PushKeys = KEYS, at: datetime = AT) -> Letter:
    """A genuine push of this content, signed at that moment."""
    timestamp = str(int(at.timestamp()))
    sealed = seal(keys.encoding_aes_key, keys.appid, msgspec.json.encode(content))
    query = {
        "signature": signature(keys.token, timestamp, NONCE),
        "timestamp": timestamp,
        "nonce": NONCE,
        "openid": "openid-1",
        "encrypt_type": "aes",
        "msg_signature": signature(keys.token, timestamp, NONCE, sealed),
    }
    return Letter(query, msgspec.json.encode({"ToUserName": "gh_1", "Encrypt": sealed}))


def read(given: Letter, *, appid: str = KEYS.appid, at: datetime = AT) -> list[PushedEvent]:
    return WechatPushes([KEYS]).read(appid, given.address(), given.body, at=at)


def events(event: str, entries: Entry | Sequence[Entry], **changes: Any) -> list[PushedEvent]:
    return read(letter(message(event, entries, **changes)))
