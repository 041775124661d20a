"""One app's line to api.weixin.qq.com: what is asked, and what is asked with the access token."""

import logging
from collections.abc import Mapping
from typing import Any, TypeVar

import httpx
import msgspec
from msgspec import Struct

from core.wire import NoAnswer
from identity.kinds import ProviderName
from identity.providers import ProviderFailed
from identity.providers.wechat_token import WechatToken

TOKEN_STALE = frozenset({40001, 40014, 42001})
OURS_IS_WRONG = frozenset({40013, 40125})

log = logging.getLogger(__name__)


class Reply(Struct):
    """What every answer has. The status is 200 whatever it says."""

    errcode: int = 0


T = TypeVar("T", bound=Reply)


class WechatLine:
    def __init__(self, client: httpx.AsyncClient, token: WechatToken) -> None:
        self._client = client
        self._token = token

    async def ask(self, method: str, path: str, reply: type[T], **request: Any) -> T:
        """The answer, whatever its errcode; ProviderFailed when there is none to be read."""
        try:
            response = await self._client.request(method, path, **request)
            return msgspec.json.decode(response.raise_for_status().content, type=reply)
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            # Not `from error`: its text has the address, and that has the secret.
            raise ProviderFailed(
                provider=ProviderName.WECHAT, reason=type(error).__name__
            ) from None

    async def ask_with_token(self, path: str, content: Mapping[str, object], reply: type[T]) -> T:
        """Ask, and once more with another token when WeChat says this one is no good."""
        body = msgspec.json.encode(content)
        try:
            token = await self._token.get()
            answer = await self._post(path, token, body, reply)
            if answer.errcode in TOKEN_STALE:
                token = await self._token.renew(token)
                answer = await self._post(path, token, body, reply)
        except NoAnswer as error:
            raise ProviderFailed(provider=ProviderName.WECHAT, reason=str(error)) from None
        return answer

    async def _post(self, path: str, token: str, body: bytes, reply: type[T]) -> T:
        return await self.ask("POST", path, reply, params={"access_token": token}, content=body)


def refuse_failure(reply: Reply) -> None:
    """ProviderFailed for an errcode that says nothing about who is asking."""
    if reply.errcode in OURS_IS_WRONG:
        log.error("wechat refuses our credentials", extra={"errcode": reply.errcode})
    if reply.errcode:
        raise ProviderFailed(provider=ProviderName.WECHAT, errcode=reply.errcode)
