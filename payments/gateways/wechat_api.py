"""WeChat Pay APIv3 on the wire: signed requests, verified answers, decrypted callbacks. 微信支付

Written for a direct merchant. Bytes are serialised once and the same ones are signed and sent; an
answer is verified before it is read; several platform keys are valid at once, public keys and
certificates alike.
"""

import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

import httpx
import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from msgspec import Struct

from core.clock import now
from payments.gateways import GatewayFailed, GatewayRefused, NoticeRejected

MAX_CLOCK_SKEW = timedelta(minutes=5)
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_TOO_OFTEN = {"FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED"}
_UNPROVEN = {"SYSTEM_ERROR", "BANK_ERROR"} | _TOO_OFTEN

_OUR_KEY = "SIGN_ERROR"

T = TypeVar("T")


class WechatPayKeys(Struct, frozen=True, kw_only=True):
    """A merchant's identity: ours to sign with, WeChat's to check with.

    It pays out and collects in `appid` and in `more_appids`, all of them bound to it.
    `platform_keys` are by serial: `PUB_KEY_ID_…` or a certificate's. `current_serial` names the one
    that we ask answers to be signed with and that we encrypt for.
    """

    mchid: str
    appid: str
    serial_no: str
    private_key: RSAPrivateKey
    platform_keys: Mapping[str, RSAPublicKey]
    current_serial: str
    apiv3_key: bytes
    more_appids: tuple[str, ...] = ()

    def serves(self, appid: str) -> bool:
        return appid == self.appid or appid in self.more_appids

    def __repr__(self) -> str:
        return f"WechatPayKeys(mchid={self.mchid!r})"


async def _nobody(keys: WechatPayKeys) -> None:
    return None


class _Refusal(Struct):
    code: str


class WechatPayApi:
    """One merchant's line to WeChat Pay, over a client whose base address is the deployment's.

    Clock and nonce are given, so that a test can repeat a request. `key_refused` is told each time
    that our own signature was not accepted: that does not pass by itself.
    """

    def __init__(
        self,
        keys: WechatPayKeys,
        client: httpx.AsyncClient,
        *,
        clock: Callable[[], datetime] = now,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
        key_refused: Callable[[WechatPayKeys], Awaitable[None]] = _nobody,
    ) -> None:
        self.keys = keys
        self.clock = clock
        self._client = client
        self._nonce = nonce
        self._key_refused = key_refused

    async def call(
        self, method: str, path: str, content: Mapping[str, object] | None, reply: type[T]
    ) -> T:
        """Send one signed request; `path` is all after the host, percent-encoded, with its query.

        GatewayRefused is a proven no; GatewayFailed leaves the outcome unknown.
        """
        body = b"" if content is None else msgspec.json.encode(content)
        try:
            response = await self._client.request(
                method,
                path,
                content=body,
                headers=self._headers(method, path, body),
            )
        except httpx.HTTPError as error:
            raise GatewayFailed(provider="wechat") from error
        if _refuses_our_key(response):
            await self._key_refused(self.keys)
            raise GatewayFailed(provider="wechat", reason=_OUR_KEY)
        return self._read(response, reply)

    def pay_sheet(self, prepay_id: str, *, appid: str) -> dict[str, str]:
        """The arguments of `wx.requestPayment` in one of the merchant's mini-programs."""
        timestamp, nonce, package = self._timestamp(), self._nonce(), f"prepay_id={prepay_id}"
        return {
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self._sign(appid, timestamp, nonce, package),
        }

    def encrypt(self, text: str) -> str:
        """For WeChat's eyes only: RSA-OAEP with SHA-1, as they want it."""
        key = self.keys.platform_keys[self.keys.current_serial]
        return b64encode(key.encrypt(text.encode(), _oaep())).decode()

    def check_origin(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> None:
        """NoticeRejected unless WeChat signed these very bytes within five minutes of `at`."""
        given = {name.lower(): value for name, value in headers.items()}
        try:
            timestamp, nonce = given["wechatpay-timestamp"], given["wechatpay-nonce"]
            key = self.keys.platform_keys[given["wechatpay-serial"]]
            signature = b64decode(given["wechatpay-signature"], validate=True)
            if not _TIMESTAMP.fullmatch(timestamp):
                raise ValueError("timestamp")
            if abs(at.timestamp() - int(timestamp)) >= MAX_CLOCK_SKEW.total_seconds():
                raise NoticeRejected(reason="time")
            signed = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
            key.verify(signature, signed, PKCS1v15(), SHA256())
        except (KeyError, ValueError, InvalidSignature) as error:
            raise NoticeRejected(reason="signature") from error

    def _headers(self, method: str, path: str, body: bytes) -> dict[str, str]:
        timestamp, nonce = self._timestamp(), self._nonce()
        signature = self._sign(method, path, timestamp, nonce, body.decode())
        headers = {
            "Authorization": (
                f'WECHATPAY2-SHA256-RSA2048 mchid="{self.keys.mchid}",nonce_str="{nonce}",'
                f'signature="{signature}",timestamp="{timestamp}",serial_no="{self.keys.serial_no}"'
            ),
            "Accept": "application/json",
            "User-Agent": "zhangban",
            "Wechatpay-Serial": self.keys.current_serial,
        }
        return headers | ({"Content-Type": "application/json"} if body else {})

    def _read(self, response: httpx.Response, reply: type[T]) -> T:
        if response.status_code == 429 or response.status_code >= 500:
            raise GatewayFailed(provider="wechat", status=response.status_code)
        try:
            self.check_origin(response.headers, response.content, at=self.clock())
            if response.is_success:
                return msgspec.json.decode(response.content or b"null", type=reply)
            code = msgspec.json.decode(response.content, type=_Refusal).code
        except (NoticeRejected, msgspec.MsgspecError, RecursionError) as error:
            raise GatewayFailed(provider="wechat", status=response.status_code) from error
        if code in _UNPROVEN:
            raise GatewayFailed(provider="wechat", reason=code)
        raise GatewayRefused(provider="wechat", reason=code)

    def _sign(self, *lines: str) -> str:
        message = "".join(f"{line}\n" for line in lines).encode()
        return b64encode(self.keys.private_key.sign(message, PKCS1v15(), SHA256())).decode()

    def _timestamp(self) -> str:
        return str(int(self.clock().timestamp()))


def _refuses_our_key(response: httpx.Response) -> bool:
    """401, or a 403 that names the signature. It need not be signed, and proves nothing else."""
    forbidden = response.status_code == 403 and _OUR_KEY.encode() in response.content
    return response.status_code == 401 or forbidden


def decrypt_resource(key: bytes, *, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """AEAD_AES_256_GCM as callbacks and certificates use it; ValueError when it does not open."""
    try:
        return AESGCM(key).decrypt(
            nonce.encode(), b64decode(ciphertext, validate=True), associated_data.encode()
        )
    except InvalidTag as error:
        raise ValueError("tag") from error


def load_platform_key(pem: str) -> RSAPublicKey:
    """A WeChat Pay public key, or the key of a platform certificate, from PEM."""
    data = pem.encode()
    key = (
        load_pem_x509_certificate(data).public_key()
        if "CERTIFICATE" in pem
        else load_pem_public_key(data)
    )
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA key")
    return key


def _oaep() -> OAEP:
    # WeChat Pay prescribes it; SHA-1 inside OAEP needs no collision resistance.
    return OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)  # nosec B303
