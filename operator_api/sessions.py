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
from identity.operator_sessions import (
    LIFETIME,
    OperatorSignInFailed,
    sign_in_operator,
    sign_out_operator,
)
from web.doors import ended_operator_cookie, operator_cookie
from web.limiter import Limiter


class SignInRequest(Struct, frozen=True, forbid_unknown_fields=True):
    username: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=128)]
    totp_code: Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]


class OperatorView(Struct, frozen=True, kw_only=True):
    operator_id: UUID
    roles: list[str]
    department: str
    division: str


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
        request: Request[Any, Any, State],
        vault: NamedDependency[Vault],
        limiter: NamedDependency[Limiter],
    ) -> Response[OperatorSignedInView]:
        await limiter.hit("log_in_name", f"operator:{data.username}")
        signed_in = await sign_in_operator(
            data.username, data.password, data.totp_code, vault=vault, at=now()
        )
        by_browser = "sec-fetch-site" in request.headers  # no page can leave it out
        view = OperatorSignedInView(
            operator_id=signed_in.operator.id,
            roles=sorted(signed_in.operator.roles),
            department=signed_in.operator.department,
            division=signed_in.operator.division,
            expires_at=signed_in.expires_at,
            token=None if by_browser else signed_in.token,
        )
        cookie = operator_cookie(signed_in.token, seconds=int(LIFETIME.total_seconds()))
        return Response(view, cookies=[cookie])

    @get("/current", summary="当前工作人员", description="登录者的岗位、部门与区划。")
    async def show(self, operator: NamedDependency[OperatorCaller]) -> OperatorView:
        return OperatorView(
            operator_id=operator.operator_id,
            roles=sorted(operator.roles),
            department=operator.department,
            division=operator.division,
        )

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
