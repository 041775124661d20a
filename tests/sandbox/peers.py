"""Clients of the sandbox that share no code with it: other people's SDKs sign and verify."""

import hmac
import json
import time
import uuid
from base64 import b64encode
from hashlib import md5, sha256
from typing import Any
from urllib.parse import urlencode

import httpx
from alipay.aop.api.util.SignatureUtils import get_sign_content, verify_with_rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate, load_pem_x509_certificates
from wechatpayv3 import utils as wechatpay

from sandbox.clock import CHINA, Clock
from sandbox.crypto import sign

PAY = "/api.mch.weixin.qq.com"


class Merchant:
    """A merchant who signs and verifies with wechatpayv3."""

    def __init__(self, http: httpx.AsyncClient, console: dict[str, Any], mchid: str) -> None:
        own = next(m for m in console["wechat_pay"]["merchants"] if m["mchid"] == mchid)
        self.http = http
        self.mchid = mchid
        self.serial_no = own["serial_no"]
        self.apiv3_key = own["apiv3_key"]
        self.public_key_id = own["public_key_id"]
        self.key = wechatpay.load_private_key(own["private_key_pem"])
        self.platform_key = wechatpay.load_public_key(own["public_key_pem"])
        self.platform_keys = {self.public_key_id: self.platform_key}

    async def call(
        self, method: str, path: str, content: Any = None, **changed: str
    ) -> httpx.Response:
        """Send it as the SDK does; `changed` replaces headers. The answer's signature holds."""
        reply = await self.send(method, path, content, **changed)
        assert reply.status_code == 401 or self.verifies(reply.headers, reply.text)
        return reply

    async def send(
        self, method: str, path: str, content: Any = None, **changed: str
    ) -> httpx.Response:
        body = json.dumps(content, ensure_ascii=False) if content is not None else ""
        signed = wechatpay.build_authorization(
            path, method, self.mchid, self.serial_no, self.key, data=body
        )
        headers = {
            "Authorization": signed,
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Wechatpay-Serial": self.public_key_id,
        }
        return await self.http.request(
            method, PAY + path, content=body.encode(), headers=headers | changed
        )

    def verifies(self, headers: Any, text: str) -> bool:
        return bool(
            wechatpay.rsa_verify(
                headers["wechatpay-timestamp"],
                headers["wechatpay-nonce"],
                text,
                headers["wechatpay-signature"],
                self.platform_keys[headers["wechatpay-serial"]],
            )
        )

    def opened(self, notice: dict[str, Any]) -> dict[str, Any]:
        resource = notice["resource"]
        given = (resource["nonce"], resource["ciphertext"], resource["associated_data"])
        return dict(json.loads(wechatpay.aes_decrypt(*given, self.apiv3_key)))

    def sealed(self, text: str) -> str:
        return str(wechatpay.rsa_encrypt(text, self.platform_key))

    def pay_sheet(self, appid: str, prepay_id: str) -> dict[str, str]:
        timestamp, nonce, package = (
            str(int(time.time())),
            uuid.uuid4().hex,
            f"prepay_id={prepay_id}",
        )
        message = f"{appid}\n{timestamp}\n{nonce}\n{package}\n"
        return {
            "appId": appid,
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": wechatpay.rsa_sign(self.key, message),
        }


class AlipayClient:
    """An application that signs as alipay-sdk-python does, and verifies with it."""

    def __init__(self, http: httpx.AsyncClient, app: dict[str, Any], clock: Clock) -> None:
        self.http = http
        self.app_id = app["app_id"]
        self.key = load_pem_private_key(app["app_private_key_pem"].encode(), None)
        self.app, self.clock = app, clock
        self.certificates: dict[str, str] = {}
        if "alipay_cert_pem" in app:
            alipay_cert = app["alipay_cert_pem"]
            self.certificates = {
                "app_cert_sn": cert_sn(app["app_cert_pem"]),
                "alipay_root_cert_sn": root_cert_sn(app["root_bundle_pem"]),
            }
            self.alipay_cert_sn = cert_sn(alipay_cert)
            self.trust(load_pem_x509_certificate(alipay_cert.encode()).public_key())
        else:
            self.trust(load_pem_public_key(app["alipay_public_key_pem"].encode()))

    def trust(self, key: Any) -> None:
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.alipay_key = b64encode(der).decode()

    def params(self, method: str, **more: str) -> dict[str, str]:
        return {
            "app_id": self.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": self.clock.now().astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S"),
            "version": "1.0",
            **self.certificates,
        } | more

    async def send(self, params: dict[str, str], signature: str | None = None) -> httpx.Response:
        signed = sign(self.key, get_sign_content(params).encode())
        form = {"biz_content": params["biz_content"]} if "biz_content" in params else {}
        query = {k: v for k, v in params.items() if k not in form} | {"sign": signature or signed}
        url = f"/openapi.alipay.com/gateway.do?{urlencode(query)}"
        return await self.http.post(url, data=form)

    async def call(self, method: str, content: Any = None, **more: str) -> dict[str, Any]:
        """The node of the answer, whose raw text the SDK's verification accepts."""
        given = {"biz_content": json.dumps(content, ensure_ascii=False)} if content else {}
        return self.node(await self.send(self.params(method, **given, **more)))

    def node(self, reply: httpx.Response) -> dict[str, Any]:
        text, _, tail = reply.text.rpartition(',"sign":"')
        raw = text.partition(":")[2]
        if self.certificates:
            raw, _, under = raw.rpartition(',"alipay_cert_sn":"')
            assert under == f'{self.alipay_cert_sn}"'
        assert self.verifies(raw, tail.removesuffix('"}'))
        return dict(json.loads(raw))

    def verifies(self, text: str, signature: str) -> bool:
        return verify_with_rsa(self.alipay_key, text.encode(), signature)


def cert_sn(pem: str) -> str:
    """As Alipay's SDK for Node does it: MD5 of the issuer's text and the decimal serial."""
    certificate = load_pem_x509_certificate(pem.encode())
    text = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def root_cert_sn(bundle: str) -> str:
    certificates = load_pem_x509_certificates(bundle.encode())
    rsa = [one for one in certificates if "RSA" in one.signature_algorithm_oid._name.upper()]
    pems = [one.public_bytes(Encoding.PEM).decode() for one in rsa]
    return "_".join(cert_sn(pem) for pem in pems)


class Machine:
    """Somebody who knows a register's or the bank's secret, written from the contract."""

    def __init__(self, http: httpx.AsyncClient, key: dict[str, str], prefix: str) -> None:
        self.http, self.key, self.prefix = http, key, prefix

    async def call(
        self, method: str, path: str, content: Any = None, *, nonce: str = "", late: int = 0
    ) -> httpx.Response:
        body = b"" if content is None else json.dumps(content).encode()
        timestamp, nonce = str(int(time.time()) - late), nonce or uuid.uuid4().hex
        headers = {
            "X-App-Key": self.key["app_key"],
            "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": self._mac(method, path, timestamp, nonce, body),
        }
        reply = await self.http.request(method, self.prefix + path, content=body, headers=headers)
        if "x-signature" in reply.headers:
            told = reply.headers["x-timestamp"]
            expected = self._mac(str(reply.status_code), told, nonce, reply.content)
            assert reply.headers["x-signature"] == expected
        return reply

    def _mac(self, *parts: str | bytes) -> str:
        lines = [part if isinstance(part, bytes) else part.encode() for part in parts]
        return hmac.new(self.key["secret"].encode(), b"\n".join(lines), sha256).hexdigest()
