"""WeChat Pay's side of the line: its keys, and callbacks and answers as it would sign them."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from payments.gateways.wechat_api import WechatPayApi, WechatPayKeys
from tests.conftest import AT
from tests.data import vectors

VECTORS = vectors("payments_vectors")
MERCHANT_KEY = rsa.generate_private_key(65537, 2048)
PLATFORM_KEY = rsa.generate_private_key(65537, 2048)
OLD_PLATFORM_KEY = rsa.generate_private_key(65537, 2048)
PLATFORM, OLD_PLATFORM = "PUB_KEY_ID_0116000000000000", "5157F09EFDC096DE15EBE81A47057A72"
APIV3_KEY = b"k" * 32
NONCE = "n" * 32

KEYS = WechatPayKeys(
    mchid="1900019901",
    appid="wx0000000000000001",
    serial_no="1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C",
    private_key=MERCHANT_KEY,
    platform_keys={
        PLATFORM: PLATFORM_KEY.public_key(),
        OLD_PLATFORM: OLD_PLATFORM_KEY.public_key(),
    },
    current_serial=PLATFORM,
    apiv3_key=APIV3_KEY,
)
TRANSACTION: dict[str, Any] = {
    "mchid": KEYS.mchid,
    "appid": KEYS.appid,
    "out_trade_no": "P20261122ABCDEFGHJKLM",
    "transaction_id": "4200001234",
    "trade_type": "JSAPI",
    "trade_state": "SUCCESS",
    "trade_state_desc": "支付成功",
    "bank_type": "OTHERS",
    "success_time": "2026-11-22T10:00:00+08:00",
    "payer": {"openid": "openid-1"},
    "amount": {"total": 8000, "payer_total": 8000, "currency": "CNY", "payer_currency": "CNY"},
}

Answer = Callable[[httpx.Request], httpx.Response]
Letter = tuple[dict[str, str], bytes]


def api(answer: Answer, keys: WechatPayKeys = KEYS) -> WechatPayApi:
    client = httpx.AsyncClient(
        transport=httpx.MockTransport(answer), base_url="https://wechat.test/prefix"
    )
    return WechatPayApi(keys, client, clock=lambda: AT, nonce=lambda: NONCE)


def signed(
    body: bytes,
    *,
    at: datetime = AT,
    by: RSAPrivateKey = PLATFORM_KEY,
    serial: str = PLATFORM,
) -> dict[str, str]:
    """The headers over a body, on answers and on callbacks alike."""
    timestamp = str(int(at.timestamp()))
    message = f"{timestamp}\n{NONCE}\n".encode() + body + b"\n"
    return {
        "wechatpay-timestamp": timestamp,
        "wechatpay-nonce": NONCE,
        "wechatpay-serial": serial,
        "wechatpay-signature": b64encode(by.sign(message, PKCS1v15(), SHA256())).decode(),
    }


def answering(content: Any, status: int = 200) -> Answer:
    """WeChat answers everything with this, signed."""
    body = json.dumps(content).encode()
    return lambda _: httpx.Response(status, content=body, headers=signed(body))


def sealed(plain: bytes, *, key: bytes = APIV3_KEY, nonce: str = "0" * 12) -> dict[str, Any]:
    ciphertext = AESGCM(key).encrypt(nonce.encode(), plain, b"transaction")
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "original_type": "transaction",
        "ciphertext": b64encode(ciphertext).decode(),
        "nonce": nonce,
        "associated_data": "transaction",
    }


def envelope(resource: Mapping[str, Any], event_type: str = "TRANSACTION.SUCCESS") -> bytes:
    return json.dumps(
        {
            "id": "EV-2026112210000000",
            "create_time": "2026-11-22T10:00:06+08:00",
            "event_type": event_type,
            "resource_type": "encrypt-resource",
            "summary": "支付成功",
            "resource": dict(resource),
        }
    ).encode()


def letter(content: Mapping[str, Any] = TRANSACTION, **signing: Any) -> Letter:
    """A callback as WeChat would send it, genuine unless told otherwise."""
    body = envelope(sealed(json.dumps(content).encode()))
    return signed(body, **signing), body


def authorization(request: httpx.Request) -> dict[str, str]:
    """The parts of a request's Authorization header; checks that the merchant signed it."""
    scheme, _, rest = request.headers["authorization"].partition(" ")
    parts = {
        name: value.strip('"')
        for name, _, value in (part.partition("=") for part in rest.split(","))
    }
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    path = request.url.raw_path.decode().removeprefix("/prefix")
    lines = (request.method, path, parts["timestamp"], parts["nonce_str"], "")
    message = "\n".join(lines).encode() + request.content + b"\n"
    MERCHANT_KEY.public_key().verify(b64decode(parts["signature"]), message, PKCS1v15(), SHA256())
    return parts
