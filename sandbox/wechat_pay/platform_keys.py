"""Which key signs to a merchant: a public key of its own, or a certificate. 公钥模式与证书模式"""

import secrets
from base64 import b64encode
from hashlib import sha256
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec import Struct

from sandbox.wechat_pay.certificates import valid_certificates
from sandbox.world import Merchant, World

Mode = Literal["public_key", "certificate", "both"]
PROBE = "WECHATPAY/SIGNTEST/"


class Signing(Struct, frozen=True):
    """How a merchant is signed to. `both` is the week in which it moves to its public key;
    `public_key_share` of its callbacks have moved already."""

    mode: Mode = "public_key"
    public_key_share: float = 0.0


class PlatformKey(Struct, frozen=True):
    """A key of WeChat Pay's and the name it goes by in Wechatpay-Serial."""

    serial: str
    key: RSAPrivateKey


def public_key_of(merchant: Merchant) -> PlatformKey:
    return PlatformKey(merchant.platform_key_id, merchant.platform_key)


def find_key(world: World, merchant: Merchant, serial: str) -> PlatformKey | None:
    """The key of this name, if it counts for this merchant now."""
    return next((key for key in _valid_keys(world, merchant) if key.serial == serial), None)


def answering_key(world: World, merchant: Merchant, asked: str) -> PlatformKey:
    """What signs an answer: the key that the request named, else the merchant's usual one."""
    if (
        asked == merchant.platform_key_id
        and signing_of(world, merchant.mchid).mode != "certificate"
    ):
        return public_key_of(merchant)  # the usual case needs no look at certificates
    return find_key(world, merchant, asked) or _valid_keys(world, merchant)[-1]


def notifying_key(world: World, merchant: Merchant, event_id: str) -> PlatformKey:
    """What signs a callback. All tries of one callback are on the same side of the move."""
    signing = signing_of(world, merchant.mchid)
    if signing.mode == "public_key" or (signing.mode == "both" and _has_moved(signing, event_id)):
        return public_key_of(merchant)
    newest = valid_certificates(world, merchant.mchid)[-1]
    return PlatformKey(newest.serial_no, newest.key)


def signing_of(world: World, mchid: str) -> Signing:
    query = "SELECT mode, public_key_share FROM wechat_pay_signing WHERE mchid = ?"
    return world.book.find(Signing, query, mchid) or Signing()


def set_signing(world: World, mchid: str, signing: Signing) -> None:
    world.book.write(
        "INSERT INTO wechat_pay_signing (mchid, mode, public_key_share) VALUES (?, ?, ?)"
        " ON CONFLICT (mchid) DO UPDATE SET mode = excluded.mode,"
        " public_key_share = excluded.public_key_share",
        mchid,
        signing.mode,
        signing.public_key_share,
    )


def order_probes(world: World, mchid: str, *, answers: int, callbacks: int) -> None:
    """Let the next so many answers or callbacks carry a signature that must not be believed."""
    world.book.write(
        "INSERT INTO wechat_pay_probes (mchid, answers, callbacks) VALUES (?, ?, ?)"
        " ON CONFLICT (mchid) DO UPDATE SET answers = excluded.answers,"
        " callbacks = excluded.callbacks",
        mchid,
        answers,
        callbacks,
    )


def probe_for_answer(world: World, mchid: str) -> dict[str, str]:
    taken = world.book.write(
        "UPDATE wechat_pay_probes SET answers = answers - 1 WHERE mchid = ? AND answers > 0", mchid
    )
    return _probe() if taken else {}


def probe_for_callback(world: World, mchid: str) -> dict[str, str]:
    taken = world.book.write(
        "UPDATE wechat_pay_probes SET callbacks = callbacks - 1 WHERE mchid = ? AND callbacks > 0",
        mchid,
    )
    return _probe() if taken else {}


def _probe() -> dict[str, str]:
    """A header in place of the true signature. What follows the word is no signature at all."""
    return {"Wechatpay-Signature": PROBE + b64encode(secrets.token_bytes(256)).decode()}


def _valid_keys(world: World, merchant: Merchant) -> list[PlatformKey]:
    """All that count now, the usual one last."""
    mode = signing_of(world, merchant.mchid).mode
    if mode == "public_key":
        return [public_key_of(merchant)]
    found = valid_certificates(world, merchant.mchid)
    certified = [PlatformKey(certificate.serial_no, certificate.key) for certificate in found]
    return certified if mode == "certificate" else [public_key_of(merchant), *certified]


def _has_moved(signing: Signing, event_id: str) -> bool:
    place = int.from_bytes(sha256(event_id.encode()).digest()[:4]) / 2**32
    return place < signing.public_key_share
