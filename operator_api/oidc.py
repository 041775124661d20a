from typing import Annotated, Any

from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.sealing import Vault
from identity.oidc_sign_in import OidcNotOffered, OidcSignIn
from identity.operator_sessions import LIFETIME, OperatorSignInFailed, end_session_of
from identity.providers.operator_oidc import OidcFailed
from operator_api.sessions import OperatorSignedInView
from web.doors import OIDC_COOKIE, OPERATOR_COOKIE, oidc_cookie, operator_cookie


class OidcBegunView(Struct, frozen=True, kw_only=True):
    authorization_url: str


class OidcReturnRequest(Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=1, max_length=2048)]
    state: Annotated[str, Meta(min_length=1, max_length=128)]


class OidcController(Controller):
    """统一登录: by the bureau's own sign-in service, in one browser from beginning to end."""

    path = "/oidc"
    tags = ["工作人员登录"]

    @post(
        "/sign-ins",
        limit="log_in_staff",
        summary="开始统一登录",
        description="浏览器随后打开 `authorization_url`；10 分钟内须在同一浏览器回来。",
        errors=(OidcNotOffered,),
    )
    async def begin(
        self, oidc: NamedDependency[OidcSignIn], vault: NamedDependency[Vault]
    ) -> Response[OidcBegunView]:
        begun = await oidc.begin(vault=vault, at=now())
        view = OidcBegunView(authorization_url=begun.authorization_url)
        return Response(view, cookies=[oidc_cookie(begun.browser_token)])

    @post(
        "/sessions",
        limit="log_in_staff",
        summary="完成统一登录",
        description="凭回跳地址里的 `code` 与 `state` 登录，一次有效。只按登录名对应已有人员，"
        "岗位仍以本系统为准；发布等操作还要输入动态码。",
        example={"code": "SplxlOBeZQQYbYS6WxSbIA", "state": "af0ifjsldkj"},
        errors=(OidcNotOffered, OperatorSignInFailed, OidcFailed),
    )
    async def create(
        self,
        data: JSONBody[OidcReturnRequest],
        request: Request[Any, Any, State],
        oidc: NamedDependency[OidcSignIn],
        vault: NamedDependency[Vault],
    ) -> Response[OperatorSignedInView]:
        at, browser = now(), request.cookies.get(OIDC_COOKIE, "")
        signed_in = await oidc.finish(data.code, data.state, browser, vault=vault, at=at)
        await end_session_of(request.cookies.get(OPERATOR_COOKIE, ""), at=at)
        operator = signed_in.operator
        view = OperatorSignedInView(
            operator_id=operator.id,
            roles=sorted(operator.roles),
            department=operator.department,
            division=operator.division,
            expires_at=signed_in.expires_at,
        )
        cookie = operator_cookie(signed_in.token, seconds=int(LIFETIME.total_seconds()))
        return Response(view, cookies=[cookie, oidc_cookie("", seconds=0)])
