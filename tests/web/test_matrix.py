"""F03: every route × every role, made from the route list, equals the table."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
import yaml
from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from msgspec.structs import replace
from redis.asyncio import Redis

from app.asgi import create_app
from app.development import throwaway_variables
from app.settings import load_settings
from core.clock import now
from core.errors import DomainError
from core.ids import new_id
from identity.callers import Caller, MachineCaller, OperatorCaller, VerifierCaller
from identity.kinds import Level, Role
from identity.machine_clients import MachineScope
from tests.web import sample
from web.auth import (
    AnyCaller,
    AnyConnection,
    Gatekeeper,
    Passage,
    RoleRequired,
    ScopeRequired,
    SignInRequired,
    StepUpRequired,
    bearer_token,
)
from web.levels import load_levels
from web.limiter import Limiter
from web.matrix import Audience, load_matrix, route_key

TABLE: dict[str, list[str]] = yaml.safe_load(files("web").joinpath("matrix.yaml").read_text())
"""Read here without the code that serves it."""

SCOPES = [str(scope) for scope in MachineScope]
WHO = ["resident", "verifier", "machine", *SCOPES, *(str(role) for role in Role)]


class UnlimitedLimiter(Limiter):
    """Counts nothing: this is about who may, not how often."""

    async def hit(self, action: str, key: str, *, reading: str | None = None) -> bytes | None:
        return None


def caller(who: str) -> AnyCaller:
    """Somebody with this role and no other, known as well as can be."""
    known = sample.CALLERS
    if who in known:
        found = known[Audience(who)]
        if isinstance(found, Caller):
            return replace(found, level=int(Level.FACE), person_id=new_id())
        return replace(found, scopes=frozenset()) if isinstance(found, MachineCaller) else found
    if who in SCOPES:
        machine = known[Audience.MACHINE]
        assert isinstance(machine, MachineCaller)
        return replace(machine, scopes=frozenset({who}))
    operator = known[Audience.OPERATOR]
    assert isinstance(operator, OperatorCaller)
    return replace(operator, roles=frozenset({who}), proved_at=None)


def audience_of(found: AnyCaller) -> Audience:
    return {
        Caller: Audience.RESIDENT,
        VerifierCaller: Audience.VERIFIER,
        MachineCaller: Audience.MACHINE,
        OperatorCaller: Audience.OPERATOR,
    }[type(found)]


def gatekeeper(found: AnyCaller | None) -> Gatekeeper:
    """The real one, with the real matrix, at doors that know one caller."""

    def door(audience: Audience) -> Any:
        async def enter(connection: AnyConnection, at: datetime, _: Passage) -> AnyCaller:
            bearer_token(connection)
            if found is None or audience_of(found) is not audience:
                raise SignInRequired()
            return found

        return enter

    doors = {audience: door(audience) for audience in Audience if audience != Audience.ANYONE}
    limiter = UnlimitedLimiter(Redis.from_url("redis://127.0.0.1:1"))
    return Gatekeeper(load_matrix(), doors, limiter, levels=load_levels())


@pytest.fixture(scope="module")
def app() -> Litestar:
    return create_app(load_settings(throwaway_variables()))


def routes(app: Litestar) -> Iterator[tuple[str, HTTPRoute, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in sorted(handler.http_methods - {"OPTIONS"}):
                    yield str(method), route, handler


async def outcome(
    found: AnyCaller | None, app: Litestar, method: str, route: HTTPRoute, handler: HTTPRouteHandler
) -> type[DomainError] | None:
    scope: Any = {
        "type": "http",
        "method": method,
        "path": route.path,
        "path_template": route.path_format,
        "headers": [(b"authorization", b"Bearer somebody")],
        "client": ("203.0.113.1", 1),
        "litestar_app": app,
        "query_string": b"",
    }
    try:
        await gatekeeper(found)(ASGIConnection(scope), handler)
    except DomainError as refused:
        return type(refused)
    return None


def expected(allowed: list[str], who: str | None) -> set[type[DomainError] | None]:
    """What the table says of somebody with one role."""
    roles = set(allowed)
    if "anyone" in roles:
        return {None}
    if roles <= {"resident", "verifier", "machine"}:
        machines = {"machine"} if who in SCOPES else set()
        return {None} if ({who} | machines) & roles else {SignInRequired}
    if roles <= set(SCOPES):
        if who == "machine" or who in SCOPES:
            return {None} if who in roles else {ScopeRequired}
        return {SignInRequired}
    if who not in {str(role) for role in Role}:
        return {SignInRequired}
    if who not in roles:
        return {RoleRequired}
    return {StepUpRequired} if "step_up" in roles else {None}


@pytest.mark.parametrize("who", [None, *WHO])
async def test_each_role_may_call_what_the_table_says_and_nothing_else(
    who: str | None, app: Litestar
) -> None:
    found = None if who is None else caller(who)

    wrong = [
        key
        for method, route, handler in routes(app)
        if (key := route_key(method, route.path)) in TABLE
        and await outcome(found, app, method, route, handler) not in expected(TABLE[key], who)
    ]

    assert wrong == []


def test_no_route_is_without_a_line(app: Litestar) -> None:
    assert {route_key(method, route.path) for method, route, _ in routes(app)} == set(TABLE)


async def test_who_stands_in_may_what_was_lent_and_no_more(app: Litestar) -> None:
    """The editor who stands in for a finance officer is for that time no editor."""
    acting = caller("finance")
    assert isinstance(acting, OperatorCaller)
    lent = replace(acting, behalf_of=new_id(), behalf_person_id=new_id())

    for method, route, handler in routes(app):
        allowed = TABLE[route_key(method, route.path)]
        got = await outcome(lent, app, method, route, handler)
        assert got in expected(allowed, "finance"), (method, route.path)


async def test_a_step_up_is_asked_for_again_after_five_minutes(app: Litestar) -> None:
    publisher = caller("publisher")
    assert isinstance(publisher, OperatorCaller)
    (line,) = [
        found for found in routes(app) if found[1].path_format.endswith("/{number}/publications")
    ]

    fresh = replace(publisher, proved_at=now() - timedelta(minutes=4))
    stale = replace(publisher, proved_at=now() - timedelta(minutes=6))

    assert await outcome(fresh, app, *line) is None
    assert await outcome(stale, app, *line) is StepUpRequired
