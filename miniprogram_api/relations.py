from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.sealing import Vault
from identity import acted, agents
from identity.acted import Act, ActedNotShown
from identity.agents import ActingRelation, Change, GrantNotFound, Side
from identity.callers import Caller, RealNameRequired
from identity.choices import ActingChoice, represented_choice
from identity.counter_codes import give_counter_code
from identity.entities import EntityNotFound, UsccInvalid
from identity.invitations import InvitationIncomplete
from identity.kinds import Right, Scope
from identity.providers import BusinessRegister, FaceVerifiers, RegisterFailed
from identity.representing import NotRepresentative, represent
from identity.stakes import require_best_proof
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages, whole


class ChangeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`rights` are a helper's and `scope` says so; an agent of an enterprise has none."""

    scope: Scope
    until_on: date
    rights: Annotated[list[Right], Meta(max_length=3)] = []
    notified: bool = True


class CounterCodeView(Struct, frozen=True, kw_only=True):
    code: str
    expires_at: datetime


class RelationController(Controller):
    """代办关系: who may act for whom, as both sides see it."""

    tags = ["代办"]

    @get(
        "/acting-grants",
        summary="代办关系",
        description="谁可以替我（或我正在代办的对象）办事，以及我可以替谁办事；自然人的姓名脱敏。"
        "`questioned` 为真表示授权人已不再是法定代表人，请保留或取消。",
        errors=(RealNameRequired,),
    )
    async def index(
        self, caller: NamedDependency[Caller], vault: NamedDependency[Vault]
    ) -> Page[ActingRelation]:
        return whole(await agents.list_relations(caller, vault=vault, at=now()))

    @put(
        "/acting-grants/{grant_id:uuid}",
        summary="更改代办权限",
        description="由本人，或单位的法定代表人更改；五秒内生效。对长辈的帮办最长一年，到期前可再续。",
        example={
            "scope": "helper",
            "until_on": "2027-06-30",
            "rights": ["view", "pay"],
            "notified": True,
        },
        errors=(RealNameRequired, GrantNotFound, InvitationIncomplete),
    )
    async def change(
        self,
        grant_id: FromPath[UUID],
        data: JSONBody[ChangeRequest],
        caller: NamedDependency[Caller],
        vault: NamedDependency[Vault],
    ) -> ActingRelation:
        change = Change(
            scope=data.scope,
            rights=frozenset(data.rights),
            until_on=data.until_on,
            notified=data.notified,
        )
        grant = await agents.change_relation(grant_id, change, caller=caller, at=now())
        return await agents.show_relation(grant, Side.PARTY, vault=vault)

    @delete(
        "/acting-grants/{grant_id:uuid}",
        summary="取消代办",
        description="双方都可以取消，五秒内生效，双方都会收到消息；再次取消不变。监护关系不在此取消。",
        errors=(RealNameRequired, GrantNotFound),
    )
    async def end(self, grant_id: FromPath[UUID], caller: NamedDependency[Caller]) -> None:
        await agents.end_relation(grant_id, caller=caller, at=now())

    @post(
        "/entities/{uscc:str}/representation",
        status_code=200,
        limit="real_name",
        summary="认领单位",
        description="法人库中登记的法定代表人认领本单位，之后可切换为该单位办事并邀请代办人。"
        "原法定代表人的权限随即结束。所在小程序支持人脸核验时，需 30 分钟内刷过脸。",
        errors=(
            RealNameRequired,
            UsccInvalid,
            EntityNotFound,
            NotRepresentative,
            RegisterFailed,
        ),
    )
    async def represent(
        self,
        uscc: FromPath[str],
        caller: NamedDependency[Caller],
        business_register: NamedDependency[BusinessRegister],
        vault: NamedDependency[Vault],
        face_verifiers: NamedDependency[FaceVerifiers],
    ) -> ActingChoice:
        at = now()
        require_best_proof(caller, face_verifiers, at=at)
        entity = await represent(caller, uscc, register=business_register, vault=vault, at=at)
        return represented_choice(entity)


class ActController(Controller):
    """代办记录: who did what for whom."""

    path = "/me"
    tags = ["代办"]

    @get(
        "/acted-for",
        summary="谁替我办过什么",
        description="他人或窗口工作人员替我（或我正在代办的对象）办过的每件事，新的在前。"
        "由本人、监护人或有确认权限的代办人查看。",
        errors=(RealNameRequired, ActedNotShown),
    )
    async def acted_for(
        self,
        caller: NamedDependency[Caller],
        vault: NamedDependency[Vault],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[Act]:
        of = f"acted_for:{caller.required_party()}"
        before = pages.after(cursor, of=of)
        rows = await acted.list_acted_for(caller, vault=vault, before=before, limit=limit + 1)
        return pages.page(rows, _same, limit=limit, of=of)

    @get(
        "/acted",
        summary="我替别人办过什么",
        description="我替他人或单位办过的每件事，新的在前。",
        errors=(RealNameRequired,),
    )
    async def acted(
        self,
        caller: NamedDependency[Caller],
        vault: NamedDependency[Vault],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[Act]:
        of = f"acted:{caller.required_person()}"
        before = pages.after(cursor, of=of)
        rows = await acted.list_acted_by(caller, vault=vault, before=before, limit=limit + 1)
        return pages.page(rows, _same, limit=limit, of=of)


class CounterCodeController(Controller):
    """窗口码: what the phone shows so that a counter can prove the account."""

    path = "/me/counter-code"
    tags = ["我的"]

    @post(
        limit="counter",
        summary="取窗口码",
        description="在窗口出示的八位数字，工作人员核对身份后输入，本账号即完成实名认证。"
        "十分钟内有效，只能用一次；再取一次，前一个作废。",
    )
    async def create(
        self, caller: NamedDependency[Caller], vault: NamedDependency[Vault]
    ) -> CounterCodeView:
        code, expires_at = await give_counter_code(caller, vault=vault, at=now())
        return CounterCodeView(code=code, expires_at=expires_at)


def _same(act: Act) -> Act:
    return act
