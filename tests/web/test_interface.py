"""Rules for every route of the real application, kept by the matrix and the document."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from app.asgi import create_app
from app.development import throwaway_variables
from app.settings import load_settings
from web import body
from web.errors import STATUS
from web.limiter import RULES
from web.matrix import METHODS, Audience, load_matrix, route_keys
from web.openapi import describe

ROOT = Path(__file__).parents[2]
HTTP_PACKAGES = ("web", "miniprogram_api", "operator_api", "agency_api")


@pytest.fixture(scope="module")
def app() -> Litestar:
    """The whole product, put together as it is served; it reaches nobody."""
    return create_app(load_settings(throwaway_variables()))


@pytest.fixture(scope="module")
def document(app: Litestar) -> dict[str, Any]:
    return describe(app, load_matrix())


@pytest.fixture
def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def _handlers(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    if method != "OPTIONS":
                        yield f"{method} {route.path_format}", handler


class TestMatrix:
    def test_every_route_has_its_line_and_every_line_its_route(self, app: Litestar) -> None:
        load_matrix().check(app.routes)

    def test_only_methods_that_mini_programs_have_are_used(self, app: Litestar) -> None:
        assert {key.split()[0] for key in route_keys(app.routes)} <= METHODS

    @pytest.mark.parametrize("token", [None, "Bearer x.y.z", "Basic YTpi"])
    async def test_whoever_is_not_signed_in_gets_a_401_everywhere_else(
        self, app: Litestar, token: str | None
    ) -> None:
        closed = [key for key in route_keys(app.routes) if not _is_open(key)]
        headers = {"authorization": token} if token else {}
        address = f"203.0.113.{len(token or '')}"  # of its own: who fails too often has to wait
        transport = httpx.ASGITransport(app, False, client=(address, 4711))

        async with httpx.AsyncClient(transport=transport, base_url="https://zb.test") as client:
            for key in closed:
                if token != "Bearer x.y.z" or not _is_for_operators(key):
                    method, path = key.split(" ", 1)
                    reply = await client.request(method, _filled(path), headers=headers)
                    assert (key, reply.status_code) == (key, 401)

        assert closed


class TestDocument:
    def test_every_operation_is_described_in_chinese(
        self, operations: dict[str, dict[str, Any]]
    ) -> None:
        lacking = {
            key: [part for part in ("summary", "description") if not _chinese(operation, part)]
            for key, operation in operations.items()
        }

        assert {key: parts for key, parts in lacking.items() if parts} == {}
        assert [key for key, operation in operations.items() if not operation.get("tags")] == []

    def test_every_operation_has_a_name_of_its_own(
        self, operations: dict[str, dict[str, Any]]
    ) -> None:
        names = [operation["operationId"] for operation in operations.values()]

        assert sorted(names) == sorted(set(names))

    def test_every_body_that_is_read_is_described(
        self, operations: dict[str, dict[str, Any]]
    ) -> None:
        bodies = {
            key: set(operation["requestBody"]["content"])
            for key, operation in operations.items()
            if "requestBody" in operation
        }

        assert bodies["POST /callbacks/wechat-pay/{mchid}"] == {"application/json"}
        assert bodies["POST /callbacks/alipay/{app_id}"] == {"application/x-www-form-urlencoded"}
        assert bodies["POST /callbacks/wechat-push/{appid}"] == {"application/json"}
        assert [key for key in operations if key.startswith("PUT ") and key not in bodies] == []

    def test_every_body_has_an_example_that_the_route_would_take(self, app: Litestar) -> None:
        for key, handler in _handlers(app):
            field = handler.parsed_data_field
            if field is not None:
                assert (key, "example" in handler.opt) == (key, True)
                body.decode(msgspec.json.encode(handler.opt["example"]), field.annotation)

    def test_every_refusal_that_a_route_declares_has_a_status(self, app: Litestar) -> None:
        for key, handler in _handlers(app):
            for error in handler.opt.get("errors", ()):
                assert (key, any(issubclass(error, kind) for kind in STATUS)) == (key, True)

    def test_every_limit_that_a_route_names_has_a_rule(self, app: Litestar) -> None:
        for key, handler in _handlers(app):
            assert (key, handler.opt.get("limit") in {*RULES, None}) == (key, True)

    def test_every_list_is_a_page_that_can_grow(
        self, document: dict[str, Any], operations: dict[str, dict[str, Any]]
    ) -> None:
        """Nothing can be added beside a bare array, a way to the next page least of all."""
        answered = {
            key: _answer(document, operation)
            for key, operation in operations.items()
            if key.startswith("GET ")
        }
        lists = {key for key, schema in answered.items() if "items" in schema.get("properties", {})}

        assert [key for key, schema in answered.items() if schema.get("type") == "array"] == []
        assert {"GET /v1/sessions", "GET /v1/me/parties", "GET /v1/policies"} <= lists
        assert [key for key in lists if "next_cursor" not in answered[key]["required"]] == []

    def test_every_problem_is_documented_as_one(
        self, operations: dict[str, dict[str, Any]]
    ) -> None:
        for key, operation in operations.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400 and not key.startswith("GET /health"):
                    assert "application/problem+json" in response["content"], (key, status)


def test_every_pattern_ends_where_the_text_ends() -> None:
    """`$` lets a line break through; `\\Z` does not."""
    loose = [
        f"{path.relative_to(ROOT)}: {pattern}"
        for package in HTTP_PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for pattern in re.findall(r"pattern=r?[\"'](.*?)[\"']", path.read_text())
        if not pattern.endswith("\\Z")
    ]

    assert loose == []


def _is_open(key: str) -> bool:
    access = load_matrix().find(*key.split(" ", 1))
    return access is not None and access.audience is Audience.ANYONE


def _is_for_operators(key: str) -> bool:
    access = load_matrix().find(*key.split(" ", 1))
    return access is not None and access.audience is Audience.OPERATOR


def _filled(path: str) -> str:
    """A path that the route takes: ids where ids stand."""
    with_ids = re.sub(r"\{\w*id\}", "01900000-0000-7000-8000-000000000000", path)
    return re.sub(r"\{(\w+)\}", r"\1", with_ids.replace("{number}", "1"))


def _answer(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """The schema of what comes when all is well; nothing for what is not JSON."""
    content = operation["responses"]["200"].get("content", {}).get("application/json", {})
    schema: dict[str, Any] = content.get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def _chinese(operation: dict[str, Any], part: str) -> bool:
    return re.search("[一-鿿]", operation.get(part, "")) is not None
