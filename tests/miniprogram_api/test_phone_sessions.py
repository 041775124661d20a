"""Signing in to the app by a number, over HTTP: how often, and who is counted."""

from collections.abc import AsyncIterator

import httpx
import pytest
from msgspec.structs import replace

from app.asgi import create_app
from app.providers import Parts
from identity.phone_codes import SmsLines
from tests.deployment import make_settings
from tests.identity.test_phone_codes import Supplier
from web.limiter import Limiter

PHONE = "15401991001"
OWN, FOREIGN = "own-device-0123456789", "foreign-device-0123456789"


@pytest.fixture
def supplier() -> Supplier:
    return Supplier()


@pytest.fixture
async def client(db: None, parts: Parts, supplier: Supplier) -> AsyncIterator[httpx.AsyncClient]:
    """Nobody signed in, where texts are sent."""
    app = create_app(make_settings(), replace(parts, sms_lines=SmsLines([supplier])))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://zb.test") as client:
        yield client


async def ask(client: httpx.AsyncClient, device_id: str | None = None) -> httpx.Response:
    body = {"phone": PHONE} | ({"device_id": device_id} if device_id else {})
    return await client.post("/v1/phone-codes", json=body)


async def test_who_asks_for_codes_of_a_number_all_day_does_not_shut_its_owner_out(
    client: httpx.AsyncClient, parts: Parts, supplier: Supplier
) -> None:
    """A13: the owner's own device is known, and has a count of its own."""
    challenge = (await ask(client, OWN)).json()["challenge_id"]
    given = {"challenge_id": challenge, "phone": PHONE, "code": supplier.code}
    entered = await client.post("/v1/sessions/phone", json=given | {"device": {"id": OWN}})
    for _ in range(9):
        await Limiter(parts.cache).hit("phone_code_day", PHONE)

    refused = [await ask(client), await ask(client, FOREIGN)]
    owners = [await ask(client, OWN) for _ in range(2)]

    assert entered.status_code == 201, entered.text
    assert [reply.status_code for reply in refused] == [429, 429]
    assert [reply.status_code for reply in owners] == [201, 429]
