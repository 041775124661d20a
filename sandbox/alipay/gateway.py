"""gateway.do: RSA2 on what comes in, a signature over the raw node text on what goes out."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, route
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import HttpMethod

from sandbox.alipay import login, trades
from sandbox.clock import CHINA
from sandbox.crypto import is_signed, open_cbc, seal_cbc, sign
from sandbox.refusals import AlipayRefusal
from sandbox.world import AlipayApp, World

PATH = "/openapi.alipay.com/gateway.do"
NEEDED = ("app_id", "method", "charset", "sign_type", "sign", "timestamp", "version")
MAX_SKEW = timedelta(minutes=15)
MEANS = {
    "20000": "Service Currently Unavailable",
    "20001": "Insufficient Token Permissions",
    "40001": "Missing Required Arguments",
    "40002": "Invalid Arguments",
    "40004": "Business Failed",
    "40006": "Insufficient Permissions",
}
Params = Mapping[str, str]
Method = Callable[[World, AlipayApp, Params, dict[str, Any]], dict[str, Any]]
METHODS: dict[str, Method] = {
    "alipay.system.oauth.token": login.oauth_token,
    "alipay.trade.create": trades.create,
    "alipay.trade.query": trades.query,
    "alipay.trade.close": trades.close,
}
WITHOUT_CODE = ("alipay.system.oauth.token",)  # its success carries no code


@route(PATH, http_method=[HttpMethod.POST, HttpMethod.GET])
async def gateway(
    request: Request[None, None, State], world: NamedDependency[World]
) -> Response[str]:
    """One address for all methods. What fails before the method is answered unsigned."""
    params = _params(request, await request.body())
    method = params.get("method", "")
    try:
        app = _check_request(world, params)
    except AlipayRefusal as refusal:
        world.book.count_call(method or "alipay", refusal.sub_code)
        return _respond(json.dumps({"error_response": _refused(refusal)}, ensure_ascii=False))
    name, node = _call(world, app, params)
    return _respond(_signed(app, name, node, is_sealed=params.get("encrypt_type") == "AES"))


def signing_string(params: Params, *, without: tuple[str, ...]) -> bytes:
    """Sorted k=v joined by &, raw values; empty ones and those named are left out."""
    kept = sorted((key, value) for key, value in params.items() if value and key not in without)
    return "&".join(f"{key}={value}" for key, value in kept).encode()


def _params(request: Request[None, None, State], body: bytes) -> dict[str, str]:
    query = bytes(request.scope["query_string"]).decode("latin-1")
    form = body.decode("latin-1")
    return dict(parse_qsl(query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True))


def _check_request(world: World, params: Params) -> AlipayApp:
    for name in NEEDED:
        if not params.get(name):
            raise AlipayRefusal("40001", f"isv.missing-{name.replace('_', '-')}", f"缺少参数{name}")
    app = world.alipay_apps.get(params["app_id"])
    if app is None:
        raise AlipayRefusal("40002", "isv.invalid-app-id", "无效的AppID参数")
    if params["method"] not in METHODS:
        raise AlipayRefusal("40002", "isv.invalid-method", "不存在的方法名")
    _check_form(world, params)
    message = signing_string(params, without=("sign",))
    if not is_signed(app.public_key, message, params["sign"]):
        raise AlipayRefusal("40002", "isv.invalid-signature", "无效签名")
    return app


def _check_form(world: World, params: Params) -> None:
    fixed = {"sign_type": "RSA2", "charset": "utf-8", "version": "1.0"}
    for name, value in fixed.items():
        if params[name].lower() != value.lower():
            sub_code = f"isv.invalid-{name.replace('_', '-')}"
            raise AlipayRefusal("40002", sub_code, f"{name}不正确")
    if params.get("format", "JSON").upper() != "JSON":
        raise AlipayRefusal("40002", "isv.invalid-format", "无效的数据格式")
    try:
        told = datetime.strptime(params["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
    except ValueError as error:
        raise AlipayRefusal("40002", "isv.invalid-timestamp", "非法的时间戳参数") from error
    if abs(world.clock.now() - told) > MAX_SKEW:
        raise AlipayRefusal("40002", "isv.invalid-timestamp", "非法的时间戳参数")


def _call(world: World, app: AlipayApp, params: Params) -> tuple[str, dict[str, Any]]:
    """The name of the answer's node and what is in it."""
    method = params["method"]
    try:
        result = METHODS[method](world, app, params, _content(app, params))
    except AlipayRefusal as refusal:
        world.book.count_call(method, refusal.sub_code)
        if method in WITHOUT_CODE:
            return "error_response", _refused(refusal)
        return _node_name(method), _refused(refusal)
    world.book.count_call(method, "ok")
    if method in WITHOUT_CODE:
        return _node_name(method), result
    return _node_name(method), {"code": "10000", "msg": "Success"} | result


def _content(app: AlipayApp, params: Params) -> dict[str, Any]:
    text = params.get("biz_content", "")
    try:
        if params.get("encrypt_type") == "AES" and text:
            text = open_cbc(app.aes_key, text).decode()
        content = json.loads(text or "{}")
    except ValueError as error:
        raise AlipayRefusal("40002", "isv.invalid-parameter", "biz_content不是JSON") from error
    if not isinstance(content, dict):
        raise AlipayRefusal("40002", "isv.invalid-parameter", "biz_content不是JSON对象")
    return content


def _refused(refusal: AlipayRefusal) -> dict[str, Any]:
    return {
        "code": refusal.code,
        "msg": MEANS[refusal.code],
        "sub_code": refusal.sub_code,
        "sub_msg": refusal.sub_msg,
    }


def _signed(app: AlipayApp, name: str, node: dict[str, Any], *, is_sealed: bool) -> str:
    # Slashes are escaped, as the real gateway does: whoever dumps the node anew fails to verify.
    text = json.dumps(node, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    if is_sealed:
        text = f'"{seal_cbc(app.aes_key, text.encode())}"'
    return f'{{"{name}":{text},"sign":"{sign(app.alipay_key, text.encode())}"}}'


def _respond(text: str) -> Response[str]:
    return Response(text, status_code=200, media_type="text/html; charset=utf-8")


def _node_name(method: str) -> str:
    return method.replace(".", "_") + "_response"
