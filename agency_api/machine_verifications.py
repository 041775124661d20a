from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from agency_api.verifications import VERIFY_ERRORS, VerifyRequest
from core.clock import now
from core.files import FileStorage
from core.news import News
from core.sealing import Vault
from core.signing import Signer
from identity.callers import MachineCaller
from licences import verifications
from licences.checking import VerifiedLicence
from licences.verifications import CodeAlreadyUsed, VerificationNotFound


class MachineVerificationController(Controller):
    """程序核验: a gate or an agency's system checks a code by itself, with nobody signed in."""

    path = "/client/verifications"
    tags = ["核验"]

    @post(
        limit="verify",
        summary="机构系统核验证照",
        description="无人值守的闸机、自助终端或机构系统核验扫到的二维码内容或其下方的 16 位数字，"
        "规则与核验员相同：一个码只能核验一次，只返回持证人同意且本机构登记范围内的字段。"
        "`request_id` 由系统生成，用同一个 `request_id` 重试得到同一个结果，"
        "但每次调用都计入每日次数；核验和用证的 `request_id` 不能相同。",
        example={"code": "A" * 64, "request_id": "gate3-20261122-0001"},
        errors=VERIFY_ERRORS,
    )
    async def verify(
        self,
        data: JSONBody[VerifyRequest],
        machine: NamedDependency[MachineCaller],
        signer: NamedDependency[Signer],
        vault: NamedDependency[Vault],
        files: NamedDependency[FileStorage],
        news: NamedDependency[News],
    ) -> VerifiedLicence:
        return await verifications.verify_presentation(
            data.code,
            request_id=data.request_id,
            verifier=machine,
            signer=signer,
            vault=vault,
            files=files,
            news=news,
            at=now(),
        )

    @get(
        "/{request_id:str}",
        summary="机构系统重新读取核验结果",
        description="核验结果未收到时，同一个系统凭自己的 `request_id` 在 15 分钟内重新读取；"
        "其他系统读不到，15 分钟后不再保存。",
        errors=(VerificationNotFound, CodeAlreadyUsed),
    )
    async def show(
        self,
        request_id: FromPath[str],
        machine: NamedDependency[MachineCaller],
        vault: NamedDependency[Vault],
    ) -> VerifiedLicence:
        return await verifications.read_again(request_id, verifier=machine, vault=vault, at=now())
