from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.files import FileStorage
from core.news import News
from core.sealing import Vault
from core.signing import Signer
from identity.callers import VerifierCaller
from licences import verifications
from licences.checking import VerifiedLicence
from licences.codes import CodeNotGenuine
from licences.verifications import (
    CodeAlreadyUsed,
    CodeExpired,
    RequestReused,
    VerificationNotFound,
    VerifierNotEntitled,
)


class VerifyRequest(Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=1, max_length=128)]
    request_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}\Z")]


VERIFY_ERRORS = (
    CodeNotGenuine,
    CodeExpired,
    CodeAlreadyUsed,
    VerifierNotEntitled,
    RequestReused,
)


class VerificationController(Controller):
    """核验: a verifier scans a code and is told, once, what it may know."""

    path = "/verifications"
    tags = ["核验"]

    @post(
        limit="verify",
        summary="核验证照",
        description="核验二维码内容或其下方的 16 位数字，一个码只能核验一次。"
        "`request_id` 由核验方生成，用同一个 `request_id` 重试得到同一个结果。"
        "证照在出示后失效时 `outcome` 为 `invalid`，原因见 `status`。"
        "只返回持证人同意且核验方有权查看的字段，`portrait` 为照片。"
        "组合亮证的其余证照在 `others` 中。`verification_no` 可供日后查验。",
        example={"code": "A" * 64, "request_id": "gate3-20261122-0001"},
        errors=VERIFY_ERRORS,
    )
    async def verify(
        self,
        data: JSONBody[VerifyRequest],
        verifier: NamedDependency[VerifierCaller],
        signer: NamedDependency[Signer],
        vault: NamedDependency[Vault],
        files: NamedDependency[FileStorage],
        news: NamedDependency[News],
    ) -> VerifiedLicence:
        return await verifications.verify_presentation(
            data.code,
            request_id=data.request_id,
            verifier=verifier,
            signer=signer,
            vault=vault,
            files=files,
            news=news,
            at=now(),
        )

    @get(
        "/{request_id:str}",
        summary="重新读取核验结果",
        description="核验结果未收到时，核验方凭自己的 `request_id` 在 15 分钟内重新读取；"
        "其他核验方读不到，15 分钟后不再保存。",
        errors=(VerificationNotFound, CodeAlreadyUsed),
    )
    async def show(
        self,
        request_id: FromPath[str],
        verifier: NamedDependency[VerifierCaller],
        vault: NamedDependency[Vault],
    ) -> VerifiedLicence:
        return await verifications.read_again(request_id, verifier=verifier, vault=vault, at=now())
