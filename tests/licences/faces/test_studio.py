import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from licences.faces.face import Face
from licences.faces.painting import paint
from licences.faces.samples import samples
from licences.faces.studio import FaceBusy, FaceNotDrawn, Studio


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    studio = Studio(most_waiting=3)
    yield studio
    await studio.close()


def environment_of(process_id: int | None) -> bytes:
    return Path(f"/proc/{process_id}/environ").read_bytes()


@pytest.fixture(scope="module")
def face() -> Face:
    return next(one for one in samples() if one.licence_type == "elder-card")


async def test_a_face_comes_back_as_it_is_drawn_here(studio: Studio, face: Face) -> None:
    assert await studio.paint(face) == paint(face)


async def test_each_asker_gets_its_own(studio: Studio, face: Face) -> None:
    faces = [msgspec.structs.replace(face, watermark=f"仅用于{number}") for number in range(3)]

    drawn = await asyncio.gather(*(studio.paint(one) for one in faces))

    assert drawn == [paint(one) for one in faces]


async def test_who_comes_when_too_many_wait_is_told_to_come_back(
    studio: Studio, face: Face
) -> None:
    told = await asyncio.gather(*(studio.paint(face) for _ in range(5)), return_exceptions=True)

    assert sum(isinstance(one, FaceBusy) for one in told) == 2
    assert not studio.full


async def test_a_killed_process_is_replaced(studio: Studio, face: Face) -> None:
    await studio.paint(face)
    os.kill(studio.process_id or 0, signal.SIGKILL)

    told = await asyncio.gather(studio.paint(face), return_exceptions=True)

    assert isinstance(told[0], bytes | FaceBusy)
    assert await studio.paint(face) == paint(face)


async def test_nobody_gets_the_answer_of_somebody_who_went_away(studio: Studio, face: Face) -> None:
    await studio.paint(face)
    gone = asyncio.create_task(studio.paint(msgspec.structs.replace(face, watermark="别人的")))
    await asyncio.sleep(0.001)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)

    assert await studio.paint(face) == paint(face)


async def test_one_that_does_not_answer_in_time_is_ended(face: Face) -> None:
    studio = Studio(seconds=0.0)

    with pytest.raises(FaceBusy):
        await studio.paint(face)

    assert studio.process_id is None
    await studio.close()


async def test_a_face_that_breaks_the_renderer_breaks_no_other(studio: Studio, face: Face) -> None:
    with pytest.raises(FaceNotDrawn):
        await studio.paint(msgspec.structs.replace(face, form="of no kind"))

    assert await studio.paint(face) == paint(face)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux shows it")
async def test_the_process_knows_none_of_the_servers_secrets(
    studio: Studio, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZB_KEK", "a secret of the server")

    await studio.paint(face)

    assert b"ZB_" not in environment_of(studio.process_id)
