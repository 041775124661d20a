from datetime import date
from uuid import UUID

from litestar import Controller, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.clock import now
from core.sealing import Vault
from identity.accounts import AccountNotFound
from identity.callers import Caller, RealNameRequired
from identity.documents import list_documents
from identity.kinds import DocumentType
from identity.parting import JoinedAccount, list_accounts, part_account
from identity.session_states import SessionStates
from web.pages import Page, whole
from web.views import View


class DocumentView(View, frozen=True):
    document_type: DocumentType
    number: str
    verified_on: date | None


class MyAccountController(Controller):
    """我的账号与证件: one person, several channels."""

    path = "/me"
    tags = ["我的"]

    @get(
        "/accounts",
        summary="我的账号",
        description="已实名归属本人的全部账号（微信、支付宝、手机号等），先登录的在前。",
        errors=(RealNameRequired,),
    )
    async def accounts(
        self, caller: NamedDependency[Caller], vault: NamedDependency[Vault]
    ) -> Page[JoinedAccount]:
        return whole(await list_accounts(caller, vault=vault))

    @delete(
        "/accounts/{account_id:uuid}",
        summary="解除账号关联",
        description="该账号不再属于本人：其登录全部退出，手机号与认证等级失效。"
        "缴费、证照、消息等都属于本人，不随账号带走。也可以解除正在使用的账号。",
        errors=(RealNameRequired, AccountNotFound),
    )
    async def part(
        self,
        account_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        session_states: NamedDependency[SessionStates],
    ) -> None:
        await part_account(account_id, caller=caller, states=session_states, at=now())

    @get(
        "/documents",
        summary="我的身份证件",
        description="本人用来认证过的证件，号码脱敏；多种证件仍是同一人。",
        errors=(RealNameRequired,),
    )
    async def documents(
        self, caller: NamedDependency[Caller], vault: NamedDependency[Vault]
    ) -> Page[DocumentView]:
        found = await list_documents(caller.required_person(), vault=vault)
        return whole([DocumentView.of(document) for document in found])
