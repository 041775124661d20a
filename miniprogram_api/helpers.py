from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.lines import Line
from core.sealing import Vault
from identity import helping_by_face
from identity.agents import ActingRelation, Side, show_relation
from identity.callers import Caller, RealNameRequired
from identity.faces import FaceCheckNotFound, FaceCheckOver, FaceNotPassed, StartedFaceCheck
from identity.helping_by_face import Wish
from identity.id_numbers import IdNumberInvalid
from identity.invitations import GrownUpRequired, InvitationIncomplete, OwnAccountRequired
from identity.kinds import Right
from identity.providers import (
    FaceNotOffered,
    FaceServiceFailed,
    FaceVerifiers,
    PopulationRegister,
    RegisterFailed,
)
from identity.real_names import RealNameMismatch
from identity.recognising import Named
from identity.session_states import SessionStates

ELDER = {"name": "王桂兰", "id_number": "330100195103089023"}
_BEGINNING = (
    RealNameRequired,
    OwnAccountRequired,
    IdNumberInvalid,
    RealNameMismatch,
    RegisterFailed,
    FaceNotOffered,
    FaceServiceFailed,
)
_COMPLETING = (
    RealNameRequired,
    OwnAccountRequired,
    FaceNotPassed,
    FaceCheckNotFound,
    FaceCheckOver,
    FaceNotOffered,
    FaceServiceFailed,
)


class ElderRequest(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[Line, Meta(min_length=1, max_length=64)]
    id_number: Annotated[str, Meta(min_length=15, max_length=18)]


class ConsentRequest(ElderRequest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    rights: Annotated[list[Right], Meta(min_length=1, max_length=3)]
    until_on: date
    notified: bool = True


class EndedView(Struct, frozen=True):
    ended: int


class HelperController(Controller):
    """帮办: an elder without a phone agrees, or takes it back, by their face on another's."""

    tags = ["代办"]

    @post(
        "/helper-consents",
        limit="real_name",
        summary="长辈刷脸同意帮办",
        description="在帮办人的手机上由长辈刷脸：用返回的 `handle` 打开人脸核身，完成后再提交结果。"
        "同意的权限和期限（最长一年）在开始时写定。双方均须年满十八周岁。",
        example=ELDER | {"rights": ["view", "pay"], "until_on": "2027-06-30", "notified": True},
        errors=(*_BEGINNING, InvitationIncomplete, GrownUpRequired),
    )
    async def begin_consent(
        self,
        data: JSONBody[ConsentRequest],
        caller: NamedDependency[Caller],
        face_verifiers: NamedDependency[FaceVerifiers],
        population_register: NamedDependency[PopulationRegister],
        vault: NamedDependency[Vault],
    ) -> StartedFaceCheck:
        return await helping_by_face.begin_consent(
            caller,
            Named(name=data.name, id_number=data.id_number),
            Wish(rights=frozenset(data.rights), until_on=data.until_on, notified=data.notified),
            verifiers=face_verifiers,
            register=population_register,
            vault=vault,
            at=now(),
        )

    @post(
        "/helper-consents/{check_id:uuid}/completion",
        status_code=200,
        summary="完成长辈刷脸同意",
        description="由系统向平台核对结果，不采信手机上的结果；通过后代办关系生效，双方都会收到消息。"
        "重复提交得到同一个代办关系。",
        errors=_COMPLETING,
    )
    async def complete_consent(
        self,
        check_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        face_verifiers: NamedDependency[FaceVerifiers],
        vault: NamedDependency[Vault],
        session_states: NamedDependency[SessionStates],
    ) -> ActingRelation:
        grant = await helping_by_face.complete_consent(
            check_id,
            caller=caller,
            verifiers=face_verifiers,
            vault=vault,
            states=session_states,
            at=now(),
        )
        return await show_relation(grant, Side.AGENT, vault=vault)

    @post(
        "/helper-endings",
        limit="real_name",
        summary="长辈刷脸取消帮办",
        description="在任何一部已实名登录的手机上由长辈刷脸，取消其全部帮办授权。",
        example=ELDER,
        errors=_BEGINNING,
    )
    async def begin_ending(
        self,
        data: JSONBody[ElderRequest],
        caller: NamedDependency[Caller],
        face_verifiers: NamedDependency[FaceVerifiers],
        population_register: NamedDependency[PopulationRegister],
        vault: NamedDependency[Vault],
    ) -> StartedFaceCheck:
        return await helping_by_face.begin_ending(
            caller,
            Named(name=data.name, id_number=data.id_number),
            verifiers=face_verifiers,
            register=population_register,
            vault=vault,
            at=now(),
        )

    @post(
        "/helper-endings/{check_id:uuid}/completion",
        status_code=200,
        summary="完成长辈刷脸取消",
        description="核对通过后，该长辈的帮办授权全部取消，五秒内生效；`ended` 为取消的件数。",
        errors=_COMPLETING,
    )
    async def complete_ending(
        self,
        check_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        face_verifiers: NamedDependency[FaceVerifiers],
        vault: NamedDependency[Vault],
        session_states: NamedDependency[SessionStates],
    ) -> EndedView:
        return EndedView(
            await helping_by_face.complete_ending(
                check_id,
                caller=caller,
                verifiers=face_verifiers,
                vault=vault,
                states=session_states,
                at=now(),
            )
        )
