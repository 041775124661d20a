from typing import Annotated, Literal
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct, convert

from core.clock import now
from identity import sessions
from identity.callers import Caller
from identity.devices import Device, end_other_logins, list_devices
from identity.login_devices import DeviceHint, Platform
from identity.providers import (
    CodeUsed,
    IdentityProviders,
    LoginCodeRejected,
    LoginRefused,
    ProviderFailed,
    ProviderUnknown,
)
from identity.refreshing import RefreshRefused, RefreshReused, refresh
from identity.session_states import SessionStates
from identity.sessions import AccountDisabled, SessionNotFound, SignedIn
from identity.tokens import Audience, TokenIssuer
from web.pages import Page, whole

Code = Annotated[
    str, Meta(min_length=1, max_length=512, description="小程序登录接口给的一次性凭证")
]


class DeviceRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What the client says of its device: an id that it made once and keeps."""

    id: Annotated[str, Meta(min_length=16, max_length=64)]
    name: Annotated[str, Meta(max_length=40)] = ""
    platform: Platform = "other"


class LoginRequest(Struct, frozen=True, forbid_unknown_fields=True):
    provider: Literal["wechat", "alipay"]
    code: Code
    appid: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    device: DeviceRequest | None = None


class RefreshRequest(Struct, frozen=True, forbid_unknown_fields=True):
    refresh_token: Annotated[str, Meta(min_length=1, max_length=128)]


class SessionController(Controller):
    """登录: one tap in a mini-program, and everything until the sign-out."""

    path = "/sessions"
    tags = ["登录"]

    @post(
        limit="log_in",
        summary="一键登录",
        description="用 wx.login 或 my.getAuthCode 得到的一次性凭证换取令牌，不需要手机号。"
        "首次登录即开通账号；`appid` 只在一个平台上有多个小程序时填写。"
        "`device` 用于登录设备列表与登录提醒：`id` 由客户端首次启动时生成并保存。",
        example={"provider": "wechat", "code": "0e3x2bGa1vKx5H0yjOHa1eVYvN3x2bGO"},
        errors=(
            CodeUsed,
            LoginCodeRejected,
            LoginRefused,
            AccountDisabled,
            ProviderFailed,
            ProviderUnknown,
        ),
    )
    async def create(
        self,
        data: JSONBody[LoginRequest],
        identity_providers: NamedDependency[IdentityProviders],
        issuer: NamedDependency[TokenIssuer],
    ) -> SignedIn:
        provider = identity_providers.named(data.provider, data.appid)
        given = data.device
        device = convert(given, DeviceHint, from_attributes=True) if given else None
        return await sessions.log_in(
            data.code, provider=provider, issuer=issuer, at=now(), device=device
        )

    @post(
        "/refresh",
        limit="refresh",
        status_code=200,
        summary="刷新令牌",
        description="刷新令牌每次使用后都会更换；没收到答复时，30 秒内可用旧的再取一次。"
        "更晚再用旧的，视为被盗用，该次登录全部退出。",
        example={"refresh_token": "hT0mZ1Yd3bq6vJ8kX2nR5wP9sC4aF7gL0eU_iO-yQtA"},
        errors=(RefreshRefused, RefreshReused),
    )
    async def refresh(
        self,
        data: JSONBody[RefreshRequest],
        issuer: NamedDependency[TokenIssuer],
        session_states: NamedDependency[SessionStates],
    ) -> SignedIn:
        return await refresh(
            data.refresh_token,
            Audience.RESIDENT,
            issuer=issuer,
            states=session_states,
            at=now(),
        )

    @get(
        summary="登录设备",
        description="现在登录着的设备，新的在前；实名后含本人名下全部账号的设备。"
        "代办身份随其设备，不另列出；`seen_at` 精确到小时。",
    )
    async def index(self, caller: NamedDependency[Caller]) -> Page[Device]:
        return whole(await list_devices(caller, at=now()))

    @delete(
        "/current",
        summary="退出登录",
        description="结束本设备的登录，包括由它切换出来的代办身份。",
    )
    async def log_out(
        self, caller: NamedDependency[Caller], session_states: NamedDependency[SessionStates]
    ) -> None:
        await sessions.log_out(caller, states=session_states, at=now())

    @delete(
        "/others",
        summary="退出其他所有设备",
        description="只保留本设备：结束本人名下全部账号在其他设备上的登录。",
    )
    async def end_others(
        self, caller: NamedDependency[Caller], session_states: NamedDependency[SessionStates]
    ) -> None:
        await end_other_logins(caller, states=session_states, at=now())

    @delete(
        "/{session_id:uuid}",
        summary="退出其他设备",
        description="结束本人在另一台设备上的登录。",
        errors=(SessionNotFound,),
    )
    async def end(
        self,
        session_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        session_states: NamedDependency[SessionStates],
    ) -> None:
        await sessions.end_session(session_id, caller=caller, states=session_states, at=now())
