"""Switches at WeChat: where pushes go, and how often an API may be called. 控制"""

from typing import Annotated, Literal

import httpx
from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from sandbox.refusals import PhoneRefusal
from sandbox.wechat.messages import set_sent_result
from sandbox.wechat.pushes import answers_check, set_push_url
from sandbox.wechat.quotas import set_quota
from sandbox.wechat.switches import (
    NO_BALANCE,
    OPEN_PLATFORM,
    banned,
    high_risk,
    main_switch_off,
    turn,
)
from sandbox.world import World


class PushAddress(Struct, forbid_unknown_fields=True):
    """Empty means: no pushes any more. Without an appid, the city's own app is meant."""

    url: str
    appid: str = ""


class Quota(Struct, forbid_unknown_fields=True):
    """`api` is a path, and /wxa/generate for schemes and links together."""

    api: str
    per_minute: Annotated[int, Meta(ge=0)] | None = None
    per_day: Annotated[int, Meta(ge=0)] | None = None


class Switch(Struct, forbid_unknown_fields=True):
    """`of` is whose: a template's id where it is banned, else a person's key, or nobody's."""

    what: Literal["open_platform", "no_balance", "high_risk", "main_switch_off", "banned"]
    of: str = ""
    on: bool = True

    def name(self) -> str:
        plain = {"open_platform": OPEN_PLATFORM, "no_balance": NO_BALANCE}
        owned = {"high_risk": high_risk, "main_switch_off": main_switch_off, "banned": banned}
        return plain[self.what] if self.what in plain else owned[self.what](self.of)


class SentResult(Struct, forbid_unknown_fields=True):
    """0 is success again."""

    error_code: Annotated[int, Meta(ge=0)]
    error_status: str = "system error"


class WechatControlController(Controller):
    path = "/control/wechat"

    @post("/push-url", status_code=200)
    async def push_address(
        self, data: JSONBody[PushAddress], world: NamedDependency[World]
    ) -> dict[str, str]:
        """Enter the address, as in the console: it counts if it answers the check."""
        if data.url:
            async with httpx.AsyncClient(trust_env=False) as client:
                if not await answers_check(world, client, data.url, appid=data.appid):
                    raise PhoneRefusal("Token校验失败，请检查确认")
        set_push_url(world, data.url, appid=data.appid)
        return {"url": data.url}

    @post("/quota", status_code=200)
    async def quota(self, data: JSONBody[Quota], world: NamedDependency[World]) -> dict[str, str]:
        for period, most in (("minute", data.per_minute), ("day", data.per_day)):
            if most is not None:
                set_quota(world, data.api, period, most)
        return {"api": data.api}

    @post("/switch", status_code=200)
    async def switch(
        self, data: JSONBody[Switch], world: NamedDependency[World]
    ) -> dict[str, bool]:
        """Bind the app to the Open Platform, let the balance run out, take somebody for a risk."""
        turn(world, data.name(), on=data.on)
        return {data.what: data.on}

    @post("/sent-results", status_code=200)
    async def sent_results(
        self, data: JSONBody[SentResult], world: NamedDependency[World]
    ) -> dict[str, int]:
        """Let messages that were taken fail afterwards: only the event will tell."""
        set_sent_result(world, data.error_code, data.error_status)
        return {"error_code": data.error_code}
