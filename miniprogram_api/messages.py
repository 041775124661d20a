from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from identity.callers import Caller, RealNameRequired
from notifications import messages, subscriptions
from notifications.messages import MessageNotFound
from notifications.models import Message
from notifications.subscriptions import Answer, OfferedTemplate, TemplateNotFound
from notifications.wording import show
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages, whole
from web.views import View


class MessageView(View, frozen=True):
    """In the words that the account prefers; `for_party_id` where it is another party's matter."""

    id: UUID
    kind: str
    about: str
    title: str
    text: str
    plain: str
    created_at: datetime
    read_at: datetime | None
    speech: str
    language: str
    for_party_id: UUID | None

    @classmethod
    def to(cls, caller: Caller, message: Message) -> "MessageView":
        shown = show(message, language=caller.language, elder_mode=caller.elder_mode)
        return cls(
            id=message.id,
            kind=message.kind,
            about=message.about,
            title=shown.title,
            text=shown.text,
            plain=shown.plain,
            created_at=message.created_at,
            read_at=message.read_at,
            speech=shown.speech,
            language=shown.language,
            for_party_id=message.for_party_id,
        )


class SubscribeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    template_id: Annotated[str, Meta(min_length=1, max_length=64)]
    answer: Answer


class MessageController(Controller):
    """消息: the inbox of the caller, or of whom it acts for."""

    path = "/messages"
    tags = ["消息"]

    @get(
        summary="消息列表",
        description="本人或所代办主体的消息，按时间倒序。`text` 按显示偏好给出（长辈版、英文），"
        "`plain` 为适老化短句，`speech` 供朗读。",
        errors=(RealNameRequired,),
    )
    async def many(
        self,
        caller: NamedDependency[Caller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[MessageView]:
        party_id = caller.required_party()
        of = f"messages:{party_id}"
        rows = await messages.list_messages(
            party_id, before=pages.after(cursor, of=of), limit=limit + 1
        )
        return pages.page(rows, partial(MessageView.to, caller), limit=limit, of=of)

    @post(
        "/{message_id:uuid}/reading",
        status_code=200,
        summary="标为已读",
        description="把一条消息标为已读；重复标记保持第一次的时间。",
        errors=(RealNameRequired, MessageNotFound),
    )
    async def read(
        self, message_id: FromPath[UUID], caller: NamedDependency[Caller]
    ) -> MessageView:
        message = await messages.read_message(message_id, caller=caller, at=now())
        return MessageView.to(caller, message)


class SubscriptionController(Controller):
    """订阅: what the account lets us send to its phone."""

    path = "/subscriptions"
    tags = ["消息"]

    @get(
        "/templates",
        summary="可订阅的消息模板",
        description="当前小程序可以请求订阅的模板；`ask` 为真的应请用户点击订阅，一次最多三个，"
        "且一次性与长期模板不能同时请求。",
    )
    async def templates(self, caller: NamedDependency[Caller]) -> Page[OfferedTemplate]:
        return whole(await subscriptions.offered_templates(caller))

    @post(
        status_code=200,
        summary="上报订阅结果",
        description="上报 `wx.requestSubscribeMessage` 中一个模板的结果。"
        "同意一次性模板一次可收一条消息，拒绝则不再发送此前剩余的。",
        example={"template_id": "3uTGQktPk0Kg1LPztxx5AghMzjXbKXzH", "answer": "accept"},
        errors=(TemplateNotFound,),
    )
    async def subscribe(
        self, data: JSONBody[SubscribeRequest], caller: NamedDependency[Caller]
    ) -> OfferedTemplate:
        return await subscriptions.record_consent(
            data.template_id, data.answer, caller=caller, at=now()
        )
