from datetime import datetime
from typing import Literal
from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from msgspec import Struct

from core.clock import now
from core.files import FileNotFound, FileStorage, StorageFailed
from core.sealing import Vault
from identity import exports
from identity.callers import Caller, RealNameRequired
from identity.erasure import (
    ErasureBlocked,
    ErasurePlan,
    OnlyForOneself,
    RetainedClass,
    Retention,
    erase_person,
    plan_erasure,
)
from identity.exports import ExportNotFound, ExportNotReady, ExportWaiting
from identity.kinds import ExportStatus
from identity.providers import FaceVerifiers
from identity.session_states import SessionStates
from identity.stakes import require_best_proof
from web.pages import Page, whole
from web.uploads import send_file
from web.views import View

_ARCHIVE = {"application/zip": {"type": "string", "format": "binary"}}


class ExportView(View, frozen=True):
    client_id: UUID
    status: ExportStatus
    requested_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None


class ExportRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A ZIP is all there is so far."""

    format: Literal["zip"] = "zip"


class ErasureRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The words that the person typed: closing an account is not for a slip of the finger."""

    confirmation: Literal["我要注销"]


class ErasureView(Struct, frozen=True):
    """What is gone, and what stays until when under which law."""

    classes: list[RetainedClass]


class MyDataController(Controller):
    """我的个人信息: a copy of it, and its end."""

    path = "/me"
    tags = ["我的"]

    @get(
        "/exports",
        summary="个人信息副本",
        description="申请过的个人信息副本，新的在前。",
        errors=(RealNameRequired, OnlyForOneself),
    )
    async def many(self, caller: NamedDependency[Caller]) -> Page[ExportView]:
        return whole([ExportView.of(row) for row in await exports.list_exports(caller)])

    @put(
        "/exports/{client_id:uuid}",
        limit="export",
        summary="申请个人信息副本",
        description="编号由客户端生成，重复提交得到同一份。生成后发消息告知，"
        "文件为 ZIP（内有 JSON 与可直接阅读的文本），加密保存 3 天，只有本人能下载。"
        "所在小程序支持人脸核验时，申请和下载都需 30 分钟内刷过脸。",
        example={"format": "zip"},
        errors=(RealNameRequired, OnlyForOneself, ExportWaiting),
    )
    async def request(
        self,
        client_id: FromPath[UUID],
        data: JSONBody[ExportRequest],
        caller: NamedDependency[Caller],
        face_verifiers: NamedDependency[FaceVerifiers],
    ) -> ExportView:
        at = now()
        require_best_proof(caller, face_verifiers, at=at)
        return ExportView.of(await exports.request_export(client_id, caller=caller, at=at))

    @get(
        "/exports/{client_id:uuid}",
        summary="查看个人信息副本",
        description="一份副本生成到哪一步、保存到何时。",
        errors=(RealNameRequired, OnlyForOneself, ExportNotFound),
    )
    async def one(self, client_id: FromPath[UUID], caller: NamedDependency[Caller]) -> ExportView:
        return ExportView.of(await exports.get_export(client_id, caller=caller))

    @get(
        "/exports/{client_id:uuid}/content",
        summary="下载个人信息副本",
        description="ZIP 文件，内含未脱敏的本人信息；每次下载都有记录。",
        answers=_ARCHIVE,
        errors=(
            RealNameRequired,
            OnlyForOneself,
            ExportNotFound,
            ExportNotReady,
            FileNotFound,
            StorageFailed,
        ),
    )
    async def content(
        self,
        client_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        files: NamedDependency[FileStorage],
        face_verifiers: NamedDependency[FaceVerifiers],
    ) -> Stream:
        at = now()
        require_best_proof(caller, face_verifiers, at=at)
        file = await exports.open_export(client_id, caller=caller, files=files, at=at)
        return send_file(file, files)

    @get(
        "/erasure",
        summary="注销前说明",
        description="注销会删除什么、哪些依法必须保留以及保留到何时；`reasons` 不为空时暂不能注销："
        "payment_under_way 有未完成的缴费，payout_under_way 有未到账的拨付，"
        "refund_under_way 有未退回的款项，benefit_under_way 有已确认未发放的待遇。",
        errors=(RealNameRequired, OnlyForOneself),
    )
    async def plan(
        self, caller: NamedDependency[Caller], retention: NamedDependency[Retention]
    ) -> ErasurePlan:
        return await plan_erasure(caller, retention, at=now())

    @put(
        "/erasure",
        limit="erase",
        summary="注销账号并删除个人信息",
        description="注销本人名下全部账号并立即退出登录，删除没有法律依据继续保留的个人信息；"
        "依法保留的到期自动删除。再次实名认证即恢复为同一人。"
        "所在小程序支持人脸核验时，需 30 分钟内刷过脸。",
        example={"confirmation": "我要注销"},
        errors=(RealNameRequired, OnlyForOneself, ErasureBlocked),
    )
    async def erase(
        self,
        data: JSONBody[ErasureRequest],
        caller: NamedDependency[Caller],
        retention: NamedDependency[Retention],
        vault: NamedDependency[Vault],
        session_states: NamedDependency[SessionStates],
        face_verifiers: NamedDependency[FaceVerifiers],
    ) -> ErasureView:
        at = now()
        require_best_proof(caller, face_verifiers, at=at)
        return ErasureView(
            await erase_person(caller, retention, vault=vault, states=session_states, at=at)
        )
