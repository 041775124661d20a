"""Files from clients: one way in, with its own limit, streamed and never whole in memory. 上传

A route that takes one says `opt=UPLOAD` and hands its request here. What it is told by the content
itself, not by the name. Pictures are not taken yet: they must first be made anew, without EXIF.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.response import Stream

from core.errors import Rejected
from core.files import FileStorage
from core.models import StoredFile

KINDS: Mapping[str, bytes] = {"application/pdf": b"%PDF-"}
"""What is taken, and how it begins."""

FILES: Mapping[str, Any] = {kind: {"type": "string", "format": "binary"} for kind in KINDS}
"""A file as the description of the interface says it: what a download `answers`."""

UPLOAD_LIMIT = 20 * 1024 * 1024
UPLOAD: Mapping[str, Any] = {
    "body_limit": UPLOAD_LIMIT,
    "body_seconds": 300.0,
    "limit": "upload",
    "receives": FILES,
}
"""For a route's `opt`, beside `request_max_body_size=UPLOAD_LIMIT`."""

AnyRequest = Request[Any, Any, State]


class FileKindRefused(Rejected):
    code = "web.file_kind_refused"
    message = "只能上传 PDF 文件"
    shown = ("allowed",)


async def keep_upload(
    request: AnyRequest, storage: FileStorage, *, owner: str, at: datetime
) -> StoredFile:
    """Take the request's body in as a file of `owner`."""
    media_type = request.content_type[0]
    beginning = KINDS.get(media_type)
    if beginning is None:
        raise FileKindRefused(allowed=sorted(KINDS))
    content = _beginning_with(beginning, request.stream())
    return await storage.keep(content, owner=owner, media_type=media_type, at=at)


def send_file(file: StoredFile, storage: FileStorage) -> Stream:
    """The file, to be saved and not shown: what was uploaded never runs in a page of ours."""
    return Stream(
        storage.read(file),
        media_type=file.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{file.id}"',
            "Content-Length": str(file.size),
        },
    )


async def _beginning_with(beginning: bytes, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same content, refused before anything is kept unless it begins as it should."""
    read = b""
    async for chunk in content:
        read += chunk
        if len(read) >= len(beginning):
            break
    if not read.startswith(beginning):
        raise FileKindRefused(allowed=sorted(KINDS))
    yield read
    async for chunk in content:
        yield chunk
