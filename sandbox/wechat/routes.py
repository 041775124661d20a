"""The addresses of api.weixin.qq.com."""

import secrets
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from msgspec import Struct

from sandbox.refusals import WechatRefusal
from sandbox.wechat.login import code_to_session
from sandbox.wechat.messages import Message, send_message
from sandbox.wechat.phone_numbers import phone_number
from sandbox.wechat.tokens import check_token, stable_token
from sandbox.world import World

HOST, LOGIN = "/api.weixin.qq.com", "/sns/jscode2session"
AnyRequest = Request[None, None, State]

T = TypeVar("T")


class TokenRequest(Struct):
    grant_type: str = ""
    appid: str = ""
    secret: str = ""
    force_refresh: bool = False


class PhoneNumberRequest(Struct):
    code: str = ""
    openid: str | None = None


class WechatController(Controller):
    path = HOST

    @get(LOGIN)
    async def code_to_session(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[bytes]:
        given = request.query_params
        session = code_to_session(
            world,
            appid=given.get("appid", ""),
            secret=given.get("secret", ""),
            js_code=given.get("js_code", ""),
            grant_type=given.get("grant_type", ""),
        )
        return _answer(request, session)

    @post("/cgi-bin/stable_token")
    async def stable_token(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[bytes]:
        asked = await _read(request, TokenRequest)
        token = stable_token(world, **msgspec.structs.asdict(asked))
        return _answer(request, token)

    @post("/wxa/business/getuserphonenumber")
    async def phone_number(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[bytes]:
        appid = check_token(world, request.query_params.get("access_token", ""))
        asked = await _read(request, PhoneNumberRequest)
        number = phone_number(world, appid, code=asked.code, openid=asked.openid)
        return _answer(request, {"errcode": 0, "errmsg": "ok", "phone_info": number})

    @post("/cgi-bin/message/subscribe/send")
    async def send_message(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[bytes]:
        appid = check_token(world, request.query_params.get("access_token", ""))
        msgid = send_message(world, appid, await _read(request, Message))
        return _answer(request, {"errcode": 0, "errmsg": "ok", "msgid": msgid})


async def _read(request: AnyRequest, kind: type[T]) -> T:
    body = await request.body()
    if not body:
        raise WechatRefusal(44002, "empty post data")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise WechatRefusal(47001, "data format error") from error


def answer_refusal(request: AnyRequest, refusal: WechatRefusal) -> Response[bytes]:
    """WeChat says no with status 200, an errcode, and a rid to ask its support about."""
    rid = f"rid: {secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    content = {"errcode": refusal.errcode, "errmsg": f"{refusal.errmsg} {rid}"}
    return _answer(request, content, outcome=str(refusal.errcode))


def _answer(
    request: AnyRequest, content: Mapping[str, object], *, outcome: str = "ok"
) -> Response[bytes]:
    """JSON, which the login, as it does in truth, calls plain text."""
    world: World = request.app.state.world
    api = request.scope["path"].removeprefix(HOST)
    world.book.count_call(api, outcome)
    media_type = "text/plain" if api == LOGIN else "application/json"
    return Response(msgspec.json.encode(content), status_code=200, media_type=media_type)
