"""The addresses of api.weixin.qq.com."""

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from msgspec import Struct

from sandbox.wechat.answers import DONE, HOST, AnyRequest, answer, calling_app, read
from sandbox.wechat.login import API as LOGIN
from sandbox.wechat.login import code_to_session
from sandbox.wechat.messages import Message, send_message
from sandbox.wechat.phone_numbers import phone_number
from sandbox.wechat.quotas import SEND, STABLE_TOKEN, TOKEN
from sandbox.wechat.session_keys import check_session, reset_session_key
from sandbox.wechat.tokens import classic_token, stable_token
from sandbox.world import World


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
        return answer(request, session)

    @get(TOKEN)
    async def classic_token(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[bytes]:
        given = request.query_params
        asked = {name: given.get(name, "") for name in ("appid", "secret", "grant_type")}
        return answer(request, classic_token(world, **asked))

    @post(STABLE_TOKEN)
    async def stable_token(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[bytes]:
        asked = await read(request, TokenRequest)
        token = stable_token(world, **msgspec.structs.asdict(asked))
        return answer(request, token)

    @post("/wxa/business/getuserphonenumber")
    async def phone_number(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[bytes]:
        appid = calling_app(request)
        asked = await read(request, PhoneNumberRequest)
        number = phone_number(world, appid, code=asked.code, openid=asked.openid)
        return answer(request, DONE | {"phone_info": number})

    @get("/wxa/checksession")
    async def check_session(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[bytes]:
        check_session(world, calling_app(request), **_session_of(request))
        return answer(request, DONE)

    @get("/wxa/resetusersessionkey")
    async def reset_session_key(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[bytes]:
        fresh = reset_session_key(world, calling_app(request), **_session_of(request))
        return answer(request, DONE | fresh)

    @post(SEND)
    async def send_message(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[bytes]:
        appid = calling_app(request, quota=SEND)
        msgid = send_message(world, appid, await read(request, Message))
        return answer(request, DONE | {"msgid": msgid})


def _session_of(request: AnyRequest) -> dict[str, str]:
    given = request.query_params
    return {
        "openid": given.get("openid", ""),
        "signature": given.get("signature", ""),
        "method": given.get("sig_method", ""),
    }
