"""The file of a copy: a ZIP with the data for machines and the same for people. 生成副本"""

import io
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from obstore.store import ObjectStore
from tortoise.transactions import in_transaction

from app.exporters import SECTIONS, Rows, Section
from app.exporters.rows import moment
from app.words import in_chinese
from core.clock import now
from core.files import FileStorage
from core.sealing import Vault
from identity.exports import LIFETIME, MEDIA_TYPE, finish_export, owner_of
from identity.kinds import ExportStatus
from identity.models import DataExport
from notifications.messages import send_message

DATA_NAME, TEXT_NAME = "personal-data.json", "个人信息.txt"


async def make_export(export_id: str, *, store: ObjectStore, vault: Vault) -> None:
    """Make the copy that was asked for, keep it encrypted and say that it is there. A job."""
    export = await DataExport.get(id=UUID(export_id))
    if export.status is not ExportStatus.REQUESTED:
        return
    at = now()
    found = [(section, await section.read(export.person_id, vault)) for section in SECTIONS]
    files = FileStorage(store, vault)
    file = await files.keep(
        _once(packed(found, at=at)),
        owner=owner_of(export.id),
        media_type=MEDIA_TYPE,
        at=at,
        lifetime=LIFETIME,
    )
    async with in_transaction():
        if await finish_export(export.id, file, at=at):
            await send_message(
                export.person_id,
                "export_ready",
                about=f"export:{export.id}",
                until=moment(file.expires_at) or "",
            )


def packed(found: Sequence[tuple[Section, Rows]], *, at: datetime) -> bytes:
    """Both forms of the same rows."""
    data = {
        "made_at": moment(at),
        "sections": {section.key: list(rows) for section, rows in found},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(DATA_NAME, msgspec.json.format(msgspec.json.encode(data), indent=2))
        archive.writestr(TEXT_NAME, "\ufeff" + _text(found, at))
    return buffer.getvalue()


def _text(found: Sequence[tuple[Section, Rows]], at: datetime) -> str:
    lines = ["个人信息副本", f"生成时间：{moment(at)}", "仅供本人查阅，请妥善保管。", ""]
    for section, rows in found:
        lines += [f"【{section.title}】{len(rows)} 条", *(_line(row) for row in rows), ""]
    return "\r\n".join(lines)


def _line(row: Mapping[str, str | int | bool | None]) -> str:
    return "　" + "；".join(f"{label}：{_said(value)}" for label, value in row.items())


def _said(value: str | int | bool | None) -> str:
    if isinstance(value, StrEnum):
        return in_chinese(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    return "无" if value in (None, "") else str(value)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
