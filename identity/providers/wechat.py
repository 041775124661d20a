"""WeChat mini-program: code2Session, and the number behind a phone code. 微信登录"""

from base64 import b64decode
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx
import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from msgspec import Struct

from identity.kinds import ProviderName
from identity.providers import (
    CodeUsed,
    LoginCodeRejected,
    LoginRefused,
    PhoneProofRejected,
    ProviderFailed,
    SealedPhone,
    Subject,
)
from identity.providers.wechat_api import Reply, WechatLine, refuse_failure
from identity.providers.wechat_token import WechatToken

CODE_INVALID, CODE_USED, HIGH_RISK = 40029, 40163, 40226
SEALED_LASTS = timedelta(minutes=15)
"""How old what a client got sealed may be: one cannot keep somebody's number for later."""


class _Session(Reply):
    """What code2Session answers. `session_key` opens what the same phone was given sealed."""

    openid: str = ""
    unionid: str | None = None
    session_key: str = ""

    def __repr__(self) -> str:
        return "_Session(…)"


class _Watermark(Struct):
    appid: str
    timestamp: int = 0


class _PhoneInfo(Struct, rename="camel"):
    pure_phone_number: str
    country_code: str | int
    watermark: _Watermark


class _PhoneReply(Reply):
    phone_info: _PhoneInfo | None = None


class WechatProvider:
    name: ClassVar = ProviderName.WECHAT

    def __init__(
        self, client: httpx.AsyncClient, *, appid: str, secret: str, token: WechatToken
    ) -> None:
        self.appid = appid
        self._line = WechatLine(client, token)
        self._credentials = {"appid": appid, "secret": secret, "grant_type": "authorization_code"}

    async def exchange(self, code: str, *, at: datetime) -> Subject:
        session = await self._session(code)
        return Subject(session.openid, session.unionid)

    async def read_phone(self, proof: str, *, subject: str, at: datetime) -> str:
        """WeChat checks that the code is `subject`'s; we check that the answer is our app's."""
        reply = await self._line.ask_with_token(
            "/wxa/business/getuserphonenumber", {"code": proof, "openid": subject}, _PhoneReply
        )
        if reply.errcode == CODE_INVALID:
            raise PhoneProofRejected(errcode=reply.errcode)
        refuse_failure(reply)
        if reply.phone_info is None:
            raise PhoneProofRejected(reason="no number")
        return self._mainland(reply.phone_info)

    async def open_phone(self, sealed: SealedPhone, *, subject: str, at: datetime) -> str:
        """The older way to a number. The key that opens it is asked for, used and forgotten here:
        it is kept nowhere, because the client brings the code of its newest wx.login with it.
        """
        try:
            session = await self._session(sealed.login_code)
        except (CodeUsed, LoginCodeRejected) as error:
            raise PhoneProofRejected(**error.context) from None
        if session.openid != subject:
            raise PhoneProofRejected(reason="another account's")
        info = self._opened(sealed, session.session_key)
        if abs(at.timestamp() - info.watermark.timestamp) > SEALED_LASTS.total_seconds():
            raise PhoneProofRejected(reason="too old")
        return self._mainland(info)

    def _opened(self, sealed: SealedPhone, session_key: str) -> _PhoneInfo:
        data = decrypt_data(
            sealed.encrypted_data, iv=sealed.iv, session_key=session_key, appid=self.appid
        )
        try:
            return msgspec.convert(data, _PhoneInfo)
        except msgspec.MsgspecError:
            raise PhoneProofRejected(reason="not a number") from None

    async def _session(self, code: str) -> _Session:
        parameters = self._credentials | {"js_code": code}
        session = await self._line.ask("GET", "/sns/jscode2session", _Session, params=parameters)
        if session.errcode == CODE_USED:
            raise CodeUsed(errcode=session.errcode)
        if session.errcode == CODE_INVALID:
            raise LoginCodeRejected(errcode=session.errcode)
        if session.errcode == HIGH_RISK:
            raise LoginRefused(errcode=session.errcode)
        refuse_failure(session)
        if not session.openid:
            raise ProviderFailed(provider=self.name)
        return session

    def _mainland(self, info: _PhoneInfo) -> str:
        if info.watermark.appid != self.appid:
            raise PhoneProofRejected(reason="another app's")
        if str(info.country_code) != "86":
            raise PhoneProofRejected(reason="not a mainland number")
        return info.pure_phone_number


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
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise PhoneProofRejected(reason="not readable") from None
    if watermark.appid != appid:
        raise PhoneProofRejected(reason="another app's")
    return data
