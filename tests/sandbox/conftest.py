import json
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from sandbox.asgi import create_app
from sandbox.city import Person, read_city
from sandbox.clock import Clock
from sandbox.console import write_console
from sandbox.keys import open_keys
from sandbox.world import World, open_world
from tests.sandbox.peers import AlipayClient, Machine, Merchant

CITY = Path(__file__).with_name("city")
APPID, APP_ID, MCHID = "wx0123456789abcdef", "2021000000000001", "1900000001"
CERTIFIED_APP_ID = "2021000000000002"


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with keys in it; making them is what takes time."""
    state = tmp_path_factory.mktemp("keys")
    city = read_city(CITY)
    write_console(state, city, open_keys(state, city))
    return state


@pytest.fixture
def state(made_keys: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made_keys, tmp_path / "state"))


@pytest.fixture
def world(state: Path) -> Iterator[World]:
    world = open_world(state, CITY, clock=Clock())
    yield world
    world.book.close()


@pytest.fixture
def console(state: Path) -> dict[str, Any]:
    return dict(json.loads((state / "console.json").read_text()))


@pytest.fixture
def app(world: World) -> Litestar:
    return create_app(world, delivers=False)


@pytest.fixture
async def http(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client


@pytest.fixture
def merchant(http: httpx.AsyncClient, console: dict[str, Any]) -> Merchant:
    return Merchant(http, console, MCHID)


@pytest.fixture
def alipay(http: httpx.AsyncClient, console: dict[str, Any], world: World) -> AlipayClient:
    return AlipayClient(http, console["alipay"], world.clock)


@pytest.fixture
def certified(http: httpx.AsyncClient, console: dict[str, Any], world: World) -> AlipayClient:
    """An application in certificate mode."""
    app = next(app for app in console["alipay"]["apps"] if app["app_id"] == CERTIFIED_APP_ID)
    return AlipayClient(http, app, world.clock)


@pytest.fixture
def bank(http: httpx.AsyncClient, console: dict[str, Any]) -> Machine:
    return Machine(http, console["bank"], "/bank")


@pytest.fixture
def wang(world: World) -> Person:
    return world.city.people["wang-guilan"]


@pytest.fixture
def li(world: World) -> Person:
    return world.city.people["li-qiang"]


def later(world: World, **time: float) -> None:
    """Move the outside world's clock."""
    world.clock.offset += timedelta(**time)
