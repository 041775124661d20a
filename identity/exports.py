"""A copy of everything we have about a person, for that person (PIPL article 45). 个人信息副本

Asking for it is quick; a job makes the file. It is encrypted like every file, kept for three days,
and opens only for the person it is about, not for who acts for them.
"""

from datetime import datetime, timedelta
from uuid import UUID

from tortoise.transactions import in_transaction

from core import audit, jobs
from core.errors import Conflict, NotFound
from core.files import FileStorage
from core.ids import new_id
from core.models import StoredFile
from identity.callers import Caller
from identity.erasure import oneself
from identity.kinds import ExportStatus
from identity.models import DataExport

LIFETIME = timedelta(days=3)
MEDIA_TYPE = "application/zip"


class ExportNotFound(NotFound):
    code = "identity.export_not_found"
    message = "没有找到该份个人信息副本，可能已过保存期"


class ExportWaiting(Conflict):
    code = "identity.export_waiting"
    message = "上一份个人信息副本正在生成，请稍后查看"


class ExportNotReady(Conflict):
    code = "identity.export_not_ready"
    message = "个人信息副本还没有生成好，请稍后再试"


async def request_export(client_id: UUID, *, caller: Caller, at: datetime) -> DataExport:
    """Ask for a copy of one's own data; with the same id again, the same one. 申请副本"""
    person_id = oneself(caller)
    export = DataExport(
        id=new_id(),
        person_id=person_id,
        client_id=client_id,
        requested_by=caller.actor(),
        requested_at=at,
    )
    async with in_transaction():
        await DataExport.bulk_create([export], ignore_conflicts=True)
        known = await DataExport.get_or_none(person_id=person_id, client_id=client_id)
        if known is None:
            raise ExportWaiting(person_id=person_id)
        if known.id == export.id:
            await audit.record(caller.actor(), "export.request", f"export:{export.id}")
            await jobs.enqueue("identity.make_export", export_id=str(export.id))
    return known


async def list_exports(caller: Caller, *, limit: int = 20) -> list[DataExport]:
    """The person's copies, newest first."""
    return await DataExport.filter(person_id=oneself(caller)).order_by("-id").limit(limit)


async def get_export(client_id: UUID, *, caller: Caller) -> DataExport:
    """One of the person's own copies."""
    export = await DataExport.get_or_none(person_id=oneself(caller), client_id=client_id)
    if export is None:
        raise ExportNotFound(client_id=client_id)
    return export


async def open_export(
    client_id: UUID, *, caller: Caller, files: FileStorage, at: datetime
) -> StoredFile:
    """The file of a copy that is ready; who fetched it when is audited."""
    export = await get_export(client_id, caller=caller)
    if export.status is ExportStatus.REQUESTED:
        raise ExportNotReady(export_id=export.id)
    over = export.expires_at is None or at >= export.expires_at
    if over or export.file_id is None or export.status is not ExportStatus.READY:
        raise ExportNotFound(export_id=export.id)
    file = await files.get(export.file_id, owner=owner_of(export.id), at=at)
    await audit.record(caller.actor(), "export.read", f"export:{export.id}")
    return file


async def finish_export(export_id: UUID, file: StoredFile, *, at: datetime) -> bool:
    """The file is there: once, whichever of two workers made it first. In the caller's transaction.

    The other's file goes when its time is over.
    """
    waiting = DataExport.filter(id=export_id, status=ExportStatus.REQUESTED)
    made = await waiting.update(
        status=ExportStatus.READY, file_id=file.id, ready_at=at, expires_at=file.expires_at
    )
    if made:
        await audit.record("system:identity.make_export", "export.make", f"export:{export_id}")
    return bool(made)


async def expire_exports(*, at: datetime) -> int:
    """What is past its time is so by name too; its file is forgotten with the other files."""
    over = DataExport.filter(status=ExportStatus.READY, expires_at__lte=at)
    return await over.update(status=ExportStatus.EXPIRED)


def owner_of(export_id: UUID) -> str:
    """The owner of its file: nobody's party, so that no other route hands it out."""
    return f"export:{export_id}"
