from uuid import uuid4

import httpx
import pytest

from core.models import StoredFile
from web.uploads import UPLOAD_LIMIT

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

    async def test_a_file_that_is_not_there_is_not_found(self, client: httpx.AsyncClient) -> None:
        reply = await client.get(f"/files/{uuid4()}")

        assert (reply.status_code, reply.json()["code"]) == (404, "core.file_not_found")
