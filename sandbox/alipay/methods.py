"""What the gateway can be asked for, by the name of the method."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from sandbox.alipay import certify, downloads, login, messages, refunds, trades, transfers
from sandbox.alipay.calls import Call
from sandbox.refusals import AlipayRefusal
from sandbox.world import AlipayApp, World

Method = Callable[[World, AlipayApp, Call], dict[str, Any]]


def download_certificate(_: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """A certificate that answers or notifications of this app were signed under."""
    pem = app.alipay_certs.get(call.text("alipay_cert_sn"))
    if pem is None:
        raise AlipayRefusal("40004", "ALIPAY_CERT_NOT_EXIST", "支付宝公钥证书不存在")
    return {"alipay_cert_content": b64encode(pem.encode()).decode()}


METHODS: dict[str, Method] = {
    "alipay.data.dataservice.bill.downloadurl.query": downloads.query_url,
    "alipay.fund.account.query": transfers.query_account,
    "alipay.fund.trans.common.query": transfers.query,
    "alipay.fund.trans.uni.transfer": transfers.transfer,
    "alipay.open.app.messagetemplate.subscribe.query": messages.query_subscriptions,
    "alipay.open.app.mini.templatemessage.send": messages.send,
    "alipay.open.app.alipaycert.download": download_certificate,
    "alipay.open.app.openid.batchquery": login.open_ids,
    "alipay.system.oauth.token": login.oauth_token,
    "alipay.trade.create": trades.create,
    "alipay.trade.query": trades.query,
    "alipay.trade.close": refunds.close,
    "alipay.trade.cancel": refunds.cancel,
    "alipay.trade.refund": refunds.refund,
    "alipay.trade.fastpay.refund.query": refunds.query_refund,
    "alipay.user.certify.open.initialize": certify.initialize,
    "alipay.user.certify.open.query": certify.query,
    "alipay.user.info.share": login.share_user,
}
WITHOUT_CODE = ("alipay.system.oauth.token",)  # its success carries no code
CERTIFICATE_ONLY = ("alipay.fund.", "alipay.open.app.alipaycert.")
