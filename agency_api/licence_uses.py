from typing import Annotated

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.files import FileStorage
from core.sealing import Vault
from identity.callers import MachineCaller
from licences import uses
from licences.checking import VerifiedLicence
from licences.consents import ConsentNotFound
from licences.licence_fields import UnknownField
from licences.registry import LicenceNotFound
from licences.requests import BeyondPurpose
from licences.uses import Authority, BasisNotFound, LicenceUse
from licences.verifications import CodeAlreadyUsed, RequestReused


class UseRequest(Struct, frozen=True, forbid_unknown_fields=True):
    authority: Authority
    request_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}\Z")]
    reference_no: Annotated[str, Meta(min_length=1, max_length=64)]
    licence_type: Annotated[str, Meta(min_length=1, max_length=32)]
    fields: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(min_length=1, max_length=32)]


class LicenceUseController(Controller):
    """用证: an agency's system takes a licence as a material of a matter."""

    path = "/licence-uses"
    tags = ["用证"]

    @post(
        limit="verify",
        summary="用证",
        description="机构系统凭持证人的授权（`by` 为 `consent`）或登记的法律依据（`by` 为 `law`），"
        "为编号 `reference_no` 的事项调取一张证照的完整内容。"
        "只能调取登记用途和授权之内的内容；每次调取都留有记录，持证人会收到通知。"
        "用同一个 `request_id` 重试在 15 分钟内得到同一个结果。",
        example={
            "authority": {"by": "consent", "consent_id": "0190c2a9-7d6f-7c3e-8a52-2f1d3b4c5d6e"},
            "request_id": "lx-case-20261122-0001",
            "reference_no": "LX-2026-004512",
            "licence_type": "real-estate",
            "fields": ["name", "number"],
        },
        errors=(
            ConsentNotFound,
            BasisNotFound,
            BeyondPurpose,
            LicenceNotFound,
            UnknownField,
            RequestReused,
            CodeAlreadyUsed,
        ),
    )
    async def take(
        self,
        data: JSONBody[UseRequest],
        machine: NamedDependency[MachineCaller],
        vault: NamedDependency[Vault],
        files: NamedDependency[FileStorage],
    ) -> VerifiedLicence:
        use = LicenceUse(
            authority=data.authority,
            request_id=data.request_id,
            reference_no=data.reference_no,
            licence_type=data.licence_type,
            fields=data.fields,
        )
        return await uses.use_licence(use, taker=machine, vault=vault, files=files, at=now())
