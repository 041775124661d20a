"""One call to Alipay's gateway: sign, send, and believe only a signed answer. 支付宝开放平台网关"""

from datetime import datetime
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from msgspec import Struct

from core.clock import CHINA
from core.signing import BadSignature
from core.wire import NoAnswer, alipay


class AlipayKeys(Struct, frozen=True):
    """What Alipay's console and ours agreed on for one app. Public-key mode."""

    app_id: str
    private_key: RSAPrivateKey
    alipay_public_key: RSAPublicKey
    aes_key: str

    def __repr__(self) -> str:
        return f"AlipayKeys(app_id={self.app_id!r})"


class AlipayAnswer(Struct, frozen=True):
    """The gateway's answer. An unsigned refusal proves nothing about the effect."""

    code: str
    sub_code: str
    node: bytes
    signed: bool


class _Codes(Struct):
    code: str = ""
    sub_code: str = ""


class AlipayGateway:
    """Calls the gateway's one address. It keeps no state."""

    def __init__(self, keys: AlipayKeys, client: httpx.AsyncClient, *, url: str) -> None:
        self.keys = keys
        self._client = client
        self._url = url

    async def call(
        self,
        method: str,
        *,
        at: datetime,
        biz_content: dict[str, Any] | None = None,
        **params: str,
    ) -> AlipayAnswer:
        """Send one call, once. Raises NoAnswer when what became of it is unknown.

        `params` are common ones such as notify_url, or plain ones where the method wants them.
        """
        common = params | {
            "app_id": self.keys.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
            "version": "1.0",
        }
        content = {} if biz_content is None else {"biz_content": _compact(biz_content)}
        signature = alipay.sign(self.keys.private_key, alipay.sign_content(common | content))
        try:
            response = await self._client.post(
                self._url, params=common | {"sign": signature}, data=content
            )
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise NoAnswer(type(error).__name__) from None  # its text has the address
        return self._read(response.content, method)

    def _read(self, raw: bytes, method: str) -> AlipayAnswer:
        try:
            node = self._node(raw, method)
            codes = msgspec.json.decode(node, type=_Codes)
            signature = alipay.answer_sign(raw)
            if signature is not None:
                alipay.verify(self.keys.alipay_public_key, node, signature)
        except (alipay.AnswerMalformed, msgspec.MsgspecError, BadSignature) as error:
            raise NoAnswer(type(error).__name__) from error
        if signature is None and codes.code in ("", "10000"):
            raise NoAnswer("unsigned success")
        return AlipayAnswer(codes.code, codes.sub_code, node, signature is not None)

    @staticmethod
    def _node(raw: bytes, method: str) -> bytes:
        try:
            return alipay.cut_answer(raw, method.replace(".", "_") + "_response")
        except alipay.AnswerMalformed:
            return alipay.cut_answer(raw, "error_response")


def _compact(content: dict[str, Any]) -> str:
    return msgspec.json.encode(content).decode()
