from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from core.clock import now
from core.files import FileNotFound, FileStorage, StorageFailed
from core.pictures import PictureRefused, PictureTooLarge
from identity.callers import Caller, RealNameRequired
from web.uploads import FILES, UPLOAD, UPLOAD_LIMIT, FileKindRefused, keep_upload, send_file
from web.views import View


class FileView(View, frozen=True):
    id: UUID
    media_type: str
    size: int
    sha256: str
    expires_at: datetime


class FileController(Controller):
    """文件: what a resident hands in, kept for a while."""

    path = "/files"
    tags = ["文件"]

    @post(
        opt=UPLOAD,
        request_max_body_size=UPLOAD_LIMIT,
        summary="上传文件",
        description="请求体就是文件内容：PDF 最大 20 MB；JPG、PNG 图片最大 12 MB、5000 万像素，"
        "图片会重新生成为 JPG，去除拍摄地点等附加信息。文件加密保存 90 天。",
        errors=(
            RealNameRequired,
            FileKindRefused,
            PictureRefused,
            PictureTooLarge,
            StorageFailed,
        ),
    )
    async def upload(
        self,
        request: Request[Any, Any, State],
        caller: NamedDependency[Caller],
        files: NamedDependency[FileStorage],
    ) -> FileView:
        owner = f"party:{caller.required_party()}"
        return FileView.of(await keep_upload(request, files, owner=owner, at=now()))

    @get(
        "/{file_id:uuid}",
        summary="下载文件",
        description="取回自己上传的文件内容。",
        answers=FILES,
        errors=(RealNameRequired, FileNotFound, StorageFailed),
    )
    async def download(
        self,
        file_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        files: NamedDependency[FileStorage],
    ) -> Stream:
        owner = f"party:{caller.required_party()}"
        return send_file(await files.get(file_id, owner=owner, at=now()), files)
