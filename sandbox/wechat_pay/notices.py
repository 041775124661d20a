"""Callbacks of WeChat Pay: encrypted for the merchant, signed anew at each try. 回调通知"""

import secrets
from datetime import datetime
from typing import Any

import msgspec

from sandbox.clock import rfc3339, stamp
from sandbox.crypto import random_alnum, seal_gcm
from sandbox.posting import post_callback
from sandbox.wechat_pay.authorization import signature_headers
from sandbox.world import Merchant, World


def announce(
    world: World,
    merchant: Merchant,
    *,
    event_type: str,
    original_type: str,
    summary: str,
    number: str,
    url: str,
    resource: dict[str, Any],
) -> None:
    """Put a callback into the book, to be delivered in the background."""
    at = world.clock.now()
    event_id, nonce = secrets.token_hex(16), random_alnum(12)
    notice = {
        "id": event_id,
        "create_time": rfc3339(stamp(at)),
        "resource_type": "encrypt-resource",
        "event_type": event_type,
        "summary": summary,
        "resource": {
            "original_type": original_type,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": seal_gcm(
                merchant.apiv3_key,
                nonce=nonce,
                associated_data=original_type,
                plaintext=msgspec.json.encode(resource),
            ),
            "associated_data": original_type,
            "nonce": nonce,
        },
    }
    post_callback(
        world,
        event_id=event_id,
        provider="wechat_pay",
        merchant=merchant.mchid,
        event_type=event_type,
        number=number,
        url=url,
        body=msgspec.json.encode(notice).decode(),
    )


def letter(merchant: Merchant, body: str, *, at: datetime) -> tuple[dict[str, str], bytes]:
    """Headers and content of one try."""
    content = body.encode()
    headers = signature_headers(merchant, content, at=at)
    return headers | {"Content-Type": "application/json", "User-Agent": "Mozilla/4.0"}, content


def is_acknowledged(status: int) -> bool:
    return status in (200, 204)
