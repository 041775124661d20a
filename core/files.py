"""Files, encrypted before they leave the process, kept for a while. 文件存储

A folder or an S3-compatible store, by address; `core.file_pieces` is the form of what lies there.
"""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from core.errors import NotFound, UpstreamFailed
from core.file_pieces import PieceBroken, decrypted, encrypted
from core.ids import new_id
from core.models import StoredFile
from core.sealing import Place, SealBroken, Vault

LIFETIME = timedelta(days=90)
_ORPHAN_AGE = timedelta(days=1)
_LISTED = 1_000
_FOLDER, _TABLE = "files", "core_stored_file"


class FileNotFound(NotFound):
    code = "core.file_not_found"
    message = "没有找到该文件，可能已过保存期"


class StorageFailed(UpstreamFailed):
    code = "core.storage_failed"
    message = "文件服务暂时不可用，请稍后再试"


def open_store(url: str) -> ObjectStore:
    """`file:///folder` (made when absent) or `s3://bucket`, with its access in the environment."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStore(Path(parts.path), mkdir=True)
    return from_url(url)


class FileStorage:
    """Keeps files for their owners. `owner` is a plain id such as "party:<id>"."""

    def __init__(self, store: ObjectStore, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    async def keep(
        self,
        content: AsyncIterator[bytes],
        *,
        owner: str,
        media_type: str,
        at: datetime,
        lifetime: timedelta = LIFETIME,
    ) -> StoredFile:
        """Take a file in as it arrives. If `content` raises, so does this, and nothing is kept."""
        file = StoredFile(id=new_id(), owner=owner, media_type=media_type, size=0)
        digest = sha256()

        async def counted() -> AsyncIterator[bytes]:
            async for chunk in content:
                file.size += len(chunk)
                digest.update(chunk)
                yield chunk

        await self._put(file.id, counted())
        file.sha256, file.created_at, file.expires_at = digest.hexdigest(), at, at + lifetime
        await file.save(force_create=True)
        return file

    async def get(self, file_id: UUID, *, owner: str, at: datetime) -> StoredFile:
        """The owner's file, while it is kept."""
        file = await StoredFile.get_or_none(id=file_id, owner=owner, expires_at__gt=at)
        if file is None:
            raise FileNotFound(file_id=file_id)
        return file

    async def read(self, file: StoredFile) -> AsyncIterator[bytes]:
        """The content in pieces, each checked. SealBroken when it was changed in the store."""
        stored = self._stored(file.id)
        open_key = partial(self._opened_key, file.id)
        try:
            async for piece in decrypted(stored, open_key=open_key, label=file.id.bytes):
                yield piece
        except PieceBroken as error:
            raise SealBroken(table=_TABLE, column="content", row_id=file.id) from error

    async def forget_expired(self, *, at: datetime, limit: int = 500) -> int:
        """Erase what is past its time and what was never finished; say how many files went."""
        expired = await StoredFile.filter(expires_at__lte=at).order_by("expires_at").limit(limit)
        ids = [file.id for file in expired]
        await self._erase(ids)
        await StoredFile.filter(id__in=ids).delete()
        async for orphans in self._orphans():
            await self._erase(orphans)
        return len(ids)

    async def _put(self, file_id: UUID, content: AsyncIterator[bytes]) -> None:
        key = secrets.token_bytes(32)
        sealed = self._vault.seal(_key_place(file_id), key.hex())
        pieces = encrypted(content, key=key, sealed_key=sealed, label=file_id.bytes)
        try:
            await obstore.put_async(self._store, _path(file_id), pieces)
        except BaseError as error:
            raise StorageFailed(file_id=file_id) from error

    async def _stored(self, file_id: UUID) -> AsyncIterator[bytes]:
        try:
            found = await obstore.get_async(self._store, _path(file_id))
            async for chunk in found.stream():
                yield bytes(chunk)
        except FileNotFoundError as error:
            raise FileNotFound(file_id=file_id) from error
        except BaseError as error:
            raise StorageFailed(file_id=file_id) from error

    def _opened_key(self, file_id: UUID, sealed: bytes) -> bytes:
        return bytes.fromhex(self._vault.open(_key_place(file_id), sealed))

    async def _erase(self, ids: Sequence[UUID]) -> None:
        for file_id in ids:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, _path(file_id))

    async def _orphans(self) -> AsyncIterator[list[UUID]]:
        """Objects without a row, older than a day by the store's clock: their upload died."""
        before = datetime.now(UTC) - _ORPHAN_AGE
        async for batch in obstore.list(self._store, f"{_FOLDER}/", chunk_size=_LISTED):
            found = [
                UUID(item["path"].rpartition("/")[2])
                for item in batch
                if item["last_modified"] < before
            ]
            rows = await StoredFile.filter(id__in=found)
            yield sorted(set(found) - {row.id for row in rows})


def _path(file_id: UUID) -> str:
    return f"{_FOLDER}/{file_id}"


def _key_place(file_id: UUID) -> Place:
    return Place(_TABLE, "key", file_id)
