from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.clock import now
from core.sealing import Vault
from payments import notices
from payments.gateways import Gateways, NoticeRejected, PaymentGateway, Provider
from web.body import CALLBACK_BODY_LIMIT


class CallbackController(Controller):
    """回调: what providers tell us. Nobody is signed in here: the signature is the credential."""

    tags = ["回调"]
    request_max_body_size = CALLBACK_BODY_LIMIT

    @post(
        "/wechat-pay/{mchid:str}",
        status_code=200,
        limit="callback",
        summary="微信支付通知",
        description="微信支付的支付、退款、商家转账通知。验签并保存原文后才应答。",
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
