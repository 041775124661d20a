from typing import Annotated

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.sealing import Vault
from identity.operator_enrolments import Enrolled, EnrolmentRefused, enrol
from identity.passwords import PasswordTooWeak


class EnrolmentRequest(Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=128)]


class EnrolmentController(Controller):
    """启用: an operator's own first step, and the first again after a reset."""

    path = "/enrolments"
    tags = ["工作人员登录"]

    @post(
        limit="log_in_staff",
        summary="启用工作人员账号",
        description="凭启用码设置口令，得到动态码密钥：请用验证器扫描 `totp_uri`，只显示一次。"
        "启用码 3 天内有效，只能用一次。",
        example={"code": "J0m4Zq2Yd8xK1vB7nR5wP9sC4aF6gL3e", "password": "************"},
        errors=(EnrolmentRefused, PasswordTooWeak),
    )
    async def create(
        self, data: JSONBody[EnrolmentRequest], vault: NamedDependency[Vault]
    ) -> Enrolled:
        return await enrol(data.code, data.password, vault=vault, at=now())
