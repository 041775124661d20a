"""Text messages through a supplier, in the two forms of docs/zh/sms-gateway.md. 短信网关

`send` returns when the supplier took the message, raises SmsRefused when it provably did not, and
NoAnswer when nobody knows. What a repeat does is the supplier's `contract`.
"""

from collections.abc import Callable
from datetime import datetime
from hashlib import md5
from typing import ClassVar, Literal, Protocol, runtime_checkable

import httpx
import msgspec

from core.clock import CHINA, now
from core.wire import NoAnswer
from core.wire.hmac_api import HmacApi

Contract = Literal["dedupe", "at_most_once"]


class SmsRefused(Exception):
    """The supplier did not take it. The message is its code and carries no data."""


class NumberRefused(SmsRefused):
    """It cannot send to such a number."""


class NumberBusy(SmsRefused):
    """It sent to this number too often of late."""


_REASONS: dict[str, type[SmsRefused]] = {
    "phone_invalid": NumberRefused,
    "-3": NumberRefused,
    "frequency_limit": NumberBusy,
    "-7": NumberBusy,
}


@runtime_checkable
class SmsLine(Protocol):
    """One supplier."""

    contract: ClassVar[Contract]

    async def send(self, phone: str, text: str, *, number: str, extension: str = "") -> None:
        """Send `text` once. `number` is ours, at most 64 of A-Z, 0-9, _ and -."""
        ...


class JsonSms:
    """Supplier 甲: JSON with HMAC both ways. The same number with the same content is sent once."""

    contract: ClassVar[Contract] = "dedupe"

    def __init__(self, api: HmacApi, *, sign_name: str) -> None:
        self._api = api
        self._sign_name = sign_name

    async def send(self, phone: str, text: str, *, number: str, extension: str = "") -> None:
        body = {
            "request_id": number,
            "phone": phone,
            "text": f"【{self._sign_name}】{text}",
            "extension": extension,
        }
        answer = await self._api.post("/v1/messages", msgspec.json.encode(body))
        if answer.status != 201:
            code = _code_of(answer.body)
            raise _REASONS.get(code, SmsRefused)(code)


class FormSms:
    """Supplier 乙: a form with MD5. Sent twice it is sent twice, and it answers no questions."""

    contract: ClassVar[Contract] = "at_most_once"

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        account: str,
        secret: str,
        sign_name: str,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._client = client
        self._account = account
        self._secret = secret
        self._sign_name = sign_name
        self._clock = clock

    async def send(self, phone: str, text: str, *, number: str, extension: str = "") -> None:
        timestamp = self._clock().astimezone(CHINA).strftime("%Y%m%d%H%M%S")
        told = f"{self._account}{self._secret}{timestamp}".encode()
        form = {
            "account": self._account,
            "timestamp": timestamp,
            "sign": md5(told, usedforsecurity=False).hexdigest(),  # the supplier's own form
            "mobile": phone,
            "content": f"【{self._sign_name}】{text}",
            "ext": extension,
        }
        try:
            response = await self._client.post("/send.do", data=form)
        except httpx.HTTPError as error:
            raise NoAnswer(type(error).__name__) from None
        result = response.text.strip()
        if response.status_code != 200 or not (result.startswith("0,") or _is_code(result)):
            raise NoAnswer(f"status {response.status_code}")
        if not result.startswith("0,"):
            raise _REASONS.get(result, SmsRefused)(result)


def _is_code(text: str) -> bool:
    return text.startswith("-") and text[1:].isascii() and text[1:].isdigit() and len(text) <= 4


def _code_of(body: bytes) -> str:
    try:
        code = msgspec.json.decode(body, type=dict[str, str])["code"]
    except (msgspec.DecodeError, KeyError):
        return "unreadable"
    return code[:32]
