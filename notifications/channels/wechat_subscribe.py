"""WeChat subscribe messages 订阅消息 (cgi-bin/message/subscribe/send).

Repeats are not dropped, and nobody can ask what became of a send: at most once.
"""

import re
from collections.abc import Mapping
from typing import ClassVar, Protocol

import httpx
import msgspec
from msgspec import Struct

from core.wire import NoAnswer
from notifications.channels import Contract, Notice, NotSent, Refusal, SendResult, Sent, Unclear
from notifications.channels.wechat_values import fit_values

PATH = "/cgi-bin/message/subscribe/send"

_TOKEN_REFUSED = frozenset({40001, 40014, 42001})
_REFUSALS: Mapping[int, Refusal] = {
    -1: Refusal.LATER,
    40003: Refusal.ADDRESS,
    40037: Refusal.SETUP,
    41030: Refusal.SETUP,
    43101: Refusal.CONSENT_GONE,
    45009: Refusal.DAY_LIMIT,
    45011: Refusal.LATER,
    47003: Refusal.VALUE,
}
_FIELD = re.compile(r"data\.([a-z_]{1,20}[0-9]{1,3})\.value")
_NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class AccessTokens(Protocol):
    """The app's access token, shared by all processes. NoAnswer when there is none."""

    async def get(self) -> str: ...

    async def renew(self, stale: str) -> str:
        """Another than the one just refused, fetched once however many ask."""
        ...


class _Reply(Struct):
    errcode: int
    errmsg: str = ""
    msgid: int | str | None = None


class WechatSubscribe:
    name: ClassVar[str] = "wechat_subscribe"
    contract: ClassVar[Contract] = Contract.AT_MOST_ONCE

    def __init__(self, client: httpx.AsyncClient, tokens: Mapping[str, AccessTokens]) -> None:
        """`tokens` are those of each mini-program, by its appid."""
        self._client = client
        self._tokens = tokens

    def fit(self, values: Mapping[str, str]) -> dict[str, str]:
        return fit_values(values)

    async def send(self, notice: Notice) -> SendResult:
        tokens = self._tokens.get(notice.appid)
        if tokens is None:
            return NotSent(why=Refusal.SETUP, code="app_unknown")
        try:
            token = await tokens.get()
            reply = await self._post(token, notice)
            if isinstance(reply, _Reply) and reply.errcode in _TOKEN_REFUSED:
                token = await tokens.renew(token)
                reply = await self._post(token, notice)
        except NoAnswer:  # of the token: nothing was sent
            return NotSent(why=Refusal.LATER, code="no_token")
        return _result(reply) if isinstance(reply, _Reply) else reply

    async def _post(self, token: str, notice: Notice) -> _Reply | SendResult:
        body = {
            "touser": notice.to,
            "template_id": notice.template_id,
            "page": notice.page,
            "data": {key: {"value": value} for key, value in notice.values.items()},
        }
        try:
            response = await self._client.post(
                PATH,
                params={"access_token": token},
                content=msgspec.json.encode(body),
                headers={"Content-Type": "application/json"},
            )
            return msgspec.json.decode(response.raise_for_status().content, type=_Reply)
        except _NOT_REACHED:
            return NotSent(why=Refusal.LATER, code="not_reached")
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            return Unclear(type(error).__name__)


def _result(reply: _Reply) -> SendResult:
    if reply.errcode == 0:
        return Sent(None if reply.msgid is None else str(reply.msgid))
    if reply.errcode in _TOKEN_REFUSED:  # even the new one: back later, no ping-pong
        return NotSent(why=Refusal.LATER, code=str(reply.errcode))
    field = _FIELD.search(reply.errmsg)
    return NotSent(
        why=_REFUSALS.get(reply.errcode, Refusal.SETUP),
        code=str(reply.errcode),
        field=field and field[1],
    )
