"""gateway.do: RSA2 on what comes in, a signature over the raw node text on what goes out."""

import json
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, route
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import HttpMethod

from sandbox.alipay.calls import Call, FieldInvalid
from sandbox.alipay.checks import Params, check_request
from sandbox.alipay.codes import MEANS, field_invalid
from sandbox.alipay.methods import METHODS, WITHOUT_CODE
from sandbox.crypto import open_cbc, seal_cbc, sign
from sandbox.refusals import AlipayRefusal
from sandbox.world import AlipayApp, World

PATH = "/openapi.alipay.com/gateway.do"


@route(PATH, http_method=[HttpMethod.POST, HttpMethod.GET])
async def gateway(
    request: Request[None, None, State], world: NamedDependency[World]
) -> Response[str]:
    """One address for all methods. What fails before the method is answered unsigned."""
    params = _params(request, await request.body())
    method = params.get("method", "")
    try:
        app = check_request(world, params)
    except AlipayRefusal as refusal:
        world.book.count_call(method or "alipay", refusal.sub_code)
        return _respond(json.dumps({"error_response": refused(refusal)}, ensure_ascii=False))
    name, node = _call(world, app, params, host=str(request.base_url).rstrip("/"))
    return _respond(signed_node(app, name, node, is_sealed=params.get("encrypt_type") == "AES"))


def _params(request: Request[None, None, State], body: bytes) -> dict[str, str]:
    query = bytes(request.scope["query_string"]).decode("latin-1")
    form = body.decode("latin-1")
    return dict(parse_qsl(query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True))


def _call(world: World, app: AlipayApp, params: Params, *, host: str) -> tuple[str, dict[str, Any]]:
    """The name of the answer's node and what is in it."""
    method = params["method"]
    try:
        result = _result(world, app, Call(params, _content(app, params), host))
    except AlipayRefusal as refusal:
        world.book.count_call(method, refusal.sub_code)
        if method in WITHOUT_CODE:
            return "error_response", refused(refusal)
        return _node_name(method), refused(refusal)
    world.book.count_call(method, "ok")
    if method in WITHOUT_CODE:
        return _node_name(method), result
    return _node_name(method), {"code": "10000", "msg": "Success"} | result


def _result(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    method = call.params["method"]
    try:
        return METHODS[method](world, app, call)
    except FieldInvalid as invalid:
        raise field_invalid(method, invalid.name) from invalid


def _content(app: AlipayApp, params: Params) -> dict[str, Any]:
    text = params.get("biz_content", "")
    if params.get("encrypt_type") and text:
        text = _opened(app, text)
    try:
        content = json.loads(text or "{}")
    except ValueError as error:
        raise AlipayRefusal("40002", "isv.invalid-parameter", "biz_content不是JSON") from error
    if not isinstance(content, dict):
        raise AlipayRefusal("40002", "isv.invalid-parameter", "biz_content不是JSON对象")
    return content


def _opened(app: AlipayApp, text: str) -> str:
    try:
        return open_cbc(app.aes_key, text).decode()
    except ValueError as error:
        raise AlipayRefusal("40002", "isv.invalid-encrypt", "解密异常") from error


def refused(refusal: AlipayRefusal) -> dict[str, Any]:
    return {
        "code": refusal.code,
        "msg": MEANS[refusal.code],
        "sub_code": refusal.sub_code,
        "sub_msg": refusal.sub_msg,
    }


def signed_node(app: AlipayApp, name: str, node: dict[str, Any], *, is_sealed: bool) -> str:
    # Slashes are escaped, as the real gateway does: whoever dumps the node anew fails to verify.
    text = json.dumps(node, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    if is_sealed:
        text = f'"{seal_cbc(app.aes_key, text.encode())}"'
    under = f',"alipay_cert_sn":"{app.alipay_cert_sn}"' if app.alipay_cert_sn else ""
    return f'{{"{name}":{text}{under},"sign":"{sign(app.alipay_key, text.encode())}"}}'


def _respond(text: str) -> Response[str]:
    return Response(text, status_code=200, media_type="text/html; charset=utf-8")


def _node_name(method: str) -> str:
    return method.replace(".", "_") + "_response"
