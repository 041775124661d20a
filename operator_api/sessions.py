from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.sealing import Vault
from identity.callers import OperatorCaller
from identity.operator_devices import find_device, remember_device
from identity.operator_sessions import (
    LIFETIME,
    OperatorCodeRefused,
    OperatorSignInFailed,
    end_session_of,
    sign_in_operator,
    sign_out_operator,
    step_up,
)
from web.addresses import Whence
from web.doors import (
    DEVICE_COOKIE,
    OPERATOR_COOKIE,
    device_cookie,
    ended_operator_cookie,
    operator_cookie,
)
from web.limiter import Limiter

AnyRequest = Request[Any, Any, State]


class SignInRequest(Struct, frozen=True, forbid_unknown_fields=True):
    username: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=128)]
    totp_code: Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]


class StepUpRequest(Struct, frozen=True, forbid_unknown_fields=True):
    totp_code: Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]


class OperatorView(Struct, frozen=True, kw_only=True):
    operator_id: UUID
    roles: list[str]
    department: str
    division: str
    behalf_of: UUID | None = None
    proved_at: datetime | None = None


class OperatorSignedInView(OperatorView, frozen=True, kw_only=True):
    """`token` is for programs; a browser has its cookie and is told none."""

    expires_at: datetime
    token: str | None = None


class OperatorSessionController(Controller):
    """工作人员登录: password and one-time code in, a cookie out."""

    path = "/sessions"
    tags = ["工作人员登录"]

    @post(
        limit="log_in_staff",
        summary="工作人员登录",
        description="用户名、口令和动态码；每个动态码只能用一次。浏览器得到会话 Cookie；"
        "程序得到 `token`，放在 Authorization: Bearer 中使用。闲置 30 分钟或满 12 小时后失效。",
        example={"username": "shenlan", "password": "************", "totp_code": "123456"},
        errors=(OperatorSignInFailed,),
    )
    async def create(
        self,
        data: JSONBody[SignInRequest],
        request: AnyRequest,
        vault: NamedDependency[Vault],
        limiter: NamedDependency[Limiter],
        whence: NamedDependency[Whence],
    ) -> Response[OperatorSignedInView]:
        at = now()
        counted = await _count(request, data.username, whence, limiter)
        signed_in = await sign_in_operator(
            data.username, data.password, data.totp_code, vault=vault, at=at
        )
        for action, key in counted.items():  # only wrong tries count
            await limiter.take_back(action, key)
        await end_session_of(request.cookies.get(OPERATOR_COOKIE, ""), at=at)
        by_browser = "sec-fetch-site" in request.headers  # no page can leave it out
        view = OperatorSignedInView(
            operator_id=signed_in.operator.id,
            roles=sorted(signed_in.operator.roles),
            department=signed_in.operator.department,
            division=signed_in.operator.division,
            expires_at=signed_in.expires_at,
            proved_at=at,
            token=None if by_browser else signed_in.token,
        )
        cookies = [operator_cookie(signed_in.token, seconds=int(LIFETIME.total_seconds()))]
        if by_browser and "log_in_strangers" in counted:
            cookies.append(device_cookie(await remember_device(signed_in.operator.id, at=at)))
        return Response(view, cookies=cookies)

    @get("/current", summary="当前工作人员", description="登录者的岗位、部门与区划。")
    async def show(self, operator: NamedDependency[OperatorCaller]) -> OperatorView:
        return OperatorView(
            operator_id=operator.operator_id,
            roles=sorted(operator.roles),
            department=operator.department,
            division=operator.division,
            behalf_of=operator.behalf_of,
            proved_at=operator.proved_at,
        )

    @post(
        "/current/step-ups",
        limit="log_in_staff",
        status_code=200,
        summary="再次验证",
        description="发布、恢复、人员与权限等操作要求 5 分钟内输入过动态码；每个动态码只能用一次。",
        example={"totp_code": "123456"},
        errors=(OperatorCodeRefused,),
    )
    async def step_up(
        self,
        data: JSONBody[StepUpRequest],
        operator: NamedDependency[OperatorCaller],
        vault: NamedDependency[Vault],
        limiter: NamedDependency[Limiter],
    ) -> datetime:
        key = f"step-up:{operator.operator_id}"
        await limiter.hit("log_in_name", key)
        proved_at = await step_up(operator, data.totp_code, vault=vault, at=now())
        await limiter.take_back("log_in_name", key)
        return proved_at

    @delete(
        "/current",
        status_code=204,
        summary="工作人员退出",
        description="结束会话，并清除浏览器里的数据。",
    )
    async def end(self, operator: NamedDependency[OperatorCaller]) -> Response[None]:
        await sign_out_operator(operator, at=now())
        headers = {"Clear-Site-Data": '"cache", "cookies", "storage"'}
        return Response(None, cookies=[ended_operator_cookie()], headers=headers)


async def _count(
    request: AnyRequest, username: str, whence: Whence, limiter: Limiter
) -> dict[str, str]:
    """Count a try for the browser that makes it: a stranger's never shut the owner out. 防暴力尝试

    Strangers together have a bound of their own, which known browsers are not held to.
    """
    device = await find_device(request.cookies.get(DEVICE_COOKIE), username)
    if device is not None:
        counted = {"log_in_name": f"operator-device:{device}"}
    else:
        name = f"operator:{username}"
        counted = {"log_in_name": f"{name}|{whence.network}", "log_in_strangers": name}
    for action, key in counted.items():
        await limiter.hit(action, key)
    return counted
