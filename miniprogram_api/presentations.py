from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from msgspec import Meta, Struct

from core.clock import now
from core.news import News
from core.signing import Signer
from identity.callers import ActingRightRequired, Caller, ConfirmerRequired, RealNameRequired
from identity.session_states import SessionStates
from licences import presentations
from licences.licence_fields import UnknownField
from licences.presentations import (
    LicenceNotValid,
    PresentationNotFound,
    PresentationProgress,
    PresentationState,
    PresentedCode,
    VerifierMustAsk,
)
from licences.registry import LicenceNotFound
from licences.verifications import topic
from licences.wanted import SET_LIMIT, LicenceTwice, Wanted
from web.events import Change, EventStream, TooManyStreams
from web.waiting import Wait, wait_for_change


class WantedLicence(Struct, frozen=True, forbid_unknown_fields=True):
    """One licence of a set, and the fields that its holder agrees to show."""

    id: UUID
    fields: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=32)]


class PresentSetRequest(Struct, frozen=True, forbid_unknown_fields=True):
    licences: Annotated[list[WantedLicence], Meta(min_length=1, max_length=SET_LIMIT)]


class PresentationController(Controller):
    """亮证: one code for one licence or for several; the holder's screen waits for the scan."""

    path = "/presentations"
    tags = ["证照"]

    @post(
        limit="present",
        summary="组合亮证",
        description="一个二维码同时出示最多 5 张证照（如驾驶证与行驶证），一次核验全部用完。"
        "每张证照只出示 `fields` 中同意的内容，`portrait` 为照片。规则与单张亮证相同。",
        example={
            "licences": [
                {"id": "0190c2a9-7d6f-7c3e-8a52-2f1d3b4c5d6e", "fields": ["name", "portrait"]},
                {"id": "0190c2a9-7d6f-7c3e-8a52-2f1d3b4c5d6f", "fields": ["name"]},
            ]
        },
        errors=(
            RealNameRequired,
            ConfirmerRequired,
            ActingRightRequired,
            LicenceNotFound,
            LicenceNotValid,
            LicenceTwice,
            VerifierMustAsk,
            UnknownField,
        ),
    )
    async def create(
        self,
        data: JSONBody[PresentSetRequest],
        caller: NamedDependency[Caller],
        signer: NamedDependency[Signer],
    ) -> PresentedCode:
        wanted = [Wanted(one.id, one.fields) for one in data.licences]
        return await presentations.present_licences(wanted, caller=caller, signer=signer, at=now())

    @get(
        "/{presentation_id:uuid}",
        summary="亮证结果",
        description="二维码是否已被核验。带 `wait` 时最多等待 25 秒，有结果立即返回。",
        errors=(RealNameRequired, PresentationNotFound),
    )
    async def show(
        self,
        presentation_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        news: NamedDependency[News],
        wait: Wait = 0,
    ) -> PresentationProgress:
        async def look() -> PresentationProgress:
            return await presentations.get_progress(presentation_id, caller=caller, at=now())

        async def ended() -> PresentationProgress | None:
            progress = await look()
            return None if progress.state is PresentationState.WAITING else progress

        found = await wait_for_change(ended, wait, news=news, topic=topic(presentation_id))
        return found or await look()

    @get(
        "/{presentation_id:uuid}/events",
        limit="stream",
        uncompressed=True,
        summary="亮证结果（事件流）",
        description="供浏览器使用的 SSE：每次变化发一条 `change` 事件，内容与亮证结果相同，"
        "约 10 秒一次心跳；有结果或 90 秒后结束，每个会话最多同时 3 条。"
        "浏览器的 EventSource 不能带令牌，请用 fetch 读取。",
        answers={"text/event-stream": {"type": "string"}},
        errors=(RealNameRequired, PresentationNotFound, TooManyStreams),
    )
    async def events(
        self,
        presentation_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        event_stream: NamedDependency[EventStream],
        session_states: NamedDependency[SessionStates],
    ) -> Stream:
        async def look() -> Change | None:
            at = now()
            state = await session_states.find(caller.session_id, at=at)
            if state is None or not state.living:
                return None
            progress = await presentations.get_progress(presentation_id, caller=caller, at=at)
            return Change(progress, last=progress.state is not PresentationState.WAITING)

        return await event_stream.answer(
            look, topic=topic(presentation_id), key=str(caller.session_id)
        )
