"""Events that WeChat pushes to the server whose address it was given. 消息推送"""

import secrets
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from sandbox.crypto import random_digits
from sandbox.posting import Callback, post_callback
from sandbox.wechat.push_crypto import seal, signature
from sandbox.world import World

ANSWER_WITHIN_SECONDS = 5


def push_url(world: World, appid: str) -> str:
    """Where an app's pushes go; empty when nobody wants any."""
    row = world.book.row("SELECT url FROM wechat_push_urls WHERE appid = ?", appid)
    return str(row["url"]) if row else ""


def set_push_url(world: World, url: str, *, appid: str = "") -> None:
    """Of the city's own app, unless another is named."""
    world.book.write(
        "INSERT INTO wechat_push_urls (appid, url) VALUES (?, ?)"
        " ON CONFLICT (appid) DO UPDATE SET url = excluded.url",
        appid or world.city.platforms.wechat.appid,
        url,
    )


async def answers_check(
    world: World, client: httpx.AsyncClient, url: str, *, appid: str = ""
) -> bool:
    """Whether this address gives the random text back, as it must when it is entered."""
    echo = random_digits(19)
    address = _signed_address(world, appid or world.city.platforms.wechat.appid)
    try:
        reply = await client.get(
            _joined(url, address | {"echostr": echo}), timeout=ANSWER_WITHIN_SECONDS
        )
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
    return reply.status_code == 200 and reply.content == echo.encode()


def push_event(
    world: World, appid: str, openid: str, event: str, entries: list[dict[str, str]], *, number: str
) -> None:
    """Tell the server, in the caller's transaction. One entry stands alone, several in a list."""
    url = push_url(world, appid)
    if not url:
        return
    keys, now = world.keys.wechat_pushes[appid], int(world.clock.now().timestamp())
    message: dict[str, Any] = {
        "ToUserName": keys.original_id,
        "FromUserName": openid,
        "CreateTime": str(now),
        "MsgType": "event",
        "Event": event,
        "List": entries[0] if len(entries) == 1 else entries,
    }
    sealed = seal(keys.encoding_aes_key, appid, msgspec.json.encode(message))
    address = _signed_address(world, appid) | {"openid": openid, "encrypt_type": "aes"}
    parts = (keys.token, address["timestamp"], address["nonce"], sealed)
    body = {"ToUserName": keys.original_id, "Encrypt": sealed}
    callback = Callback(
        event_id=secrets.token_hex(16),
        provider="wechat",
        merchant=appid,
        event_type=event,
        number=number,
        url=_joined(url, address | {"msg_signature": signature(*parts)}),
        body=msgspec.json.encode(body).decode(),
    )
    post_callback(world, callback)


def letter(body: str) -> tuple[dict[str, str], bytes]:
    """Headers and content of one try: each is the same, also in time and signature."""
    return {"Content-Type": "application/json", "User-Agent": "Mozilla/4.0"}, body.encode()


def is_acknowledged(status: int, answer: bytes) -> bool:
    return status == 200 and answer in (b"success", b"")


def _signed_address(world: World, appid: str) -> dict[str, str]:
    """The part of an address that every message has. It says nothing about a body."""
    timestamp, nonce = str(int(world.clock.now().timestamp())), random_digits(9)
    signed = signature(world.keys.wechat_pushes[appid].token, timestamp, nonce)
    return {"signature": signed, "timestamp": timestamp, "nonce": nonce}


def _joined(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
