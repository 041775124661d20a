from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.clock import now
from core.sealing import Vault
from payments import notices
from payments.gateways import Gateways, NoticeRejected, PaymentGateway, Provider
from web.body import CALLBACK_BODY_LIMIT

WECHAT_NOTICE = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "通知的唯一编号"},
        "create_time": {"type": "string", "format": "date-time", "description": "通知时间"},
        "event_type": {"type": "string", "description": "如 TRANSACTION.SUCCESS"},
        "resource_type": {"type": "string", "description": "固定为 encrypt-resource"},
        "resource": {"type": "object", "description": "用 APIv3 密钥加密的内容"},
    },
    "required": ["create_time", "event_type", "id", "resource", "resource_type"],
}
ALIPAY_NOTICE = {
    "type": "object",
    "properties": {
        "notify_id": {"type": "string", "description": "通知的唯一编号"},
        "sign_type": {"type": "string", "description": "固定为 RSA2"},
        "sign": {"type": "string", "description": "支付宝对其余各项的签名"},
    },
    "required": ["notify_id", "sign", "sign_type"],
    "additionalProperties": {"type": "string"},
}


class CallbackController(Controller):
    """回调: what providers tell us. Nobody is signed in here: the signature is the credential."""

    tags = ["回调"]
    request_max_body_size = CALLBACK_BODY_LIMIT

    @post(
        "/wechat-pay/{mchid:str}",
        status_code=200,
        limit="callback",
        summary="微信支付通知",
        description="微信支付的支付、退款、商家转账通知，凭请求头 `Wechatpay-Signature` 中的签名。"
        "验签并保存原文后才应答。",
        receives={"application/json": WECHAT_NOTICE},
        answers={"application/json": {"type": "object"}},
        errors=(NoticeRejected,),
    )
    async def wechat_pay(
        self,
        mchid: FromPath[str],
        request: Request[None, None, State],
        gateways: NamedDependency[Gateways],
        vault: NamedDependency[Vault],
    ) -> Response[bytes]:
        return await _keep(gateways.notice_reader(Provider.WECHAT, mchid), request, vault)

    @post(
        "/alipay/{app_id:str}",
        status_code=200,
        limit="callback",
        summary="支付宝异步通知",
        description="支付宝的交易通知，表单格式。验签并保存原文后才应答 success。",
        receives={"application/x-www-form-urlencoded": ALIPAY_NOTICE},
        answers={"text/plain": {"type": "string"}},
        errors=(NoticeRejected,),
    )
    async def alipay(
        self,
        app_id: FromPath[str],
        request: Request[None, None, State],
        gateways: NamedDependency[Gateways],
        vault: NamedDependency[Vault],
    ) -> Response[bytes]:
        return await _keep(gateways.notice_reader(Provider.ALIPAY, app_id), request, vault)


async def _keep(
    gateway: PaymentGateway, request: Request[None, None, State], vault: Vault
) -> Response[bytes]:
    await notices.keep(gateway, request.headers, await request.body(), vault=vault, at=now())
    said = gateway.acknowledgement
    return Response(said.body, media_type=said.media_type)
