from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from identity.callers import ActingRightRequired, Caller, ConfirmerRequired, RealNameRequired
from licences import consents, verification_numbers
from licences.consents import (
    ConsentEndInvalid,
    ConsentNotFound,
    GivenConsent,
    OrganisationNotFound,
    Taker,
)
from licences.licence_fields import UnknownField
from licences.registry import LicenceNotFound
from licences.requests import BeyondPurpose
from licences.verification_numbers import Misuse, NumberNotFound, ReportedMisuse
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages


class Takers(Struct, frozen=True):
    """All of them in one piece: a city has a few for each kind."""

    items: list[Taker]
    next_cursor: str | None


class ConsentRequest(Struct, frozen=True, forbid_unknown_fields=True):
    licence_id: UUID
    organisation_id: UUID
    fields: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(min_length=1, max_length=32)]
    until: date


class ReportRequest(Struct, frozen=True, forbid_unknown_fields=True):
    misuse: Misuse


class UseConsentController(Controller):
    """用证授权: which organisation may take which licence without asking each time."""

    path = "/use-consents"
    tags = ["证照"]

    @get(
        summary="用证授权列表",
        description="本人或所代办主体给出的全部授权，包括已到期和已撤回的，最近的在前。",
        errors=(RealNameRequired, ActingRightRequired),
    )
    async def many(
        self,
        caller: NamedDependency[Caller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[GivenConsent]:
        of = "use-consents"
        rows = await consents.list_consents(
            caller=caller, at=now(), before=pages.after(cursor, of=of), limit=limit + 1
        )
        return pages.page(rows, lambda row: row, limit=limit, of=of)

    @get(
        "/takers/{licence_id:uuid}",
        summary="可授权机构",
        description="哪些机构登记了使用这种证照的用途，以及最多可以使用的内容。",
        errors=(RealNameRequired, LicenceNotFound),
    )
    async def takers(self, licence_id: FromPath[UUID], caller: NamedDependency[Caller]) -> Takers:
        return Takers(await consents.list_takers(licence_id, caller=caller), None)

    @post(
        summary="授权用证",
        description="同意某机构在办事时直接使用这张证照中的 `fields`（完整内容，不脱敏），"
        "到 `until` 当天为止，最长一年。每次使用都会记录并通知您，可以随时撤回。",
        example={
            "licence_id": "0190c2a9-7d6f-7c3e-8a52-2f1d3b4c5d6e",
            "organisation_id": "0190c2a9-7d6f-7c3e-8a52-2f1d3b4c5d6f",
            "fields": ["name", "number"],
            "until": "2027-03-31",
        },
        errors=(
            RealNameRequired,
            ConfirmerRequired,
            ActingRightRequired,
            LicenceNotFound,
            OrganisationNotFound,
            BeyondPurpose,
            ConsentEndInvalid,
            UnknownField,
        ),
    )
    async def create(
        self, data: JSONBody[ConsentRequest], caller: NamedDependency[Caller]
    ) -> GivenConsent:
        return await consents.give_consent(
            data.licence_id,
            organisation_id=data.organisation_id,
            fields=data.fields,
            until=data.until,
            caller=caller,
            at=now(),
        )

    @delete(
        "/{consent_id:uuid}",
        status_code=200,
        summary="撤回用证授权",
        description="立即生效；已经使用过的记录不受影响。",
        errors=(RealNameRequired, ConfirmerRequired, ActingRightRequired, ConsentNotFound),
    )
    async def revoke(
        self, consent_id: FromPath[UUID], caller: NamedDependency[Caller]
    ) -> GivenConsent:
        return await consents.revoke_consent(consent_id, caller=caller, at=now())


class MisuseController(Controller):
    """举报: a holder puts a check of its licence before the people who answer for it."""

    path = "/verifications"
    tags = ["证照"]

    @post(
        "/{verification_no:str}/reports",
        summary="举报不当核验",
        description="对核验记录中的一次核验或用证提出异议，由主管部门处理。同一原因重复提交只受理一次。",
        example={"misuse": "not_agreed"},
        errors=(RealNameRequired, NumberNotFound),
    )
    async def report(
        self,
        verification_no: FromPath[str],
        data: JSONBody[ReportRequest],
        caller: NamedDependency[Caller],
    ) -> ReportedMisuse:
        return await verification_numbers.report_misuse(verification_no, data.misuse, caller=caller)
