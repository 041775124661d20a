from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from identity.callers import OperatorCaller
from identity.staff_changes import propose
from identity.staffing import Staffed
from identity.verifier_changes import OrganisationNotFound, find_organisation
from licences import legal_bases
from licences.legal_bases import BasisTaken
from licences.licence_fields import UnknownField
from licences.licence_types import LicenceTypeNotFound
from licences.requests import BeyondPurpose
from licences.uses import BasisNotFound, end_basis
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages
from web.views import View


class NewBasisRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    licence_type: Annotated[str, Meta(min_length=1, max_length=32)]
    fields: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(min_length=1, max_length=32)]
    citation: Annotated[str, Meta(min_length=1, max_length=256)]


class LegalBasisView(View, frozen=True, kw_only=True):
    id: UUID
    licence_type_id: str
    fields_allowed: Sequence[str]
    citation: str
    registered_by: str
    registered_at: datetime
    ended_at: datetime | None


class LegalBasisController(Controller):
    """用证依据管理: under which law an organisation takes which licences without asking."""

    path = "/verifier-organisations/{organisation_id:uuid}/legal-bases"
    tags = ["核验方管理"]

    @get(
        summary="用证依据列表",
        description="该核验方登记的用证依据，含已终止的，按登记时间倒序。",
        errors=(OrganisationNotFound,),
    )
    async def many(
        self,
        organisation_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[LegalBasisView]:
        await find_organisation(organisation_id, admin=operator)
        after = pages.after(cursor, of="legal-bases")
        rows = await legal_bases.list_bases(organisation_id, after=after, limit=limit + 1)
        return pages.page(rows, LegalBasisView.of, limit=limit, of="legal-bases")

    @post(
        limit="write_staff",
        summary="申请登记用证依据",
        description="写明法律依据的条款，以及据此可不经持证人同意调取的一种证照和内容，"
        "不超出该核验方登记的范围；由另一人复核后生效。",
        example={
            "licence_type": "elder-card",
            "fields": ["name", "number"],
            "citation": "《浙江省老年人权益保障条例》第二十条",
        },
        errors=(
            OrganisationNotFound,
            LicenceTypeNotFound,
            UnknownField,
            BeyondPurpose,
            BasisTaken,
        ),
    )
    async def create(
        self,
        organisation_id: FromPath[UUID],
        data: JSONBody[NewBasisRequest],
        operator: NamedDependency[OperatorCaller],
    ) -> Staffed:
        organisation = await find_organisation(organisation_id, admin=operator)
        await legal_bases.check_basis(organisation, data.licence_type, data.fields, data.citation)
        arguments = msgspec.to_builtins(data) | {"organisation_id": str(organisation_id)}
        change = await propose("legal_basis.add", arguments, operator=operator, at=now())
        return Staffed(change_id=change.id)

    @post(
        "/{basis_id:uuid}/ending",
        limit="write_staff",
        status_code=204,
        summary="终止用证依据",
        description="此后不能再据此调取证照；已经调取的仍在持证人的记录里。",
        errors=(OrganisationNotFound, BasisNotFound),
    )
    async def end(
        self,
        organisation_id: FromPath[UUID],
        basis_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
    ) -> None:
        await find_organisation(organisation_id, admin=operator)
        await legal_bases.find_basis(basis_id, organisation_id=organisation_id)
        await end_basis(basis_id, actor=operator.actor(), at=now())
