"""Alipay's open certification: begin it, and ask what came of it. 支付宝身份认证"""

from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

import msgspec
from msgspec import Struct

from core.wire import NoAnswer
from core.wire.alipay_gateway import AlipayGateway
from identity.kinds import ProviderName
from identity.providers import Face, FaceResult, FaceServiceFailed, FaceStarted

LASTS = timedelta(hours=1)
"""Alipay allows nearly a day; an hour is as long as WeChat's, and long enough for anybody."""

_BEGIN, _QUERY = "alipay.user.certify.open.initialize", "alipay.user.certify.open.query"

T = TypeVar("T")


class _Begun(Struct):
    certify_id: str = ""


class _Result(Struct):
    passed: str = ""


class AlipayFaces:
    name: ClassVar = ProviderName.ALIPAY

    def __init__(self, gateway: AlipayGateway, *, return_url: str) -> None:
        self.appid = gateway.keys.app_id
        self._gateway = gateway
        self._return_url = return_url

    async def begin(self, number: str, *, face: Face, subject: str, at: datetime) -> FaceStarted:
        content = {
            "outer_order_no": number,
            "biz_code": "FACE",
            "identity_param": {
                "identity_type": "CERT_INFO",
                "cert_type": "IDENTITY_CARD",
                "cert_name": face.name,
                "cert_no": face.id_number,
            },
            "merchant_config": {"return_url": self._return_url},
        }
        begun = await self._ask(_BEGIN, content, _Begun, at=at)
        if not 0 < len(begun.certify_id) <= 256:
            raise FaceServiceFailed(provider=self.name, reason="no certify_id")
        return FaceStarted(begun.certify_id, at + LASTS)

    async def result(
        self, handle: str, *, number: str, face: Face, subject: str, at: datetime
    ) -> FaceResult:
        told = await self._ask(_QUERY, {"certify_id": handle}, _Result, at=at)
        return FaceResult(told.passed == "T", told.passed)

    async def _ask(
        self, method: str, content: dict[str, Any], reply: type[T], *, at: datetime
    ) -> T:
        try:
            answer = await self._gateway.call(method, at=at, biz_content=content)
            if answer.code != "10000" or not answer.signed:
                raise FaceServiceFailed(
                    provider=self.name, answer_code=answer.code, sub_code=answer.sub_code
                )
            return msgspec.json.decode(answer.node, type=reply)
        except (NoAnswer, msgspec.MsgspecError) as error:
            raise FaceServiceFailed(provider=self.name, reason=type(error).__name__) from None
