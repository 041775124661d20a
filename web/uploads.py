"""Files from clients: one way in, with its own limit, streamed and never whole in memory. 上传

A route that takes one says `opt=UPLOAD` and hands its request here. What it is told by the content
itself, not by the name. A picture is made anew before it is kept (`core.pictures`): it alone is
held in memory, and no more than a few are decoded at once.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.response import Stream

from core import pictures
from core.errors import Rejected
from core.files import FileStorage
from core.models import StoredFile
from core.pictures import PictureTooLarge

PDF, PDF_BEGINNING = "application/pdf", b"%PDF-"
KINDS = frozenset({PDF, *pictures.KINDS})
"""What is taken."""

FILES: Mapping[str, Any] = {kind: {"type": "string", "format": "binary"} for kind in sorted(KINDS)}
"""A file as the description of the interface says it: what a download `answers`."""

UPLOAD_LIMIT = 20 * 1024 * 1024
PICTURE_LIMIT = 12 * 1024 * 1024
PICTURES_AT_ONCE = 2
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
    message = "只能上传 PDF 文件或 JPG、PNG 图片"
    shown = ("allowed",)


async def keep_upload(
    request: AnyRequest, storage: FileStorage, *, owner: str, at: datetime
) -> StoredFile:
    """Take the request's body in as a file of `owner`; of a picture what we made of it."""
    media_type = request.content_type[0]
    if media_type in pictures.KINDS:
        content, media_type = _made_anew(media_type, request.stream()), "image/jpeg"
    elif media_type == PDF:
        content = _beginning_with(PDF_BEGINNING, request.stream())
    else:
        raise FileKindRefused(allowed=sorted(KINDS))
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


_at_once = asyncio.Semaphore(PICTURES_AT_ONCE)


async def _made_anew(media_type: str, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The picture as we made it, in one piece; refused before anything is kept."""
    read = bytearray()
    async for chunk in content:
        read += chunk
        if len(read) > PICTURE_LIMIT:
            raise PictureTooLarge()
    if not pictures.begins_as(media_type, read):
        raise FileKindRefused(allowed=sorted(KINDS))
    async with _at_once:
        made = await asyncio.to_thread(pictures.remade, bytes(read))
    yield made.content


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
