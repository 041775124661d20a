"""WeChat mini-program: code2Session, and the number behind a phone code. 微信登录"""

import logging
from base64 import b64decode
from datetime import datetime
from typing import Any, ClassVar, TypeVar

import httpx
import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from msgspec import Struct

from core.wire import NoAnswer
from identity.kinds import ProviderName
from identity.providers import (
    CodeUsed,
    LoginCodeRejected,
    LoginRefused,
    PhoneProofRejected,
    ProviderFailed,
    Subject,
)
from identity.providers.wechat_token import WechatToken

CODE_INVALID, CODE_USED, HIGH_RISK = 40029, 40163, 40226
TOKEN_STALE = frozenset({40001, 40014, 42001})
OURS_IS_WRONG = frozenset({40013, 40125})

T = TypeVar("T", bound="_Reply")
log = logging.getLogger(__name__)


class _Reply(Struct):
    errcode: int = 0


class _Session(_Reply):
    """What code2Session answers. Its `session_key` is left unread: nothing here needs it."""

    openid: str = ""
    unionid: str | None = None


class _Watermark(Struct):
    appid: str
    timestamp: int = 0


class _PhoneInfo(Struct, rename="camel"):
    pure_phone_number: str
    country_code: str | int
    watermark: _Watermark


class _PhoneReply(_Reply):
    phone_info: _PhoneInfo | None = None


class WechatProvider:
    name: ClassVar = ProviderName.WECHAT

    def __init__(
        self, client: httpx.AsyncClient, *, appid: str, secret: str, token: WechatToken
    ) -> None:
        self.appid = appid
        self._client = client
        self._token = token
        self._credentials = {"appid": appid, "secret": secret, "grant_type": "authorization_code"}

    async def exchange(self, code: str, *, at: datetime) -> Subject:
        parameters = self._credentials | {"js_code": code}
        session = await self._ask("GET", "/sns/jscode2session", _Session, params=parameters)
        if session.errcode == CODE_USED:
            raise CodeUsed(errcode=session.errcode)
        if session.errcode == CODE_INVALID:
            raise LoginCodeRejected(errcode=session.errcode)
        if session.errcode == HIGH_RISK:
            raise LoginRefused(errcode=session.errcode)
        self._refuse_failure(session)
        if not session.openid:
            raise ProviderFailed(provider=self.name)
        return Subject(session.openid, session.unionid)

    async def read_phone(self, proof: str, *, subject: str, at: datetime) -> str:
        """WeChat checks that the code is `subject`'s; we check that the answer is our app's."""
        body = msgspec.json.encode({"code": proof, "openid": subject})
        reply = await self._ask_with_token("/wxa/business/getuserphonenumber", body, _PhoneReply)
        if reply.errcode == CODE_INVALID:
            raise PhoneProofRejected(errcode=reply.errcode)
        self._refuse_failure(reply)
        info = reply.phone_info
        if info is None or info.watermark.appid != self.appid:
            raise PhoneProofRejected(reason="another app's")
        if str(info.country_code) != "86":
            raise PhoneProofRejected(reason="not a mainland number")
        return info.pure_phone_number

    async def _ask_with_token(self, path: str, body: bytes, reply: type[T]) -> T:
        """Ask, and once more with another token when WeChat says this one is no good."""
        try:
            token = await self._token.get()
            answer = await self._ask(
                "POST", path, reply, params={"access_token": token}, content=body
            )
            if answer.errcode in TOKEN_STALE:
                token = await self._token.renew(token)
                answer = await self._ask(
                    "POST", path, reply, params={"access_token": token}, content=body
                )
        except NoAnswer as error:
            raise ProviderFailed(provider=self.name, reason=str(error)) from None
        return answer

    async def _ask(self, method: str, path: str, reply: type[T], **request: Any) -> T:
        try:
            response = await self._client.request(method, path, **request)
            return msgspec.json.decode(response.raise_for_status().content, type=reply)
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            # Not `from error`: its text has the address, and that has the secret.
            raise ProviderFailed(provider=self.name, reason=type(error).__name__) from None

    def _refuse_failure(self, reply: _Reply) -> None:
        if reply.errcode in OURS_IS_WRONG:
            log.error("wechat refuses our credentials", extra={"errcode": reply.errcode})
        if reply.errcode:
            raise ProviderFailed(provider=self.name, errcode=reply.errcode)


def decrypt_data(encrypted: str, *, iv: str, session_key: str, appid: str) -> dict[str, Any]:
    """Open a client's `encryptedData`; PhoneProofRejected when it is not this app's.

    A rotated session key gives a padding error or garbage: the answer is to sign in again.
    """
    try:
        cipher = Cipher(AES(b64decode(session_key)), CBC(b64decode(iv))).decryptor()
        padded = cipher.update(b64decode(encrypted)) + cipher.finalize()
        unpadder = PKCS7(128).unpadder()
        text = unpadder.update(padded) + unpadder.finalize()
        data = msgspec.json.decode(text, type=dict[str, Any])
        watermark = msgspec.convert(data.get("watermark"), _Watermark)
    except (ValueError, msgspec.MsgspecError):
        raise PhoneProofRejected(reason="not readable") from None
    if watermark.appid != appid:
        raise PhoneProofRejected(reason="another app's")
    return data
