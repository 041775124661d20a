import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

import core.files
from core.errors import NotFound
from core.files import FileStorage, open_store
from core.models import StoredFile
from core.sealing import SealBroken, Vault
from tests.conftest import AT

SECRET = b"330102195006011234"


@pytest.fixture
def storage(tmp_path: Path, vault: Vault) -> FileStorage:
    return FileStorage(open_store(f"file://{tmp_path}/kept"), vault)


async def _chunks(*content: bytes) -> AsyncIterator[bytes]:
    for chunk in content:
        yield chunk


async def _keep(storage: FileStorage, *content: bytes) -> StoredFile:
    return await storage.keep(
        _chunks(*content), owner="party:1", media_type="application/pdf", at=AT
    )


async def _read(storage: FileStorage, file: StoredFile) -> bytes:
    return b"".join([piece async for piece in storage.read(file)])


def _object(tmp_path: Path, file: StoredFile) -> Path:
    return tmp_path / "kept" / "files" / str(file.id)


@pytest.mark.usefixtures("db")
class TestKeep:
    @pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 3 * 65_536, 1_000_003])
    async def test_a_file_comes_back_as_it_went_in(self, storage: FileStorage, size: int) -> None:
        content = bytes(number % 251 for number in range(size))

        file = await _keep(storage, content[: size // 3], content[size // 3 :])

        assert await _read(storage, file) == content
        assert (file.size, file.expires_at) == (size, AT + timedelta(days=90))

    async def test_the_store_sees_nothing_of_the_content(
        self, storage: FileStorage, tmp_path: Path
    ) -> None:
        one, other = await _keep(storage, SECRET * 9000), await _keep(storage, SECRET * 9000)

        first, second = (_object(tmp_path, file).read_bytes() for file in (one, other))
        assert SECRET not in first
        assert first[200:] != second[200:]

    async def test_an_upload_that_breaks_off_leaves_nothing(
        self, storage: FileStorage, tmp_path: Path
    ) -> None:
        async def broken() -> AsyncIterator[bytes]:
            yield b"x" * 200_000
            raise ConnectionError("the phone went away")

        with pytest.raises(ConnectionError):
            await storage.keep(broken(), owner="party:1", media_type="text/plain", at=AT)

        assert await StoredFile.all().count() == 0
        assert os.listdir(tmp_path / "kept" / "files") == []


@pytest.mark.usefixtures("db")
class TestRead:
    async def test_a_file_is_its_owners_alone_and_only_for_its_time(
        self, storage: FileStorage
    ) -> None:
        file = await _keep(storage, b"x")

        assert await storage.get(file.id, owner="party:1", at=AT) == file
        for file_id, owner, at in [
            (file.id, "party:2", AT),
            (uuid4(), "party:1", AT),
            (file.id, "party:1", AT + timedelta(days=90)),
        ]:
            with pytest.raises(NotFound):
                await storage.get(file_id, owner=owner, at=at)

    @pytest.mark.parametrize(
        "damage",
        [
            pytest.param(lambda data: data[:-1], id="cut by a byte"),
            pytest.param(lambda data: data[: -65_552 - 100], id="cut in a piece"),
            pytest.param(lambda data: data[: 97 + 65_552], id="cut between pieces"),
            pytest.param(lambda data: data + b"x", id="longer"),
            pytest.param(lambda data: data[:300] + b"x" + data[301:], id="changed"),
            pytest.param(lambda data: data[:50] + b"x" + data[51:], id="another key"),
            pytest.param(
                lambda data: data[:97] + data[97 + 65_552 : 97 + 131_104] + data[97:65_649],
                id="pieces swapped",
            ),
            pytest.param(lambda data: b"", id="empty"),
            pytest.param(lambda data: b"\xff\xff" + data[2:], id="an absurd head"),
        ],
    )
    async def test_what_was_changed_in_the_store_is_refused(
        self, storage: FileStorage, tmp_path: Path, damage: object
    ) -> None:
        file = await _keep(storage, b"x" * 200_000)
        path = _object(tmp_path, file)
        assert callable(damage)
        path.write_bytes(damage(path.read_bytes()))

        with pytest.raises(SealBroken):
            await _read(storage, file)

    async def test_one_file_put_in_the_place_of_another_is_refused(
        self, storage: FileStorage, tmp_path: Path
    ) -> None:
        mine, other = await _keep(storage, b"mine"), await _keep(storage, b"other")
        _object(tmp_path, mine).write_bytes(_object(tmp_path, other).read_bytes())

        with pytest.raises(SealBroken):
            await _read(storage, mine)


@pytest.mark.usefixtures("db")
async def test_what_is_past_its_time_is_erased_and_the_rest_stays(
    storage: FileStorage, tmp_path: Path
) -> None:
    old, new = await _keep(storage, b"old"), await _keep(storage, b"new")
    await StoredFile.filter(id=new.id).update(expires_at=AT + timedelta(days=900))

    assert await storage.forget_expired(at=AT + timedelta(days=91)) == 1
    assert await storage.forget_expired(at=AT + timedelta(days=91)) == 0

    assert not _object(tmp_path, old).exists()
    assert await _read(storage, new) == b"new"


@pytest.mark.usefixtures("db")
async def test_what_an_upload_that_died_left_is_erased_the_day_after(
    storage: FileStorage, tmp_path: Path
) -> None:
    young, stale = await _keep(storage, b"young"), await _keep(storage, b"stale")
    await StoredFile.all().delete()
    os.utime(_object(tmp_path, stale), (0, 0))

    await storage.forget_expired(at=AT)

    assert _object(tmp_path, young).exists()
    assert not _object(tmp_path, stale).exists()


@pytest.mark.usefixtures("db")
async def test_a_store_of_any_size_is_looked_through_in_pieces(
    storage: FileStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked about all at once, 32,768 files were more than a statement takes."""
    monkeypatch.setattr(core.files, "_LISTED", 2)
    files = [await _keep(storage, b"old") for _ in range(7)]
    for file in files:
        os.utime(_object(tmp_path, file), (0, 0))
    await StoredFile.exclude(id=files[3].id).delete()

    await storage.forget_expired(at=AT)

    assert [file for file in files if _object(tmp_path, file).exists()] == [files[3]]
