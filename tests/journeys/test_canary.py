"""What a platform tells us and nobody needs is nowhere afterwards. A02, I9"""

import logging
from base64 import b64decode
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog
from tortoise import connections

from app.logging import configure_logging
from tests.journeys.test_fees import numbers_of
from tests.journeys.town import Town
from tests.journeys.world import Resident, operator, resident, verifier


class _Everything(logging.Handler):
    """Each record as it was made, before anything is blotted out of it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.text = StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        self.text.write(f"{record.getMessage()} {record.__dict__}\n")


@pytest.fixture
def logged() -> Iterator[_Everything]:
    """Logging as a deployment has it at its most talkative, and the records behind it."""
    root, everything = logging.getLogger(), _Everything()
    handlers, level = root.handlers[:], root.level
    configure_logging("debug", stream=everything.text)
    root.addHandler(everything)
    yield everything
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


async def test_no_session_key_and_no_secret_is_answered_stored_cached_or_logged(
    town: Town, logged: _Everything
) -> None:
    person = await live_a_little(town)

    places = {
        "answers": "\n".join(town.said),
        "tables": await dump_tables(),
        "cache": await dump_cache(town),
        "logs": logged.text.getvalue(),
    }

    keys = [row["session_key"] for row in await town.book("logins", provider="wechat")]
    needles = [form for key in keys for form in forms_of(key)] + secrets_of(town)
    assert len(keys) >= 2
    assert not {
        (where, needle) for where in places for needle in needles if needle in places[where]
    }
    assert person.signed_in["access_token"] in places["answers"]  # the search finds what is there
    [login, *_] = await town.book("logins", person=person.key)
    assert login["subject"] in places["tables"]
    assert "limit:" in places["cache"]
    assert "/v1/sessions" in places["logs"]


async def live_a_little(town: Town) -> Resident:
    """Each way in which WeChat and we speak about somebody."""
    window, bus = await operator(town, "hejun"), await verifier(town, "bus-3")
    person = await resident(town, "wang-guilan")
    used = {"provider": "wechat", "code": (await town.book("logins"))[-1]["code"]}
    await Resident(town, person.key).refusal("POST", "/v1/sessions", used)
    refresh = {"refresh_token": person.signed_in["refresh_token"]}
    person.take_up(await person.post("/v1/sessions/refresh", refresh))
    number = await person.phone("wechat/phone-code", {"appid": town.city.wechat_appid})
    await person.put("/v1/me/phone", {"proof": number["code"]})
    await person.allow("缴费成功通知")
    order = await window.issue_fee(person)
    await person.pay(await person.prepare_payment(order))
    [card, *_] = (await person.get("/v1/licences"))["items"]
    path = f"/v1/licences/{card['id']}/presentations"
    await bus.refused_scan((await person.post(path, {"fields": []}))["code"][::-1])
    await town.work()
    assert await numbers_of(order)
    await resident(town, "wang-guilan")
    return person


def forms_of(key: str) -> list[str]:
    """As it is, as its bytes, and as PostgreSQL writes either when they are binary."""
    return [key, b64decode(key).hex(), key.encode().hex(), key.replace("+", "-").replace("/", "_")]


def secrets_of(town: Town) -> list[str]:
    """What the platforms' consoles gave to us in confidence."""
    keys = town.world.keys
    pems = [merchant.private_key_pem for merchant in keys.merchants.values()]
    return [
        keys.wechat_secret,
        *(merchant.apiv3_key for merchant in keys.merchants.values()),
        *(app.aes_key for app in keys.alipay_apps.values()),
        *(machine.secret for machine in keys.machines.values()),
        *(pem.splitlines()[2] for pem in pems),
    ]


async def dump_tables() -> str:
    """Every row of every table as text."""
    query = connections.get("default").execute_query_dict
    tables = await query(
        "SELECT oid::regclass::text AS name FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    rows = [await query(f"SELECT t::text FROM {table['name']} t") for table in tables]  # noqa: S608 -- a table's own name
    return str(rows)


async def dump_cache(town: Town) -> str:
    cache, found = town.parts.cache, list[bytes]()
    async for key in cache.scan_iter():
        kind = await cache.type(key)
        values = [await cache.get(key)] if kind == b"string" else await cache.lrange(key, 0, -1)
        found += [key, *values]
    return "\n".join(part.decode(errors="backslashreplace") for part in found)
