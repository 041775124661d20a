"""WeChat's face verification 2.0: begin it, and ask what came of it. 微信人脸核身

Only 10000 passes; whatever else is said, a face has not passed, and may still be shown until the
end. The client's own word is never taken.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar, TypeVar

import httpx

from identity.kinds import ProviderName
from identity.providers import Face, FaceResult, FaceServiceFailed, FaceStarted, ProviderFailed
from identity.providers.wechat_api import Reply, WechatLine
from identity.providers.wechat_token import WechatToken

PASSED = 10000
_FACES = "/cityservice/face/identify"
_CERT_TYPE = "IDENTITY_CARD"

_T = TypeVar("_T", bound=Reply)


class _Begun(Reply):
    verify_id: str = ""
    expires_in: int = 0


class _Result(Reply):
    verify_ret: int = 0


class WechatFaces:
    name: ClassVar = ProviderName.WECHAT

    def __init__(self, client: httpx.AsyncClient, *, appid: str, token: WechatToken) -> None:
        self.appid = appid
        self._line = WechatLine(client, token)

    async def begin(self, number: str, *, face: Face, subject: str, at: datetime) -> FaceStarted:
        content = {
            "out_seq_no": number,
            "cert_info": {
                "cert_type": _CERT_TYPE,
                "cert_name": face.name,
                "cert_no": face.id_number,
            },
            "openid": subject,
        }
        begun = await self._ask("getverifyid", content, _Begun)
        if begun.errcode or not 0 < len(begun.verify_id) <= 256 or begun.expires_in <= 0:
            raise FaceServiceFailed(provider=self.name, errcode=begun.errcode)
        return FaceStarted(begun.verify_id, at + timedelta(seconds=begun.expires_in))

    async def result(
        self, handle: str, *, number: str, face: Face, subject: str, at: datetime
    ) -> FaceResult:
        content = {
            "verify_id": handle,
            "out_seq_no": number,
            "cert_hash": cert_hash(face),
            "openid": subject,
        }
        told = await self._ask("queryverifyinfo", content, _Result)
        if told.errcode:
            raise FaceServiceFailed(provider=self.name, errcode=told.errcode)
        return FaceResult(told.verify_ret == PASSED, str(told.verify_ret))

    async def _ask(self, name: str, content: Mapping[str, object], reply: type[_T]) -> _T:
        try:
            return await self._line.ask_with_token(f"{_FACES}/{name}", content, reply)
        except ProviderFailed as error:
            raise FaceServiceFailed(**error.context) from None


def cert_hash(face: Face) -> str:
    """How WeChat asks whether we still know whom it was about."""
    parts = {"cert_type": _CERT_TYPE, "cert_name": face.name, "cert_no": face.id_number}
    told = [f"{key}={b64encode(value.encode()).decode()}" for key, value in parts.items()]
    return sha256("&".join(told).encode()).hexdigest()
