from collections.abc import AsyncIterator
from io import BytesIO
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from app.providers import Parts
from core.clock import now
from core.files import FileStorage
from core.sealing import Vault
from identity.models import Account
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from licences.models import FaceLink, Licence
from tests.core.test_pictures import photograph
from tests.fakes.identity import FakeProvider
from tests.licences import make


@pytest.fixture
async def wang(
    client: httpx.AsyncClient, issuer: TokenIssuer, vault: Vault, parts: Parts
) -> AsyncIterator[httpx.AsyncClient]:
    person = await make.person(vault)
    await Account.create(
        provider="wechat", appid="wx-1", subject="openid-wang", person=person, level=2
    )
    await make.licence(vault, person.id)
    signed_in = await log_in("openid-wang", provider=FakeProvider(), issuer=issuer, at=now())
    client.headers["authorization"] = f"Bearer {signed_in.access_token}"
    yield client
    await parts.studio.close()


async def _ask(wang: httpx.AsyncClient, **wanted: str) -> httpx.Response:
    licence = await Licence.get()
    return await wang.post(f"/v1/licences/{licence.id}/faces", json=wanted)


async def _fetch(wang: httpx.AsyncClient, url: str) -> httpx.Response:
    """As an image tag does: without a token."""
    without = {key: value for key, value in wang.headers.items() if key != "authorization"}
    request = httpx.Request("GET", f"https://zb.test{urlsplit(url).path}", headers=without)
    return await wang.send(request)


async def test_an_image_tag_gets_the_picture_and_nobody_keeps_it(wang: httpx.AsyncClient) -> None:
    asked = await _ask(wang, form="card")

    reply = await _fetch(wang, asked.json()["url"])

    assert (asked.status_code, asked.json()["masked"]) == (201, True)
    assert asked.json()["url"].startswith("https://zb.test/v1/faces/")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/png")
    assert reply.headers["cache-control"] == "no-store"
    assert "set-cookie" not in reply.headers
    with Image.open(BytesIO(reply.content)) as image:
        assert image.size == (720, 454)


async def test_the_large_form_is_taller_than_wide(wang: httpx.AsyncClient) -> None:
    url = (await _ask(wang, form="large", purpose="show_to_staff")).json()["url"]

    reply = await _fetch(wang, url)

    with Image.open(BytesIO(reply.content)) as image:
        assert image.height > image.width


async def test_a_link_that_is_over_looks_like_one_that_never_was(wang: httpx.AsyncClient) -> None:
    url = (await _ask(wang)).json()["url"]
    await FaceLink.all().update(expires_at=now())

    replies = [await _fetch(wang, each) for each in (url, url[:-1], "https://zb.test/v1/faces/x")]

    assert {(reply.status_code, reply.json()["code"]) for reply in replies} == {
        (404, "licences.face_gone")
    }


async def test_the_registrys_portrait_is_on_it(
    wang: httpx.AsyncClient, parts: Parts, vault: Vault
) -> None:
    without = await _fetch(wang, (await _ask(wang)).json()["url"])
    storage = FileStorage(parts.file_store, vault)

    async def content() -> AsyncIterator[bytes]:
        yield photograph(size=(300, 400))

    file = await storage.keep(content(), owner="tests", media_type="image/jpeg", at=now())
    await Licence.all().update(portrait_id=file.id)

    shown = await _fetch(wang, (await _ask(wang)).json()["url"])

    with Image.open(BytesIO(shown.content)) as image:
        red, green, blue = image.convert("RGB").getpixel((600, 228))
    assert abs(red - 0x33) + abs(green - 0x66) + abs(blue - 0x99) < 60
    assert shown.content != without.content


@pytest.mark.parametrize(
    "wanted", [{"form": "poster"}, {"used_for": "长" * 21}, {"purpose": "fun"}, {"other": "x"}]
)
async def test_what_nobody_offered_is_refused(
    wang: httpx.AsyncClient, wanted: dict[str, str]
) -> None:
    assert (await _ask(wang, **wanted)).status_code == 400
