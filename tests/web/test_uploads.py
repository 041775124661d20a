from uuid import uuid4

import httpx
import pytest

from core.models import StoredFile
from tests.core.test_pictures import bomb, photograph, with_place_and_time
from web.uploads import PICTURE_LIMIT, UPLOAD_LIMIT

PDF = {"content-type": "application/pdf"}


@pytest.mark.usefixtures("db")
class TestUploads:
    async def test_a_file_is_kept_and_given_back_to_be_saved(
        self, client: httpx.AsyncClient
    ) -> None:
        content = b"%PDF-1.7 " + bytes(range(256)) * 20_000

        file_id = (await client.post("/files", content=content, headers=PDF)).json()
        reply = await client.get(f"/files/{file_id}")

        assert reply.content == content
        assert reply.headers["content-type"] == "application/pdf"
        assert reply.headers["content-disposition"].startswith("attachment;")
        assert reply.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize(
        ("content", "media_type", "status"),
        [
            (b"<html>", "application/pdf", 422),
            (b"%PD", "application/pdf", 422),
            (b"", "application/pdf", 422),
            (b"%PDF-1.7", "text/html", 422),
            (b"\x89PNG\r\n", "image/png", 422),
            (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "image/png", 422),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", 422),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", 422),
            (b"%PDF-1.7", "image/jpeg", 422),
            (bomb(60_000), "image/png", 422),
            (photograph(form="PNG") + b"x" * PICTURE_LIMIT, "image/png", 422),
            (b"%PDF-1.7" + b"x" * UPLOAD_LIMIT, "application/pdf", 413),
        ],
    )
    async def test_anything_else_is_refused_and_not_kept(
        self, client: httpx.AsyncClient, content: bytes, media_type: str, status: int
    ) -> None:
        headers = {"content-type": media_type}

        reply = await client.post("/files", content=content, headers=headers)

        assert reply.status_code == status
        assert await StoredFile.all().count() == 0

    async def test_a_picture_is_kept_as_we_made_it(self, client: httpx.AsyncClient) -> None:
        """C10: the place where it was taken, and what stood behind it, are not kept."""
        content = with_place_and_time() + b"<script>"

        file_id = (
            await client.post("/files", content=content, headers={"content-type": "image/jpeg"})
        ).json()
        reply = await client.get(f"/files/{file_id}")

        assert reply.headers["content-type"] == "image/jpeg"
        assert reply.content.startswith(b"\xff\xd8\xff")
        assert not [word for word in (b"Exif", b"<script>", b"at home") if word in reply.content]

    async def test_a_file_that_is_not_there_is_not_found(self, client: httpx.AsyncClient) -> None:
        reply = await client.get(f"/files/{uuid4()}")

        assert (reply.status_code, reply.json()["code"]) == (404, "core.file_not_found")
