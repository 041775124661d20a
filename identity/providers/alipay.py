"""Alipay mini-program: the auth code, and the number in a signed payload. 支付宝登录"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import msgspec
from msgspec import Struct

from core.signing import BadSignature
from core.wire import NoAnswer, alipay
from core.wire.alipay_gateway import AlipayGateway
from identity.kinds import ProviderName
from identity.providers import (
    LoginCodeRejected,
    PhoneProofRejected,
    ProviderFailed,
    Subject,
)

_METHOD = "alipay.system.oauth.token"
_OPEN_IDS = "alipay.open.app.openid.batchquery"
_CODE_INVALID = "isv.code-invalid"


class _Grant(Struct):
    """What a code is worth. The tokens beside these are left unread: nothing here needs them."""

    open_id: str = ""
    user_id: str = ""
    union_id: str | None = None


class _Named(Struct):
    user_id: str
    open_id: str


class _OpenIds(Struct):
    open_id_list: list[_Named] = []


class _Envelope(Struct):
    response: str
    sign: str


class _Phone(Struct):
    code: str = ""
    mobile: str = ""


class AlipayProvider:
    name: ClassVar = ProviderName.ALIPAY

    def __init__(self, gateway: AlipayGateway) -> None:
        self.appid = gateway.keys.app_id
        self._gateway = gateway
        self._keys = gateway.keys

    async def exchange(self, code: str, *, at: datetime) -> Subject:
        try:
            answer = await self._gateway.call(
                _METHOD, at=at, grant_type="authorization_code", code=code
            )
            grant = msgspec.json.decode(answer.node, type=_Grant)
        except (NoAnswer, msgspec.MsgspecError) as error:
            raise ProviderFailed(provider=self.name, reason=type(error).__name__) from None
        if answer.sub_code == _CODE_INVALID:
            raise LoginCodeRejected(sub_code=answer.sub_code)
        names = [name for name in (grant.open_id, grant.user_id) if name]
        if answer.code not in ("", "10000") or not names:
            raise ProviderFailed(
                provider=self.name, answer_code=answer.code, sub_code=answer.sub_code
            )
        return Subject(names[0], grant.union_id, alias=names[1] if names[1:] else None)

    async def newer_names(self, older: Sequence[str], *, at: datetime) -> dict[str, str]:
        """The open_id of each user_id that is a user's of this app."""
        content = {"user_id_list": list(older)}
        try:
            answer = await self._gateway.call(_OPEN_IDS, at=at, biz_content=content)
            if answer.code != "10000" or not answer.signed:
                raise ProviderFailed(provider=self.name, sub_code=answer.sub_code)
            told = msgspec.json.decode(answer.node, type=_OpenIds)
        except (NoAnswer, msgspec.MsgspecError) as error:
            raise ProviderFailed(provider=self.name, reason=type(error).__name__) from None
        asked = set(older)
        pairs = {one.user_id: one.open_id for one in told.open_id_list if one.open_id}
        return {name: newer for name, newer in pairs.items() if name in asked}

    def phone_key(self, proof: str) -> str:
        """What Alipay signed of it: spaces around that make no other payload of the same one."""
        return _envelope(proof).response

    async def read_phone(self, proof: str, *, subject: str, at: datetime) -> str:
        """Open what my.getPhoneNumber gave. It names no user and no time: accept each one once."""
        try:
            envelope = _envelope(proof)
            encrypted = not envelope.response.startswith("{")
            signed = f'"{envelope.response}"' if encrypted else envelope.response
            self._keys.verify_unnamed(signed.encode(), envelope.sign)
            text = envelope.response
            if encrypted:
                text = alipay.aes_decrypt(self._keys.aes_key, text)
            phone = msgspec.json.decode(text, type=_Phone)
        except (BadSignature, ValueError, msgspec.MsgspecError):
            raise PhoneProofRejected(reason="not genuine") from None
        if phone.code != "10000" or not phone.mobile:
            raise PhoneProofRejected(answer_code=phone.code)
        return phone.mobile


def _envelope(proof: str) -> _Envelope:
    try:
        return msgspec.json.decode(proof, type=_Envelope)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise PhoneProofRejected(reason="not a payload") from None
