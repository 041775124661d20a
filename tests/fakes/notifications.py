"""WeChat's subscribe messages and a channel of our own, obeying the protocol. 订阅消息"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

import httpx

from notifications.channels import Contract, Notice, SendResult, Sent
from notifications.channels.wechat_values import fit_values


class FakeTokens:
    """Hands out token-1, and the next number whenever the one in use is called stale."""

    def __init__(self) -> None:
        self.number = 1
        self.fetches = 0

    async def get(self) -> str:
        return f"token-{self.number}"

    async def renew(self, stale: str) -> str:
        if stale == f"token-{self.number}":
            self.number += 1
            self.fetches += 1
        return f"token-{self.number}"


class FakeWechat:
    """Answers `subscribe/send` as WeChat does: HTTP 200 and an errcode."""

    def __init__(self, *answers: Mapping[str, object], good_tokens: tuple[str, ...] = ()) -> None:
        self.answers = list(answers)
        self.good_tokens = good_tokens
        self.requests: list[httpx.Request] = []
        self.sent: list[dict[str, object]] = []

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.MockTransport(self._answer), base_url="https://api.weixin.test"
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.good_tokens and request.url.params["access_token"] not in self.good_tokens:
            return httpx.Response(200, json={"errcode": 40001, "errmsg": "invalid credential"})
        if self.answers:
            return httpx.Response(200, json=self.answers.pop(0))
        self.sent.append(json.loads(request.content))
        return httpx.Response(200, json={"errcode": 0, "errmsg": "ok", "msgid": len(self.sent)})


class FakeChannel:
    """Keeps what it was given to send. `does` may answer otherwise, wait, or die."""

    name: ClassVar[str] = "wechat_subscribe"
    contract: ClassVar[Contract] = Contract.AT_MOST_ONCE

    def __init__(self, does: Callable[[Notice], Awaitable[SendResult]] | None = None) -> None:
        self.does = does
        self.sent: list[Notice] = []

    def fit(self, values: Mapping[str, str]) -> dict[str, str]:
        return fit_values(values)

    async def send(self, notice: Notice) -> SendResult:
        self.sent.append(notice)
        if self.does is not None:
            return await self.does(notice)
        return Sent(f"msg-{len(self.sent)}")
