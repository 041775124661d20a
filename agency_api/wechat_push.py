import logging
from typing import Annotated

from litestar import Controller, MediaType, Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from core.clock import now
from notifications.channels.wechat_push import PushAddress, PushRejected, WechatPushes
from notifications.pushes import keep_pushes
from web.body import CALLBACK_BODY_LIMIT

SUCCESS = "success"
SEALED_PUSH = {
    "type": "object",
    "properties": {"Encrypt": {"type": "string", "description": "加密的消息"}},
    "required": ["Encrypt"],
    "additionalProperties": True,
}

Word = Annotated[str, QueryParameter(required=False)]

log = logging.getLogger(__name__)


class WechatPushController(Controller):
    """消息推送: what WeChat tells a mini-program's server. The signature is the credential."""

    path = "/wechat-push"
    tags = ["回调"]
    request_max_body_size = CALLBACK_BODY_LIMIT

    @get(
        "/{appid:str}",
        limit="callback",
        media_type=MediaType.TEXT,
        summary="微信消息推送的地址校验",
        description="在小程序后台填写推送地址时由微信调用：签名正确则原样返回 `echostr`。",
        errors=(PushRejected,),
    )
    async def check(
        self,
        appid: FromPath[str],
        pushes: NamedDependency[WechatPushes],
        timestamp: Word = "",
        nonce: Word = "",
        signature: Word = "",
        echostr: Word = "",
    ) -> str:
        address = PushAddress(timestamp=timestamp, nonce=nonce, signature=signature)
        pushes.check_address(appid, address, at=now())
        return echostr

    @post(
        "/{appid:str}",
        status_code=200,
        limit="callback",
        media_type=MediaType.TEXT,
        summary="微信消息推送",
        description="订阅消息的弹窗、设置与送达事件。只接受安全模式、JSON 格式；"
        "验签、解密并保存后才应答 `success`，其他事件应答后不保存。",
        receives={"application/json": SEALED_PUSH},
        errors=(PushRejected,),
    )
    async def push(
        self,
        appid: FromPath[str],
        request: Request[None, None, State],
        pushes: NamedDependency[WechatPushes],
        timestamp: Word = "",
        nonce: Word = "",
        msg_signature: Word = "",
        encrypt_type: Word = "",
    ) -> str:
        address = PushAddress(
            timestamp=timestamp,
            nonce=nonce,
            msg_signature=msg_signature,
            encrypt_type=encrypt_type,
        )
        at = now()
        try:
            events = pushes.read(appid, address, await request.body(), at=at)
        except ValueError as error:  # genuine: sent again, it would read no better
            log.error("a push that we cannot read", extra={"why": str(error)})
            return SUCCESS
        await keep_pushes(appid, events, at=at)
        return SUCCESS
