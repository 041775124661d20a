from datetime import datetime, timedelta

import httpx
import pytest
from litestar import Litestar, get
from msgspec.structs import replace
from redis.asyncio import Redis

from core.ids import new_id
from identity.callers import Caller
from tests.web import sample
from web.auth import AnyCaller, AnyConnection, Passage
from web.limiter import RULES, Rule
from web.matrix import Audience, Matrix, MatrixWrong, load_matrix, route_keys

ROUTES = {
    "/mine": "resident",
    "/checks": "verifier",
    "/desk": "operator",
    "/feed": "machine",
}


def _from(address: str, app: Litestar) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 4711))
    return httpx.AsyncClient(transport=transport, base_url="https://zb.test")


def _as(audience: str) -> dict[str, str]:
    return {"authorization": f"Bearer {audience}"}


class TestSignedIn:
    @pytest.mark.parametrize("path", ROUTES)
    @pytest.mark.parametrize("audience", ROUTES.values())
    async def test_a_token_opens_the_routes_of_its_audience_only(
        self, client: httpx.AsyncClient, path: str, audience: str
    ) -> None:
        reply = await client.get(path, headers=_as(audience))

        assert reply.status_code == (200 if ROUTES[path] == audience else 401)

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic resident", "resident"])
    async def test_without_a_token_nobody_passes(
        self, client: httpx.AsyncClient, header: str
    ) -> None:
        reply = await client.get("/mine", headers={"authorization": header})

        assert (reply.status_code, reply.json()["code"]) == (401, "web.not_signed_in")
        assert reply.headers["www-authenticate"] == "Bearer"

    async def test_an_operator_needs_a_role_of_the_route(self, client: httpx.AsyncClient) -> None:
        reply = await client.post("/policies", headers=_as("operator"))

        assert (reply.status_code, reply.json()["code"]) == (403, "web.role_required")
        assert reply.json()["details"] == {"roles": ["publisher"]}

    async def test_a_program_needs_a_scope_of_the_route(self, client: httpx.AsyncClient) -> None:
        reply = await client.post("/feed", headers=_as("machine"))

        assert (reply.status_code, reply.json()["code"]) == (403, "web.scope_required")
        assert reply.json()["details"] == {"scopes": ["licences:take"]}

    async def test_what_is_worth_most_needs_a_code_of_the_last_minutes(
        self, client: httpx.AsyncClient
    ) -> None:
        reply = await client.post("/exports", headers=_as("operator"))

        assert (reply.status_code, reply.json()["code"]) == (403, "web.step_up_required")
        assert reply.json()["details"] == {"step": "totp"}

    async def test_a_stranger_is_turned_away_before_the_body_is_read(
        self, client: httpx.AsyncClient
    ) -> None:
        reply = await client.post("/policies", content=b"[" * 100_000)

        assert reply.status_code == 401


async def test_a_limit_counts_an_account_however_many_parties_it_acts_for(cache: Redis) -> None:
    async def acting(connection: AnyConnection, at: datetime, passage: Passage) -> AnyCaller:
        caller = sample.CALLERS[Audience.RESIDENT]
        assert isinstance(caller, Caller)
        assert passage.read_for is not None
        await passage.read_for(caller.account_id, "session")
        return replace(caller, person_id=caller.account_id, party_id=new_id())

    rules = {**RULES, "read": Rule(2, timedelta(minutes=1), "local")}
    doors = {**sample.DOORS, Audience.RESIDENT: acting}
    transport = httpx.ASGITransport(sample.make_app(cache, rules=rules, doors=doors))
    async with httpx.AsyncClient(transport=transport, base_url="https://zb.test") as client:
        replies = [await client.get("/mine") for _ in range(3)]

    assert [reply.status_code for reply in replies] == [200, 200, 429]


class TestFailingAtADoor:
    async def test_whoever_fails_at_the_doors_too_often_has_to_wait(self, cache: Redis) -> None:
        rules = {**RULES, "refused": Rule(4, timedelta(minutes=1), "local")}
        app = sample.make_app(cache, rules=rules)
        async with _from("203.0.113.1", app) as guesser, _from("203.0.113.2", app) as other:
            guesses = [await guesser.get(path, headers=_as(f"x{path}")) for path in ROUTES]
            guesses += [await guesser.get("/desk")]
            owner = await guesser.get("/desk", headers=_as("operator"))
            elsewhere = await other.get("/checks")

        assert [reply.status_code for reply in guesses] == [401] * 4 + [429]
        assert guesses[-1].json()["code"] == "web.too_many_requests"
        assert int(guesses[-1].headers["retry-after"]) <= 60
        assert (owner.status_code, elsewhere.status_code) == (200, 401)

    async def test_a_dead_cache_lets_nobody_guess_without_end(self) -> None:
        rules = {**RULES, "refused": Rule(2, timedelta(minutes=1), "local")}
        nowhere = Redis.from_url("redis://127.0.0.1:1/0")
        async with nowhere, _from("203.0.113.1", sample.make_app(nowhere, rules=rules)) as guesser:
            replies = [await guesser.get("/desk") for _ in range(3)]

        assert [reply.status_code for reply in replies] == [401, 401, 429]


class TestMatrix:
    async def test_a_route_without_a_line_answers_nobody(self, app: Litestar) -> None:
        @get("/forgotten")
        async def forgotten() -> str:
            return "secret"

        app.register(forgotten)

        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="https://zb.test") as client:
            reply = await client.get("/forgotten")
        assert (reply.status_code, reply.json()["code"]) == (404, "web.not_found")

    def test_a_route_without_a_line_stops_the_start(self, app: Litestar) -> None:
        lines = {line: roles for line, roles in sample.LINES.items() if line != "GET /mine"}

        with pytest.raises(MatrixWrong, match=r"without a line: \['GET /mine'\]"):
            Matrix(lines).check(app.routes)

    def test_a_line_without_a_route_stops_the_start(self, app: Litestar) -> None:
        with pytest.raises(MatrixWrong, match=r"without a route: \['GET /gone'\]"):
            Matrix(sample.LINES | {"GET /gone": ["anyone"]}).check(app.routes)

    def test_every_route_with_its_line_starts(self, app: Litestar) -> None:
        Matrix(sample.LINES).check(app.routes)

        assert set(route_keys(app.routes)) == set(sample.LINES)

    @pytest.mark.parametrize(
        ("line", "roles"),
        [
            ("GET /x", []),
            ("GET /x", ["king"]),
            ("GET /x", ["anyone", "resident"]),
            ("GET /x", ["resident", "editor"]),
            ("GET /x", ["operator"]),
            ("PATCH /x", ["anyone"]),
            ("GET x", ["anyone"]),
        ],
    )
    def test_a_line_that_makes_no_sense_is_refused(self, line: str, roles: list[str]) -> None:
        with pytest.raises(MatrixWrong):
            Matrix({line: roles})

    def test_the_matrix_of_this_build_makes_sense(self) -> None:
        assert load_matrix().find("GET", "/openapi.json") is not None
