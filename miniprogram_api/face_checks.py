from datetime import datetime
from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from core.clock import now
from core.sealing import Vault
from identity.callers import Caller, RealNameRequired
from identity.faces import (
    FaceCheckNotFound,
    FaceCheckOver,
    FaceNotPassed,
    StartedFaceCheck,
    begin_face_check,
    settle_face_check,
)
from identity.kinds import Level
from identity.levels import FACE_LASTS
from identity.providers import FaceNotOffered, FaceServiceFailed, FaceVerifiers
from identity.session_states import SessionStates


class FaceView(Struct, frozen=True):
    """The level from now on, and until when the face counts."""

    level: Level
    until: datetime


class FaceCheckController(Controller):
    """人脸核身: the platform looks and we ask it; what a client says of it counts for nothing."""

    path = "/me/face-checks"
    tags = ["我的"]

    @post(
        limit="face_check",
        summary="开始人脸认证",
        description="须已实名。姓名与证件号码取自实名记录。微信端把 `handle` 作为 verifyId 交给 "
        "wx.requestFacialVerify，支付宝端作为 certifyId 交给 my.startAPVerify；"
        "完成后再取结果。开始后一小时内有效。",
        errors=(RealNameRequired, FaceNotOffered, FaceServiceFailed),
    )
    async def begin(
        self,
        caller: NamedDependency[Caller],
        face_verifiers: NamedDependency[FaceVerifiers],
        vault: NamedDependency[Vault],
    ) -> StartedFaceCheck:
        return await begin_face_check(caller, verifiers=face_verifiers, vault=vault, at=now())

    @post(
        "/{check_id:uuid}/result",
        status_code=200,
        limit="face_check",
        summary="人脸认证结果",
        description="由本系统向平台查询，客户端报告的结果不作数。通过后认证等级为 3，九十天内有效；"
        "没有通过或还没有做，返回 `identity.face_not_passed`，可以再做。重复查询结果不变。",
        errors=(
            FaceNotPassed,
            FaceCheckNotFound,
            FaceCheckOver,
            FaceNotOffered,
            FaceServiceFailed,
            RealNameRequired,
        ),
    )
    async def settle(
        self,
        check_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        face_verifiers: NamedDependency[FaceVerifiers],
        vault: NamedDependency[Vault],
        session_states: NamedDependency[SessionStates],
    ) -> FaceView:
        check = await settle_face_check(
            check_id,
            caller=caller,
            verifiers=face_verifiers,
            vault=vault,
            states=session_states,
            at=now(),
        )
        return FaceView(Level.FACE, check.started_at + FACE_LASTS)
