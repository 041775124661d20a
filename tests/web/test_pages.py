import httpx
import pytest

from core.signing import Signer
from tests.web import sample
from web.pages import BadCursor, Pages


async def test_pages_give_every_item_once_and_then_end(client: httpx.AsyncClient) -> None:
    seen, cursor = [], ""
    for _ in range(3):
        reply = await client.get(f"/things?limit=3{cursor}")
        seen += [item["id"] for item in reply.json()["items"]]
        cursor = f"&cursor={reply.json()['next_cursor']}"

    assert seen == [str(row.id) for row in sample.ROWS]
    assert reply.json()["next_cursor"] is None


@pytest.mark.parametrize("cursor", ["x", "", "ÿ", "A" * 64, "A" * 300, "../../etc/passwd", "%0A"])
async def test_a_cursor_that_we_did_not_make_is_a_400(
    client: httpx.AsyncClient, cursor: str
) -> None:
    reply = await client.get("/things", params={"cursor": cursor})

    assert reply.status_code == 400


async def test_a_changed_cursor_is_a_400(client: httpx.AsyncClient) -> None:
    cursor = (await client.get("/things?limit=3")).json()["next_cursor"]

    reply = await client.get("/things", params={"cursor": "B" + cursor[1:]})

    assert (reply.status_code, reply.json()["code"]) == (400, "web.bad_cursor")


def test_a_cursor_of_one_list_does_not_open_another() -> None:
    pages = Pages(Signer([b"key"], purpose="page cursor"))
    page = pages.page(sample.ROWS, str, limit=2, of="messages:1")

    assert pages.after(page.next_cursor, of="messages:1") == sample.ROWS[1].id
    with pytest.raises(BadCursor):
        pages.after(page.next_cursor, of="messages:2")
