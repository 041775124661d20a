from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from core.clock import now
from identity.callers import MachineCaller
from identity.machine_clients import ScopeUnknown
from identity.machine_tokens import (
    AssertionRefused,
    MachineToken,
    exchange_assertion,
    used_today,
)
from identity.tokens import TokenIssuer
from web.addresses import Whence
from web.forms import FormInvalid, read_form

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM_LIMIT = 16 * 1024
FORM = {
    "type": "object",
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "client_assertion_type": {"type": "string", "enum": [ASSERTION_TYPE]},
        "client_assertion": {
            "type": "string",
            "description": "用登记公钥对应的私钥签名的 JWT（ES256 或 EdDSA）：`kid` 为公钥指纹，"
            "`iss`、`sub` 为系统编号，`aud` 为本服务地址，`jti` 只用一次，有效期不超过 5 分钟",
        },
        "scope": {"type": "string", "description": "所需权限，以空格分隔；不填为全部"},
        "client_id": {"type": "string", "description": "可不填；填写时须与 `sub` 相同"},
    },
    "required": ["client_assertion", "client_assertion_type", "grant_type"],
}


class TokenForm(Struct, frozen=True, forbid_unknown_fields=True):
    grant_type: Literal["client_credentials"]
    client_assertion_type: Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    client_assertion: Annotated[str, Meta(min_length=1, max_length=4096)]
    scope: Annotated[str, Meta(min_length=1, max_length=512)] | None = None
    client_id: UUID | None = None


class MachineView(Struct, frozen=True, kw_only=True):
    client_id: UUID
    organisation_name: str
    purpose: str
    scopes: list[str]
    used_today: int


class MachineController(Controller):
    """机构系统: programs of organisations prove themselves by a key of their own."""

    tags = ["机构系统"]

    @post(
        "/token",
        status_code=200,
        limit="log_in_staff",
        request_max_body_size=FORM_LIMIT,
        summary="机构系统获取令牌",
        description="OAuth 2.0 客户端凭据（RFC 6749 4.4 节），以 `private_key_jwt`（RFC 7523）"
        "证明身份，没有共享密钥。令牌 10 分钟有效，只能从登记的来源网段使用。"
        "出错时与其他接口一样返回 `application/problem+json`。",
        receives={"application/x-www-form-urlencoded": FORM},
        errors=(AssertionRefused, ScopeUnknown, FormInvalid),
    )
    async def token(
        self,
        request: Request[Any, Any, State],
        issuer: NamedDependency[TokenIssuer],
        whence: NamedDependency[Whence],
    ) -> MachineToken:
        form = read_form(await request.body(), TokenForm)
        return await exchange_assertion(
            form.client_assertion,
            form.scope,
            client_id=form.client_id,
            address=whence.address,
            issuer=issuer,
            at=now(),
        )

    @get(
        "/client",
        summary="当前机构系统",
        description="调用者所属机构、权限与今日已用次数。",
    )
    async def show(self, machine: NamedDependency[MachineCaller]) -> MachineView:
        return MachineView(
            client_id=machine.client_id,
            organisation_name=machine.organisation_name,
            purpose=machine.purpose,
            scopes=sorted(machine.scopes),
            used_today=await used_today(machine.client_id, at=now()),
        )
