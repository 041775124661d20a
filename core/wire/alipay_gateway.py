"""One call to Alipay's gateway: sign, send, and believe only a signed answer. 支付宝开放平台网关"""

import contextlib
from base64 import b64decode
from datetime import datetime
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from msgspec import Struct

from core.clock import CHINA
from core.signing import BadSignature
from core.wire import NoAnswer, alipay
from core.wire.alipay_trust import AlipayCertificates, CertificateUnknown

_DOWNLOAD = "alipay.open.app.alipaycert.download"


class AlipayKeys(Struct, frozen=True):
    """What Alipay's console and ours agreed on for one app.

    In public-key mode Alipay has one key; in certificate mode it says each time which one. With an
    `aes_key` the contents of calls go and come encrypted; without, they do not.
    """

    app_id: str
    private_key: RSAPrivateKey
    alipay_public_key: RSAPublicKey | None
    aes_key: str
    certificates: AlipayCertificates | None = None

    def __post_init__(self) -> None:
        if (self.alipay_public_key is None) == (self.certificates is None):
            raise ValueError("either Alipay's public key or certificates")

    def verify(self, content: bytes, signature: str, *, cert_sn: str) -> None:
        """Raise BadSignature unless Alipay signed exactly `content`, under that certificate."""
        alipay.verify(self._key(cert_sn), content, signature)

    def verify_unnamed(self, content: bytes, signature: str) -> None:
        """The same, for what is signed and names no certificate."""
        keys = self.certificates.keys() if self.certificates else [self._key("")]
        for key in keys[:-1]:
            with contextlib.suppress(BadSignature):
                return alipay.verify(key, content, signature)
        return alipay.verify(keys[-1], content, signature)

    def _key(self, cert_sn: str) -> RSAPublicKey:
        if self.certificates is not None:
            return self.certificates.key(cert_sn)
        assert self.alipay_public_key is not None
        return self.alipay_public_key

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


class _Downloaded(Struct):
    alipay_cert_content: str


class AlipayGateway:
    """Calls the gateway's one address. All it keeps are certificates of Alipay's."""

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
        if self.keys.certificates and (sn := self.keys.certificates.take_wanted(at=at)):
            await self._fetch(self.keys.certificates, sn, at=at)
        content = "" if biz_content is None else _compact(biz_content)
        if content and self.keys.aes_key:
            content = alipay.aes_encrypt(self.keys.aes_key, content)
            params["encrypt_type"] = "AES"
        raw = await self._send(method, content, params, at=at)
        try:
            return self._read(raw, method)
        except CertificateUnknown as unknown:
            assert self.keys.certificates is not None
            await self._fetch(self.keys.certificates, unknown.sn, at=at)
        try:
            return self._read(raw, method)
        except CertificateUnknown as unknown:
            raise NoAnswer("unknown certificate") from unknown

    async def _send(
        self, method: str, content: str, params: dict[str, str], *, at: datetime
    ) -> bytes:
        common = params | {
            "app_id": self.keys.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
            "version": "1.0",
        }
        if self.keys.certificates is not None:
            common["app_cert_sn"] = self.keys.certificates.app_sn
            common["alipay_root_cert_sn"] = self.keys.certificates.root_sn
        form = {"biz_content": content} if content else {}
        signature = alipay.sign(self.keys.private_key, alipay.sign_content(common | form))
        try:
            response = await self._client.post(
                self._url, params=common | {"sign": signature}, data=form
            )
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise NoAnswer(type(error).__name__) from None  # its text has the address
        return response.content

    async def _fetch(self, certificates: AlipayCertificates, sn: str, *, at: datetime) -> None:
        """Ask for a certificate, now and then. Its chain proves it, not the answer's signature,
        which may be the new key's.
        """
        async with certificates.fetching:
            if not certificates.may_ask(sn, at=at):
                return
            with contextlib.suppress(NoAnswer, ValueError, BadSignature, msgspec.MsgspecError):
                raw = await self._send(_DOWNLOAD, _compact({"alipay_cert_sn": sn}), {}, at=at)
                told = msgspec.json.decode(self._node(raw, _DOWNLOAD), type=_Downloaded)
                certificates.learn(sn, b64decode(told.alipay_cert_content), at=at)

    def _read(self, raw: bytes, method: str) -> AlipayAnswer:
        try:
            node = self._node(raw, method)
            signature = alipay.answer_sign(raw)
            if signature is not None:
                self.keys.verify(node, signature, cert_sn=alipay.answer_cert_sn(raw))
                node = self._opened(node)
            codes = msgspec.json.decode(node, type=_Codes)
        except CertificateUnknown:
            raise
        except (ValueError, BadSignature) as error:
            raise NoAnswer(type(error).__name__) from error
        if signature is None and codes.code in ("", "10000"):
            raise NoAnswer("unsigned success")
        return AlipayAnswer(codes.code, codes.sub_code, node, signature is not None)

    def _opened(self, node: bytes) -> bytes:
        """A node whose signature held, in clear: an encrypted one is a JSON string of ciphertext.

        What Alipay signed in clear stays so: it does not encrypt what it refuses at the entrance.
        """
        if not node.startswith(b'"'):
            return node
        sealed = msgspec.json.decode(node, type=str)
        return alipay.aes_decrypt(self.keys.aes_key, sealed).encode()

    @staticmethod
    def _node(raw: bytes, method: str) -> bytes:
        try:
            return alipay.cut_answer(raw, method.replace(".", "_") + "_response")
        except alipay.AnswerMalformed:
            return alipay.cut_answer(raw, "error_response")


def _compact(content: dict[str, Any]) -> str:
    return msgspec.json.encode(content).decode()
