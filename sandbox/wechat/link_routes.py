"""The addresses of api.weixin.qq.com for codes and links."""

from litestar import Controller, Response, post
from litestar.di import NamedDependency

from sandbox.refusals import WechatRefusal
from sandbox.wechat.answers import DONE, HOST, AnyRequest, answer, calling_app, read
from sandbox.wechat.links import (
    CodeRequest,
    SchemeRequest,
    UrlLinkRequest,
    make_code,
    make_scheme,
    make_url_link,
)
from sandbox.wechat.quotas import CODE, LINKS
from sandbox.world import World


class WechatLinkController(Controller):
    path = HOST

    @post(CODE)
    async def code(self, request: AnyRequest, world: NamedDependency[World]) -> Response[bytes]:
        """An image when all is well, and JSON when it is not: both with status 200."""
        appid = calling_app(request, quota=CODE)
        image = make_code(world, appid, await _code_request(request))
        world.book.count_call(CODE, "ok")
        return Response(image, status_code=200, media_type="image/png")

    @post("/wxa/generatescheme")
    async def scheme(self, request: AnyRequest, world: NamedDependency[World]) -> Response[bytes]:
        appid = calling_app(request, quota=LINKS)
        link = make_scheme(world, appid, await read(request, SchemeRequest))
        return answer(request, DONE | {"openlink": link})

    @post("/wxa/generate_urllink")
    async def url_link(self, request: AnyRequest, world: NamedDependency[World]) -> Response[bytes]:
        appid = calling_app(request, quota=LINKS)
        link = make_url_link(world, appid, await read(request, UrlLinkRequest))
        return answer(request, DONE | {"url_link": link})


async def _code_request(request: AnyRequest) -> CodeRequest:
    """Here a body that is no JSON has the same number as a scene that is too long."""
    try:
        return await read(request, CodeRequest, misfit=40097)
    except WechatRefusal as refusal:
        if refusal.errcode == 40097:
            raise
        raise WechatRefusal(40169, "the data is not json string") from refusal
