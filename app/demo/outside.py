"""The world outside as the demonstration touches it: people's phones, and the sandbox's book."""

from collections.abc import Mapping
from typing import Any

import httpx

Row = dict[str, Any]


class OutsideRefused(Exception):
    """The sandbox said no where a phone would have worked."""


class Phone:
    """One person's hand on WeChat and Alipay: what they tap, and what they see there."""

    def __init__(self, http: httpx.AsyncClient, person: str) -> None:
        self._http = http
        self._path = f"/phone/{person}"

    async def wechat_login_code(self, appid: str) -> str:
        return str((await self._post("/wechat/login-code", {"appid": appid}))["code"])

    async def alipay_auth_code(self, app_id: str) -> str:
        asked = {"app_id": app_id, "scopes": ["auth_base"]}
        return str((await self._post("/alipay/auth-code", asked))["authCode"])

    async def accept_messages(self, appid: str, template_ids: list[str]) -> Row:
        """Tap “允许” on the sheet that wx.requestSubscribeMessage shows."""
        asked = {"appid": appid, "template_ids": template_ids, "answer": "accept"}
        return await self._post("/wechat/subscribe", asked)

    async def pay_with_wechat(self, parameters: Mapping[str, Any]) -> str:
        return str((await self._post("/wechat/pay", parameters))["errMsg"])

    async def confirm_transfer(self, parameters: Mapping[str, Any]) -> str:
        return str((await self._post("/wechat/confirm-transfer", parameters))["errMsg"])

    async def pay_with_alipay(self, trade_no: str) -> str:
        return str((await self._post("/alipay/pay", {"tradeNO": trade_no}))["resultCode"])

    async def messages(self) -> list[Row]:
        return list(_read(await self._http.get(f"{self._path}/wechat/messages")))

    async def wallet(self) -> dict[str, int]:
        return dict(_read(await self._http.get(f"{self._path}/wallet")))

    async def _post(self, path: str, asked: Mapping[str, Any]) -> Row:
        return dict(_read(await self._http.post(f"{self._path}{path}", json=dict(asked))))


class Book:
    """What really happened at the platforms and at the bank, by the sandbox's own account."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def rows(self, name: str, **wanted: object) -> list[Row]:
        """The rows of one list that have these values."""
        rows = _read(await self._http.get(f"/book/{name}"))
        return [row for row in rows if all(row.get(key) == wanted[key] for key in wanted)]


def _read(response: httpx.Response) -> Any:
    if response.is_error:
        raise OutsideRefused(f"{response.request.url.path}: {response.status_code} {response.text}")
    return response.json()
