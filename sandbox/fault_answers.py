"""How each platform says “not now”, in its own form and with its own signature. 系统繁忙"""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from sandbox.alipay.codes import code_above
from sandbox.alipay.gateway import PATH as ALIPAY
from sandbox.alipay.gateway import refused, signed_node
from sandbox.crypto import mac
from sandbox.refusals import AlipayRefusal
from sandbox.wechat.answers import HOST as WECHAT
from sandbox.wechat_pay.authorization import HOST as WECHAT_PAY
from sandbox.wechat_pay.authorization import signature_headers
from sandbox.wechat_pay.platform_keys import answering_key
from sandbox.world import World

Reply = tuple[int, dict[str, str], bytes]

PAY_STATUS = {
    "SYSTEM_ERROR": 500,
    "BANK_ERROR": 500,
    "FREQUENCY_LIMITED": 429,
    "FREQUENCY_LIMIT_EXCEED": 429,
    "RATELIMIT_EXCEEDED": 429,
    "NOT_ENOUGH": 403,
}
WECHAT_MEANS = {"-1": "system error", "45009": "reach max api daily quota limit"}
JSON = {"content-type": "application/json"}


def error_answer(world: World, scope: Any, body: bytes, code: str) -> Reply:
    """Status, headers and body of this platform's error. Whoever asks wrongly gets it unsigned."""
    path = str(scope["path"])
    headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    if path.startswith(WECHAT_PAY):
        return _wechat_pay(world, headers, code)
    if path.startswith(WECHAT):
        content = {"errcode": int(code), "errmsg": WECHAT_MEANS.get(code, "error")}
        return 200, JSON, msgspec.json.encode(content)
    if path.startswith(ALIPAY):
        return _alipay(world, scope, body, code)
    return _machine(world, headers, code)


def _wechat_pay(world: World, headers: dict[str, str], code: str) -> Reply:
    body = msgspec.json.encode({"code": code, "message": "系统繁忙，请稍后重试"})
    mchid = re.search(r'mchid="([^"]*)"', headers.get("authorization", ""))
    merchant = world.merchants.get(mchid[1]) if mchid else None
    given = dict(JSON)
    if merchant is not None:
        key = answering_key(world, merchant, headers.get("wechatpay-serial", ""))
        given |= signature_headers(key, body, at=world.clock.now())
    return PAY_STATUS.get(code, 400), given, body


def _alipay(world: World, scope: Any, body: bytes, code: str) -> Reply:
    text = f"{scope['query_string'].decode('latin-1')}&{body.decode('latin-1')}"
    params = dict(parse_qsl(text))
    node = refused(AlipayRefusal(code_above(code), code, "系统繁忙"))
    name = f"{params.get('method', 'error').replace('.', '_')}_response"
    app = world.alipay_apps.get(params.get("app_id", ""))
    sealed = params.get("encrypt_type") == "AES"
    answer = signed_node(app, name, node, is_sealed=sealed) if app else json.dumps({name: node})
    return 200, {"content-type": "text/html; charset=utf-8"}, answer.encode()


def _machine(world: World, headers: dict[str, str], code: str) -> Reply:
    """A register's or the bank's; any other host has no signature of its own."""
    body, asker = msgspec.json.encode({"code": code, "message": "busy"}), headers.get("x-app-key")
    key = next((one for one in world.keys.machines.values() if one.app_key == asker), None)
    if key is None:
        return 503, JSON, body
    timestamp = str(int(world.clock.now().timestamp()))
    nonce = headers.get("x-nonce", "")
    signature = mac(key.secret, b"503", timestamp.encode(), nonce.encode(), body)
    signed = {"x-timestamp": timestamp, "x-nonce": nonce, "x-signature": signature}
    return 503, JSON | signed, body
