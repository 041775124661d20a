"""What speaks to Alipay for each application: sign-in, collecting, and paying out. 支付宝对接"""

from collections.abc import Callable

import httpx
from msgspec import Struct

from app.settings import AlipayApp, Settings
from core.wire import alipay
from core.wire.alipay_gateway import AlipayGateway as AlipayLine
from core.wire.alipay_gateway import AlipayKeys
from core.wire.alipay_trust import AlipayCertificates
from identity.providers.alipay import AlipayProvider
from identity.providers.alipay_faces import AlipayFaces
from payments.gateways.alipay import AlipayGateway
from payments.gateways.alipay_transfer import AlipayTransfers


class AlipayAdapters(Struct, frozen=True):
    providers: list[AlipayProvider]
    faces: list[AlipayFaces]
    payments: list[AlipayGateway]
    transfers: list[AlipayTransfers]


def alipay_adapters(
    settings: Settings, open_client: Callable[[str], httpx.AsyncClient]
) -> AlipayAdapters:
    """All of them; only applications in certificate mode pay out.

    Those of one application share what they know of Alipay's certificates.
    """
    client, url = open_client(""), settings.alipay.gateway_url
    lines = [(app, AlipayLine(_keys(app), client, url=url)) for app in settings.alipay.apps]
    return AlipayAdapters(
        providers=[AlipayProvider(line) for _, line in lines],
        faces=[AlipayFaces(line, return_url=settings.public_url) for _, line in lines],
        payments=[
            AlipayGateway(
                line,
                seller_id=app.seller_id,
                notify_url=f"{settings.public_url}/callbacks/alipay/{app.app_id}",
            )
            for app, line in lines
        ],
        transfers=[AlipayTransfers(line) for _, line in lines if line.keys.certificates],
    )


def _keys(app: AlipayApp) -> AlipayKeys:
    public = app.alipay_public_key_pem
    return AlipayKeys(
        app_id=app.app_id,
        private_key=alipay.load_private_key(app.app_private_key_pem.reveal()),
        alipay_public_key=alipay.load_public_key(public) if public else None,
        aes_key=app.aes_key.reveal(),
        certificates=None if public else _certificates(app),
    )


def _certificates(app: AlipayApp) -> AlipayCertificates:
    return AlipayCertificates(
        app_cert_pem=app.app_cert_pem,
        alipay_cert_pem=app.alipay_cert_pem,
        root_bundle_pem=app.root_bundle_pem,
    )
