"""Our two SMS clients at the suppliers that the sandbox plays."""

from typing import Any

import httpx
import pytest
from litestar import Litestar

from core.wire.hmac_api import HmacApi
from core.wire.sms import FormSms, JsonSms, NumberBusy, NumberRefused, SmsLine, SmsRefused
from sandbox.city import Person
from sandbox.world import World

SUPPLIERS = ("sms_json", "sms_form")


def line(supplier: str, console: dict[str, Any], app: Litestar, **changed: str) -> SmsLine:
    given = console["sms"][supplier] | changed
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"http://sandbox/sms/{supplier[4:]}"
    )
    if supplier == "sms_form":
        return FormSms(
            client,
            account=given["app_key"],
            secret=given["secret"],
            sign_name=given["sign_name"],
        )
    api = HmacApi(client, app_key=given["app_key"], secret=given["secret"].encode())
    return JsonSms(api, sign_name=given["sign_name"])


def sent(world: World) -> list[tuple[str, str]]:
    return [(row["phone"], row["text"]) for row in world.book.rows("SELECT * FROM sms_messages")]


@pytest.mark.parametrize("supplier", SUPPLIERS)
async def test_a_message_is_taken(
    supplier: str, app: Litestar, console: dict[str, Any], world: World, wang: Person
) -> None:
    await line(supplier, console, app).send(wang.phone, "您好", number="S-1")

    assert sent(world) == [(wang.phone, "【临溪政务】您好")]


@pytest.mark.parametrize(("supplier", "times"), [("sms_json", 1), ("sms_form", 0)])
async def test_who_knows_repeats_sends_once(
    supplier: str, times: int, app: Litestar, console: dict[str, Any], world: World, wang: Person
) -> None:
    """What the contract of each says: the other one would send again, and is held by its rate."""
    ours = line(supplier, console, app)
    await ours.send(wang.phone, "您好", number="S-1")

    if times:
        await ours.send(wang.phone, "您好", number="S-1")
    else:
        with pytest.raises(NumberBusy, match="-7"):
            await ours.send(wang.phone, "您好", number="S-1")

    assert len(sent(world)) == 1


@pytest.mark.parametrize("supplier", SUPPLIERS)
async def test_a_wrong_number_is_refused(
    supplier: str, app: Litestar, console: dict[str, Any], world: World
) -> None:
    with pytest.raises(NumberRefused):
        await line(supplier, console, app).send("23900000001", "您好", number="S-1")

    assert sent(world) == []


async def test_a_wrong_key_is_refused_by_the_form(
    app: Litestar, console: dict[str, Any], wang: Person
) -> None:
    with pytest.raises(SmsRefused, match="-1"):
        await line("sms_form", console, app, secret="another").send(wang.phone, "您好", number="S")
