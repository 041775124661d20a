from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.files import FileStorage
from core.news import News
from core.sealing import Vault
from core.signing import Signer
from identity.callers import ActingRightRequired, Caller, ConfirmerRequired, RealNameRequired
from licences import request_answers
from licences.codes import CodeNotGenuine
from licences.licence_fields import UnknownField
from licences.presentations import LicenceNotValid
from licences.registry import LicenceNotFound
from licences.request_answers import (
    FieldsIncomplete,
    RequestAgreed,
    RequestDiffers,
    RequestUnmet,
    RequestView,
)
from licences.requests import ITEM_LIMIT, RequestAnswered, RequestExpired
from licences.wanted import LicenceTwice, Wanted
from miniprogram_api.presentations import WantedLicence


class AgreeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    organisation_id: UUID
    licences: Annotated[list[WantedLicence], Meta(min_length=1, max_length=ITEM_LIMIT)]


class VerificationRequestController(Controller):
    """核验请求: what a verifier asks for, seen and answered by the holder who scanned its code."""

    path = "/verification-requests"
    tags = ["证照"]

    @get(
        "/{code:str}",
        summary="查看核验请求",
        description="扫核验方出示的请求码后，先看清是谁、为了什么、索要哪些内容，"
        "以及本人名下可用的证照。请求码 10 分钟内有效。",
        errors=(
            RealNameRequired,
            ActingRightRequired,
            CodeNotGenuine,
            RequestExpired,
            RequestAnswered,
        ),
    )
    async def show(
        self,
        code: FromPath[str],
        caller: NamedDependency[Caller],
        signer: NamedDependency[Signer],
    ) -> RequestView:
        return await request_answers.view_request(code, caller=caller, signer=signer, at=now())

    @post(
        "/{code:str}/consent",
        limit="present",
        status_code=200,
        summary="同意核验请求",
        description="`organisation_id` 为所看到的请求方。每项请求选一张证照；"
        "标为 `whole` 的证照须按请求内容完整出示，其余可以少给。"
        "结果只发给该核验方，一个请求只能处理一次。",
        example={
            "organisation_id": "0190c2a9-7d6f-7c3e-8a52-2f1d3b4c5d6e",
            "licences": [{"id": "0190c2a9-7d6f-7c3e-8a52-2f1d3b4c5d6f", "fields": ["name"]}],
        },
        errors=(
            RealNameRequired,
            ConfirmerRequired,
            ActingRightRequired,
            CodeNotGenuine,
            RequestExpired,
            RequestAnswered,
            RequestDiffers,
            RequestUnmet,
            FieldsIncomplete,
            LicenceNotFound,
            LicenceNotValid,
            LicenceTwice,
            UnknownField,
        ),
    )
    async def agree(
        self,
        code: FromPath[str],
        data: JSONBody[AgreeRequest],
        caller: NamedDependency[Caller],
        signer: NamedDependency[Signer],
        vault: NamedDependency[Vault],
        files: NamedDependency[FileStorage],
        news: NamedDependency[News],
    ) -> RequestAgreed:
        return await request_answers.agree(
            code,
            [Wanted(one.id, one.fields) for one in data.licences],
            organisation_id=data.organisation_id,
            caller=caller,
            signer=signer,
            vault=vault,
            files=files,
            news=news,
            at=now(),
        )

    @post(
        "/{code:str}/refusal",
        summary="拒绝核验请求",
        description="不同意出示。核验方只会知道被拒绝，得不到任何内容。",
        status_code=204,
        errors=(
            RealNameRequired,
            ConfirmerRequired,
            ActingRightRequired,
            CodeNotGenuine,
            RequestExpired,
            RequestAnswered,
        ),
    )
    async def refuse(
        self,
        code: FromPath[str],
        caller: NamedDependency[Caller],
        signer: NamedDependency[Signer],
        news: NamedDependency[News],
    ) -> None:
        await request_answers.refuse(code, caller=caller, signer=signer, news=news, at=now())
