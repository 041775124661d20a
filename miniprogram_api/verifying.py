from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from core.clock import now
from identity import verifier_invitations
from identity.callers import Caller, RealNameRequired
from identity.models import Verifier
from identity.sessions import SignedIn
from identity.tokens import TokenIssuer
from identity.verifier_invitations import InvitationRefused, NotAVerifier
from identity.verifiers import TerminalRequired
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages


class TakeUpRequest(Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=1, max_length=64)]


class VerifierSessionRequest(Struct, frozen=True, forbid_unknown_fields=True):
    verifier_id: UUID


class OwnVerifierView(Struct, frozen=True, kw_only=True):
    verifier_id: UUID
    organisation_name: str
    purpose: str
    licence_types: Sequence[str]


class VerifyingController(Controller):
    """我是核验员: joining a verifying organisation and verifying with one's own account."""

    path = "/verifying"
    tags = ["核验员登录"]

    @get(
        summary="我的核验身份",
        description="本账号加入的核验方，没有时为空列表。",
        errors=(RealNameRequired,),
    )
    async def many(
        self,
        caller: NamedDependency[Caller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[OwnVerifierView]:
        after = pages.after(cursor, of="verifying")
        rows = await verifier_invitations.list_own(caller, after=after, limit=limit + 1)
        return pages.page(rows, _view, limit=limit, of="verifying")

    @post(
        limit="invite",
        summary="接受核验员邀请",
        description="凭邀请码加入核验方，一个码一个人、一次有效；不设口令。",
        example={"code": "J0m4Zq2Yd8xK1vB7nR5wP9sC4aF6gL3e"},
        errors=(InvitationRefused, RealNameRequired),
    )
    async def create(
        self, data: JSONBody[TakeUpRequest], caller: NamedDependency[Caller]
    ) -> OwnVerifierView:
        return _view(await verifier_invitations.take_up(data.code, caller=caller, at=now()))

    @post(
        "/sessions",
        limit="log_in",
        summary="以核验员身份登录",
        description="换取核验端令牌，与居民端令牌互不通用；账号停用时一并失效。",
        example={"verifier_id": "0190c2a9-7d6f-7c3e-8a52-0190c2a97d6f"},
        errors=(NotAVerifier, TerminalRequired, RealNameRequired),
    )
    async def sign_in(
        self,
        data: JSONBody[VerifierSessionRequest],
        caller: NamedDependency[Caller],
        issuer: NamedDependency[TokenIssuer],
    ) -> SignedIn:
        return await verifier_invitations.sign_in_with_account(
            data.verifier_id, caller=caller, issuer=issuer, at=now()
        )


def _view(verifier: Verifier) -> OwnVerifierView:
    organisation = verifier.organisation
    return OwnVerifierView(
        verifier_id=verifier.id,
        organisation_name=organisation.name,
        purpose=organisation.purpose,
        licence_types=organisation.licence_types,
    )
