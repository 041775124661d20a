from typing import Annotated

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.sealing import Vault
from identity.id_numbers import IdNumberInvalid
from identity.providers import (
    CodeUsed,
    LoginCodeRejected,
    PopulationRegister,
    ProviderFailed,
    RegisterFailed,
)
from identity.real_names import RealNameConflict, RealNameMismatch
from identity.session_states import SessionStates
from identity.sessions import AccountDisabled, SignedIn
from identity.tokens import TokenIssuer
from identity.unified import (
    Means,
    UnifiedDoor,
    UnifiedNotOffered,
    UnifiedStart,
    UnifiedTicketRefused,
    begin_unified_login,
    finish_unified_login,
)


class UnifiedReturn(Struct, frozen=True, forbid_unknown_fields=True):
    """What came back: code and state from the address, the ticket from the client's own keeping."""

    ticket: Annotated[str, Meta(min_length=1, max_length=256)]
    code: Annotated[str, Meta(min_length=1, max_length=512)]
    state: Annotated[str, Meta(min_length=1, max_length=128)]


class UnifiedLoginController(Controller):
    """统一身份认证登录: by the account that somebody has with the province or the state."""

    path = "/unified-logins"
    tags = ["登录"]

    @post(
        limit="log_in",
        summary="开始统一身份认证登录",
        description="打开返回的 `authorization_url`，由用户在统一身份认证平台登录。"
        "`ticket` 只保存在客户端，不要放进地址；十五分钟内有效，只能用一次。",
        errors=(UnifiedNotOffered,),
    )
    async def begin(self, unified_door: NamedDependency[UnifiedDoor]) -> UnifiedStart:
        return begin_unified_login(unified_door, at=now())

    @post(
        "/session",
        limit="log_in",
        summary="完成统一身份认证登录",
        description="用平台带回的 `code`、`state` 和开始时的 `ticket` 换取令牌。平台认证为实名的，"
        "首次登录时以其姓名和证件号码向人口库核对，一致即为实名等级；平台刷过脸的，自刷脸之时起算人脸等级。"
        "核对不成则不登录，可重新开始。",
        example={
            "ticket": "AAAAAGkhf2w0c1…",
            "code": "q8Yk3rV6pN2xJ8kQ4wZ0aYbT1mD7cS5g",
            "state": "b2V4rZ1sRpLh6nEoA5fXw7uYtQ3MK9dU",
        },
        errors=(
            UnifiedNotOffered,
            UnifiedTicketRefused,
            CodeUsed,
            LoginCodeRejected,
            AccountDisabled,
            IdNumberInvalid,
            RealNameMismatch,
            RealNameConflict,
            ProviderFailed,
            RegisterFailed,
        ),
    )
    async def finish(
        self,
        data: JSONBody[UnifiedReturn],
        unified_door: NamedDependency[UnifiedDoor],
        issuer: NamedDependency[TokenIssuer],
        population_register: NamedDependency[PopulationRegister],
        vault: NamedDependency[Vault],
        session_states: NamedDependency[SessionStates],
        operating_department: NamedDependency[str],
    ) -> SignedIn:
        means = Means(
            door=unified_door,
            issuer=issuer,
            register=population_register,
            vault=vault,
            states=session_states,
            department=operating_department,
        )
        return await finish_unified_login(
            data.ticket, code=data.code, state=data.state, means=means, at=now()
        )
