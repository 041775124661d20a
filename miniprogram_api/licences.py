from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.sealing import Vault
from core.signing import Signer
from identity.callers import ActingRightRequired, Caller, ConfirmerRequired, RealNameRequired
from licences import history, presentations, wallet
from licences.history import PastVerification
from licences.licence_fields import UnknownField
from licences.presentations import LicenceNotValid, PresentedCode, VerifierMustAsk
from licences.registry import LicenceNotFound
from licences.wallet import LicenceCard, UnmaskPurpose
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages


class Wallet(Struct, frozen=True):
    """Every licence in one piece, as of `at`: what is shown offline must say of when it is."""

    items: list[LicenceCard]
    next_cursor: str | None
    at: datetime


class UnmaskRequest(Struct, frozen=True, forbid_unknown_fields=True):
    purpose: UnmaskPurpose


class PresentRequest(Struct, frozen=True, forbid_unknown_fields=True):
    fields: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=32)]


class LicenceController(Controller):
    """证照: what the caller, or whom it acts for, holds."""

    path = "/licences"
    tags = ["证照"]

    @get(
        summary="我的证照",
        description="本人或所代办主体的全部证照，敏感字段已脱敏。"
        "`readable` 为否的证照暂时无法显示内容。",
        errors=(RealNameRequired,),
    )
    async def many(self, caller: NamedDependency[Caller], vault: NamedDependency[Vault]) -> Wallet:
        at = now()
        return Wallet(await wallet.list_licences(caller, vault=vault, at=at), None, at)

    @get(
        "/{licence_id:uuid}",
        summary="证照详情",
        description="一张证照，敏感字段已脱敏。",
        errors=(RealNameRequired, LicenceNotFound),
    )
    async def show(
        self,
        licence_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        vault: NamedDependency[Vault],
    ) -> LicenceCard:
        return await wallet.get_licence(licence_id, caller=caller, vault=vault, at=now())

    @post(
        "/{licence_id:uuid}/unmaskings",
        status_code=200,
        summary="查看完整证照",
        description="说明用途后返回未脱敏的证照，每次查看都留有审计记录。",
        example={"purpose": "own_check"},
        errors=(RealNameRequired, ConfirmerRequired, LicenceNotFound),
    )
    async def unmask(
        self,
        licence_id: FromPath[UUID],
        data: JSONBody[UnmaskRequest],
        caller: NamedDependency[Caller],
        vault: NamedDependency[Vault],
    ) -> LicenceCard:
        return await wallet.unmask_licence(
            licence_id, purpose=data.purpose, caller=caller, vault=vault, at=now()
        )

    @post(
        "/{licence_id:uuid}/presentations",
        limit="present",
        summary="亮证",
        description="生成一个 60 秒内有效、只能核验一次的二维码，"
        "核验方只能看到 `fields` 中同意出示的字段，`portrait` 为照片。"
        "每 30 秒换一次新码；换码 5 秒后旧码失效。",
        example={"fields": ["name", "benefit_class"]},
        errors=(
            RealNameRequired,
            ConfirmerRequired,
            ActingRightRequired,
            LicenceNotFound,
            LicenceNotValid,
            VerifierMustAsk,
            UnknownField,
        ),
    )
    async def present(
        self,
        licence_id: FromPath[UUID],
        data: JSONBody[PresentRequest],
        caller: NamedDependency[Caller],
        signer: NamedDependency[Signer],
    ) -> PresentedCode:
        return await presentations.present_licence(
            licence_id, consented=data.fields, caller=caller, signer=signer, at=now()
        )

    @get(
        "/{licence_id:uuid}/verifications",
        summary="核验记录",
        description="谁在什么时间、为了什么核验过这张证照，看到了哪些字段。",
        errors=(RealNameRequired, LicenceNotFound),
    )
    async def verifications(
        self,
        licence_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[PastVerification]:
        of = f"verifications:{licence_id}"
        rows = await history.list_verifications(
            licence_id, caller=caller, before=pages.after(cursor, of=of), limit=limit + 1
        )
        return pages.page(rows, lambda row: row, limit=limit, of=of)
