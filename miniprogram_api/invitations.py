from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.lines import Line
from core.sealing import Vault
from identity import agents, invitations
from identity.agents import ActingRelation, Side
from identity.callers import Caller, RealNameRequired
from identity.choices import masked_name
from identity.invitations import (
    GrownUpRequired,
    InvitationIncomplete,
    InvitationNotFound,
    Meant,
    Offer,
    OwnAccountRequired,
)
from identity.kinds import InvitationKind, Right, Scope
from identity.models import Invitation
from identity.providers import BusinessRegister, RegisterFailed
from identity.representing import NotRepresentative
from web.pages import Page, whole
from web.views import View

PAGE = "pages/invitation/index?token="
"""The mini-program's page that a link opens."""


class InvitationRequest(Struct, frozen=True, forbid_unknown_fields=True):
    kind: InvitationKind
    scope: Scope
    until_on: date
    rights: Annotated[list[Right], Meta(max_length=3)] = []
    notified: bool = True
    name: Annotated[Line, Meta(max_length=64)] | None = None
    phone: Annotated[str, Meta(pattern=r"^1[3-9][0-9]{9}\Z")] | None = None


class TokenRequest(Struct, frozen=True, forbid_unknown_fields=True):
    token: Annotated[str, Meta(min_length=1, max_length=128)]


class InvitationView(View, frozen=True):
    """An invitation as who sent it sees it. The link is shown once, where it is made."""

    id: UUID
    kind: InvitationKind
    scope: Scope
    rights: list[str] | None
    until_on: date
    notified: bool
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None


class SentView(Struct, frozen=True, kw_only=True):
    invitation: InvitationView
    token: str
    page: str


class OpenedView(Struct, frozen=True, kw_only=True):
    """What somebody is asked to accept. Names of persons are masked."""

    kind: InvitationKind
    inviter_name: str
    party_name: str | None
    scope: Scope
    rights: list[str] | None
    until_on: date
    expires_at: datetime


class InvitationController(Controller):
    """邀请: a link by which somebody is let act for another."""

    path = "/invitations"
    tags = ["代办"]

    @post(
        limit="invite",
        summary="发出邀请",
        description="`agent`：法定代表人邀请代办人（`preparer` 经办、`confirmer` 确认，最长三年）；"
        "`helper`：本人邀请家人帮办；`care`：请长辈同意由我帮办（`scope` 为 `helper`，最长一年，"
        "`rights` 逐项列明）。链接七天内有效、只能用一次，只有姓名或手机号相符的实名用户能接受。",
        example={
            "kind": "care",
            "scope": "helper",
            "until_on": "2027-06-30",
            "rights": ["view", "pay"],
            "notified": True,
            "name": "王桂兰",
        },
        errors=(
            RealNameRequired,
            OwnAccountRequired,
            NotRepresentative,
            InvitationIncomplete,
            RegisterFailed,
        ),
    )
    async def invite(
        self,
        data: JSONBody[InvitationRequest],
        caller: NamedDependency[Caller],
        business_register: NamedDependency[BusinessRegister],
        vault: NamedDependency[Vault],
    ) -> SentView:
        offer = Offer(
            kind=data.kind,
            scope=data.scope,
            rights=frozenset(data.rights),
            until_on=data.until_on,
            notified=data.notified,
        )
        sent = await invitations.invite(
            caller,
            offer,
            Meant(name=data.name, phone=data.phone),
            register=business_register,
            vault=vault,
            at=now(),
        )
        view = InvitationView.of(sent.invitation)
        return SentView(invitation=view, token=sent.token, page=f"{PAGE}{sent.token}")

    @get(
        summary="我发出的邀请",
        description="以当前身份发出的邀请，新的在前；链接不再显示。",
        errors=(RealNameRequired,),
    )
    async def index(self, caller: NamedDependency[Caller]) -> Page[InvitationView]:
        rows = await invitations.list_invitations(caller)
        return whole([InvitationView.of(row) for row in rows])

    @post(
        "/opening",
        status_code=200,
        summary="打开邀请",
        description="看清谁邀请我、能办什么、到什么时候，再决定是否接受。不是发给我的邀请等于不存在。",
        example={"token": "hT0mZ1Yd3bq6vJ8kX2nR5wP9sC4aF7gL0eU_iO-yQtA"},
        errors=(RealNameRequired, InvitationNotFound),
    )
    async def open(
        self,
        data: JSONBody[TokenRequest],
        caller: NamedDependency[Caller],
        vault: NamedDependency[Vault],
    ) -> OpenedView:
        found = await invitations.open_invitation(data.token, caller=caller, vault=vault, at=now())
        return await _opened(found, vault)

    @post(
        "/acceptance",
        status_code=200,
        summary="接受邀请",
        description="接受后双方都会收到消息；重复接受得到同一个代办关系。请先切换回本人。",
        example={"token": "hT0mZ1Yd3bq6vJ8kX2nR5wP9sC4aF7gL0eU_iO-yQtA"},
        errors=(
            RealNameRequired,
            OwnAccountRequired,
            InvitationNotFound,
            GrownUpRequired,
            RegisterFailed,
        ),
    )
    async def accept(
        self,
        data: JSONBody[TokenRequest],
        caller: NamedDependency[Caller],
        business_register: NamedDependency[BusinessRegister],
        vault: NamedDependency[Vault],
    ) -> ActingRelation:
        grant = await invitations.accept_invitation(
            data.token, caller=caller, register=business_register, vault=vault, at=now()
        )
        side = Side.AGENT if grant.agent_id == caller.person_id else Side.PARTY
        return await agents.show_relation(grant, side, vault=vault)

    @delete(
        "/{invitation_id:uuid}",
        summary="撤回邀请",
        description="未接受的链接随即作废；已接受的请在代办关系中取消。",
        errors=(RealNameRequired, InvitationNotFound),
    )
    async def withdraw(
        self, invitation_id: FromPath[UUID], caller: NamedDependency[Caller]
    ) -> None:
        await invitations.withdraw_invitation(invitation_id, caller=caller, at=now())


async def _opened(invitation: Invitation, vault: Vault) -> OpenedView:
    party_id = invitation.party_id
    return OpenedView(
        kind=invitation.kind,
        inviter_name=await masked_name(invitation.inviter_id, vault=vault),
        party_name=None if party_id is None else await masked_name(party_id, vault=vault),
        scope=invitation.scope,
        rights=invitation.rights,
        until_on=invitation.until_on,
        expires_at=invitation.expires_at,
    )
