"""Callbacks of WeChat Pay: encrypted for the merchant, signed anew at each try. 回调通知"""

import secrets
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from sandbox.clock import rfc3339, stamp
from sandbox.crypto import random_alnum, seal_gcm
from sandbox.posting import Callback, post_callback
from sandbox.wechat_pay.authorization import signature_headers
from sandbox.wechat_pay.platform_keys import PlatformKey, public_key_of
from sandbox.world import Merchant, World


class Event(Struct, frozen=True):
    """Something a merchant is told of: about which of its numbers, at which address."""

    type: str
    original_type: str
    summary: str
    number: str
    url: str


def announce(world: World, merchant: Merchant, event: Event, resource: dict[str, Any]) -> None:
    """Put a callback into the book, to be delivered in the background."""
    event_id = secrets.token_hex(16)
    notice = {
        "id": event_id,
        "create_time": rfc3339(stamp(world.clock.now())),
        "resource_type": "encrypt-resource",
        "event_type": event.type,
        "summary": event.summary,
        "resource": _sealed(merchant, event.original_type, resource),
    }
    callback = Callback(
        event_id=event_id,
        provider="wechat_pay",
        merchant=merchant.mchid,
        event_type=event.type,
        number=event.number,
        url=event.url,
        body=msgspec.json.encode(notice).decode(),
    )
    post_callback(world, callback)


def letter(
    merchant: Merchant, body: str, *, at: datetime, key: PlatformKey | None = None
) -> tuple[dict[str, str], bytes]:
    """Headers and content of one try, signed with `key` or else with the merchant's public key."""
    content = body.encode()
    headers = signature_headers(key or public_key_of(merchant), content, at=at)
    return headers | {"Content-Type": "application/json", "User-Agent": "Mozilla/4.0"}, content


def is_acknowledged(status: int) -> bool:
    return status in (200, 204)


def _sealed(merchant: Merchant, original_type: str, resource: dict[str, Any]) -> dict[str, str]:
    nonce = random_alnum(12)
    ciphertext = seal_gcm(
        merchant.apiv3_key,
        nonce=nonce,
        associated_data=original_type,
        plaintext=msgspec.json.encode(resource),
    )
    return {
        "original_type": original_type,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": ciphertext,
        "associated_data": original_type,
        "nonce": nonce,
    }
