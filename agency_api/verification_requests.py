from typing import Annotated

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.news import News
from core.sealing import Vault
from core.signing import Signer
from identity.callers import VerifierCaller
from licences import requests
from licences.licence_fields import UnknownField
from licences.licence_types import LicenceTypeNotFound
from licences.requests import (
    ITEM_LIMIT,
    AskedCode,
    AskedLicence,
    BeyondPurpose,
    RequestNotFound,
    RequestProgress,
    RequestState,
    topic_of,
)
from licences.verifications import RequestReused
from licences.wanted import LicenceTwice
from web.waiting import Wait, wait_for_change


class AskedItem(Struct, frozen=True, forbid_unknown_fields=True):
    licence_type: Annotated[str, Meta(min_length=1, max_length=32)]
    fields: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(min_length=1, max_length=32)]


class AskRequest(Struct, frozen=True, forbid_unknown_fields=True):
    request_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}\Z")]
    licences: Annotated[list[AskedItem], Meta(min_length=1, max_length=ITEM_LIMIT)]
    reference_no: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class VerificationRequestController(Controller):
    """核验请求: a verifier asks first, with its own name and purpose on the holder's screen."""

    path = "/requests"
    tags = ["核验"]

    @post(
        limit="verify",
        summary="发起核验请求",
        description="核验方先说明需要哪些证照和内容，得到一个 10 分钟内有效的请求码供持证人扫描。"
        "重要证照只能这样核验。只能索要登记用途之内的证照和内容，超出的会指明是哪一项。"
        "用同一个 `request_id` 重试得到同一个请求码。",
        example={
            "request_id": "room301-20261122-0001",
            "licences": [{"licence_type": "driving", "fields": ["name", "vehicle_class"]}],
            "reference_no": "ZC-2026-0815",
        },
        errors=(
            BeyondPurpose,
            LicenceTypeNotFound,
            LicenceTwice,
            UnknownField,
            RequestReused,
        ),
    )
    async def ask(
        self,
        data: JSONBody[AskRequest],
        verifier: NamedDependency[VerifierCaller],
        signer: NamedDependency[Signer],
    ) -> AskedCode:
        return await requests.ask(
            [AskedLicence(one.licence_type, one.fields) for one in data.licences],
            request_id=data.request_id,
            reference_no=data.reference_no,
            verifier=verifier,
            signer=signer,
            at=now(),
        )

    @get(
        "/{request_id:str}",
        summary="核验请求的结果",
        description="持证人是否同意，以及核验结果；只有发起的核验方能读，结果保存 15 分钟。"
        "带 `wait` 时最多等待 25 秒，有结果立即返回。",
        errors=(RequestNotFound,),
    )
    async def show(
        self,
        request_id: FromPath[str],
        verifier: NamedDependency[VerifierCaller],
        vault: NamedDependency[Vault],
        news: NamedDependency[News],
        wait: Wait = 0,
    ) -> RequestProgress:
        async def look() -> RequestProgress:
            return await requests.read_request(request_id, verifier=verifier, vault=vault, at=now())

        async def ended() -> RequestProgress | None:
            progress = await look()
            return None if progress.state is RequestState.WAITING else progress

        topic = topic_of(verifier.verifier_id, request_id)
        return await wait_for_change(ended, wait, news=news, topic=topic) or await look()

    @delete(
        "/{request_id:str}",
        summary="撤销核验请求",
        description="请求码立即失效；已经得到答复的请求不受影响。",
        errors=(RequestNotFound,),
    )
    async def cancel(
        self, request_id: FromPath[str], verifier: NamedDependency[VerifierCaller]
    ) -> None:
        await requests.cancel_request(request_id, verifier=verifier, at=now())
