"""The world outside as the demonstration touches it: people's phones, and the sandbox's book."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from app.demo.transcript import Step

Row = dict[str, Any]

SETTLING_STEPS = 25


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

    async def accept_messages(self, appid: str, template_ids: list[str]) -> dict[str, str]:
        """Tap “允许” on the sheet that wx.requestSubscribeMessage shows."""
        asked = {"appid": appid, "template_ids": template_ids, "answer": "accept"}
        return await self._post("/wechat/subscribe", asked)

    async def pay_with_wechat(self, appid: str, parameters: Mapping[str, Any]) -> str:
        """Pay on the sheet of wx.requestPayment, to which WeChat adds the appid by itself."""
        asked = {"appId": appid, **parameters}
        return str((await self._post("/wechat/pay", asked))["errMsg"])

    async def confirm_transfer(self, parameters: Mapping[str, Any]) -> str:
        return str((await self._post("/wechat/confirm-transfer", parameters))["errMsg"])

    async def pay_with_alipay(self, parameters: Mapping[str, Any]) -> str:
        return str((await self._post("/alipay/pay", parameters))["resultCode"])

    async def messages_about(self, thing: str) -> list[Row]:
        """The subscribe messages whose first line is this."""
        received = _read(await self._http.get(f"{self._path}/wechat/messages"))
        return [row for row in received if row["data"]["thing1"] == thing]

    async def wallet(self) -> dict[str, int]:
        return dict(_read(await self._http.get(f"{self._path}/wallet")))

    async def _post(self, path: str, asked: Mapping[str, Any]) -> Row:
        return dict(_read(await self._http.post(f"{self._path}{path}", json=dict(asked))))


class Book:
    """What really happened at the platforms and at the bank, by the sandbox's own account.

    Every claim that was held against it is remembered, so that it can be held again at the end:
    what was exactly once then must still be exactly once.
    """

    def __init__(self, http: httpx.AsyncClient, *, settling_seconds: float = 5.0) -> None:
        self._http = http
        self._pause = settling_seconds / SETTLING_STEPS
        self._claims: list[tuple[str, str, dict[str, object], list[Row]]] = []

    async def rows(self, page: str, **wanted: object) -> list[Row]:
        """The rows of one page that have these values."""
        rows = _read(await self._http.get(f"/book/{page}"))
        return [row for row in rows if all(row.get(key) == wanted[key] for key in wanted)]

    async def holds(
        self, step: Step, claim: str, page: str, wanted: dict[str, object], expected: list[Row]
    ) -> list[Row]:
        """Check that the rows with `wanted` are these and no others, in the columns named."""
        self._claims.append((claim, page, wanted, expected))
        return await self._hold(step, claim, page, wanted, expected)

    async def all_still_hold(self, step: Step) -> None:
        for claim in self._claims:
            await self._hold(step, *claim)

    async def hold_back_callbacks(self, number: str) -> None:
        """Let the platform's callbacks about this number get lost."""
        _read(await self._http.post("/control/callbacks/suppress", json={"number": number}))

    async def _hold(
        self, step: Step, claim: str, page: str, wanted: dict[str, object], expected: list[Row]
    ) -> list[Row]:
        """A book that is about to be written is waited for; one that says too much never agrees."""
        columns = expected[0].keys() if expected else ()
        for last in (*[False] * SETTLING_STEPS, True):
            rows = await self.rows(page, **wanted)
            found = [{key: row[key] for key in columns} for row in rows]
            if found == expected or last:
                break
            await asyncio.sleep(self._pause)
        step.check(claim, found, expected)
        return rows


def _read(response: httpx.Response) -> Any:
    if response.is_error:
        raise OutsideRefused(f"{response.request.url.path}: {response.status_code} {response.text}")
    return response.json()
