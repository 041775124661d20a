"""The addresses of api.weixin.qq.com for checking faces and texts."""

from litestar import Controller, Response, post
from litestar.di import NamedDependency

from sandbox.wechat.answers import DONE, HOST, AnyRequest, answer, calling_app, read
from sandbox.wechat.faces import (
    ResultRequest,
    VerifyRequest,
    begin_verification,
    verification_result,
)
from sandbox.wechat.quotas import SAFETY
from sandbox.wechat.safety import TextRequest, check_text
from sandbox.world import World

FACES = "/cityservice/face/identify"


class WechatCheckController(Controller):
    path = HOST

    @post("/wxa/msg_sec_check")
    async def check_text(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[bytes]:
        appid = calling_app(request, quota=SAFETY)
        verdict = check_text(world, appid, await read(request, TextRequest, misfit=40097))
        return answer(request, DONE | verdict)

    @post(f"{FACES}/getverifyid")
    async def begin_face(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[bytes]:
        begun = begin_verification(
            world, calling_app(request), await read(request, VerifyRequest, misfit=40097)
        )
        return answer(request, DONE | begun)

    @post(f"{FACES}/queryverifyinfo")
    async def face_result(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[bytes]:
        asked = await read(request, ResultRequest, misfit=40097)
        result = verification_result(world, calling_app(request), asked)
        return answer(request, DONE | {"verify_ret": result})
