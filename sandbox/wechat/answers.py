"""How api.weixin.qq.com reads a question and words an answer."""

import secrets
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import State

from sandbox.refusals import WechatRefusal
from sandbox.wechat import login
from sandbox.wechat.quotas import spend_call
from sandbox.wechat.tokens import check_token
from sandbox.world import World

HOST = "/api.weixin.qq.com"
AnyRequest = Request[None, None, State]
MISFITS = {47001: "data format error", 40097: "invalid args"}
DONE = {"errcode": 0, "errmsg": "ok"}

T = TypeVar("T")


def calling_app(request: AnyRequest, *, quota: str = "") -> str:
    """The appid whose token the address holds. The call counts towards `quota`."""
    world: World = request.app.state.world
    appid = check_token(world, request.query_params.get("access_token", ""))
    if quota:
        spend_call(world, quota)
    return appid


async def read(request: AnyRequest, kind: type[T], *, misfit: int = 47001) -> T:
    """The body; WechatRefusal when it is none, is no JSON, or does not fit, which is `misfit`."""
    body = await request.body()
    if not body:
        raise WechatRefusal(44002, "empty post data")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise WechatRefusal(misfit, MISFITS[misfit]) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise WechatRefusal(47001, "data format error") from error


def answer(
    request: AnyRequest, content: Mapping[str, object], *, outcome: str = "ok"
) -> Response[bytes]:
    """JSON, which the login, as it does in truth, calls plain text."""
    world: World = request.app.state.world
    api = request.scope["path"].removeprefix(HOST)
    world.book.count_call(api, outcome)
    media_type = "text/plain" if api == login.API else "application/json"
    return Response(msgspec.json.encode(content), status_code=200, media_type=media_type)


def answer_refusal(request: AnyRequest, refusal: WechatRefusal) -> Response[bytes]:
    """WeChat says no with status 200, an errcode, and a rid to ask its support about."""
    rid = f"rid: {secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    content = {"errcode": refusal.errcode, "errmsg": f"{refusal.errmsg} {rid}"}
    return answer(request, content, outcome=str(refusal.errcode))
