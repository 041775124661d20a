"""Every action of residents and the level it needs: the list, the gate, the one refusal."""

from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.commands.openapi import current_document
from app.providers import Parts
from core.sealing import Vault
from identity.kinds import Level
from identity.models import Account
from tests.conftest import AT
from tests.fakes.identity import real_name_account
from web.levels import Levels, load_levels, read_levels
from web.matrix import Audience, MatrixWrong, load_matrix

LEVELS = load_levels()
ROUTES = sorted(load_matrix().routes_of(Audience.RESIDENT))
FREE = {
    "GET /v1/me": Level.NONE,
    "PUT /v1/me/real-name": Level.NONE,
    "GET /v1/home": Level.NONE,
    "POST /v1/me/face-checks": Level.REAL_NAME,
    "GET /v1/licences": Level.REAL_NAME,
}


def test_every_action_of_residents_stands_in_the_list() -> None:
    """Without a line it asks for a real name; that somebody thought about it, the line shows."""
    assert [route for route in ROUTES if not LEVELS.names(route)] == []


def test_the_list_says_what_it_should_of_the_first_steps() -> None:
    assert {route: LEVELS.needed(*route.split(" ", 1)) for route in FREE} == FREE


def test_whoever_is_short_of_a_level_finds_that_in_the_document() -> None:
    """G01: no status that the document does not name."""
    silent = [
        f"{method} {path}"
        for path, operations in current_document()["paths"].items()
        for method, operation in operations.items()
        if any("resident" in scheme for scheme in operation.get("security", ()))
        and load_levels().needed(method.upper(), path) > Level.NONE
        and "403" not in operation["responses"]
    ]

    assert silent == []


def test_a_route_that_nobody_thought_about_asks_for_a_real_name() -> None:
    assert LEVELS.needed("GET", "/v1/new/{id:uuid}") is Level.REAL_NAME


@pytest.mark.parametrize("lines", [{"GET /v1/me": "nonsense"}])
def test_a_level_that_is_none_stops_the_start(lines: dict[str, str]) -> None:
    with pytest.raises(MatrixWrong):
        Levels(lines)


def test_a_route_with_two_levels_stops_the_start() -> None:
    with pytest.raises(MatrixWrong):
        read_levels('"GET /v1/me": face\n"GET /v1/me": none\n')


def test_a_line_about_no_route_of_residents_stops_the_start() -> None:
    with pytest.raises(MatrixWrong):
        Levels({"GET /v1/gone": "none"}).check(ROUTES)


async def sign_in(client: httpx.AsyncClient) -> None:
    body = {"provider": "wechat", "code": "openid-wang"}
    token = (await client.post("/v1/sessions", json=body)).json()["access_token"]
    client.headers["authorization"] = f"Bearer {token}"


def paths(route: str) -> tuple[str, str]:
    """A request that the gate sees first: what is behind it does not matter."""
    method, path = route.split(" ", 1)
    parts = [
        "00000000-0000-7000-8000-000000000000" if "{" in part else part for part in path.split("/")
    ]
    return method, "/".join(parts)


async def refusals(client: httpx.AsyncClient, held: Level) -> dict[str, Any]:
    """The details of the one refusal, for every route that needs more than is held."""
    told = {}
    for route in ROUTES:
        if LEVELS.needed(*route.split(" ", 1)) > held:
            method, path = paths(route)
            reply = await client.request(method, path, json={})
            problem = reply.json()
            told[route] = (reply.status_code, problem["code"], problem.get("details"))
    return told


async def test_who_only_signed_in_gets_one_code_that_names_the_next_step(
    client: httpx.AsyncClient, app: Litestar
) -> None:
    await sign_in(client)

    told = await refusals(client, Level.NONE)

    assert len(told) > 20
    for route, answer in told.items():
        needed = LEVELS.needed(*route.split(" ", 1))
        details = {"needed": int(needed), "step": "phone" if needed is Level.PHONE else "real_name"}
        assert answer == (403, "identity.real_name_required", details), route


async def test_a_face_that_is_too_old_is_a_real_name_again(
    client: httpx.AsyncClient, parts: Parts, vault: Vault
) -> None:
    account = await real_name_account(
        name="王桂兰", id_number="330100195103089023", vault=vault, subject="openid-wang"
    )
    await Account.filter(id=account.id).update(level=int(Level.FACE), face_at=AT.replace(year=2020))
    await sign_in(client)

    assert (await client.get("/v1/me")).json()["level"] == 2
