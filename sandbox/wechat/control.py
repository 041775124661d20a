"""Switches at WeChat: where pushes go, and how often an API may be called. 控制"""

from typing import Annotated

import httpx
from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from sandbox.refusals import PhoneRefusal
from sandbox.wechat.pushes import answers_check, set_push_url
from sandbox.wechat.quotas import set_quota
from sandbox.world import World


class PushAddress(Struct, forbid_unknown_fields=True):
    """Empty means: no pushes any more."""

    url: str


class Quota(Struct, forbid_unknown_fields=True):
    """`api` is a path, and /wxa/generate for schemes and links together."""

    api: str
    per_minute: Annotated[int, Meta(ge=0)] | None = None
    per_day: Annotated[int, Meta(ge=0)] | None = None


class WechatControlController(Controller):
    path = "/control/wechat"

    @post("/push-url", status_code=200)
    async def push_address(
        self, data: JSONBody[PushAddress], world: NamedDependency[World]
    ) -> dict[str, str]:
        """Enter the address, as in the console: it counts if it answers the check."""
        if data.url:
            async with httpx.AsyncClient(trust_env=False) as client:
                if not await answers_check(world, client, data.url):
                    raise PhoneRefusal("Token校验失败，请检查确认")
        set_push_url(world, data.url)
        return {"url": data.url}

    @post("/quota", status_code=200)
    async def quota(self, data: JSONBody[Quota], world: NamedDependency[World]) -> dict[str, str]:
        for period, most in (("minute", data.per_minute), ("day", data.per_day)):
            if most is not None:
                set_quota(world, data.api, period, most)
        return {"api": data.api}
