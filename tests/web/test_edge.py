"""Row G03, the bounds of a request; and what every answer carries."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

JSON = {"content-type": "application/json"}


class TestBounds:
    @pytest.mark.parametrize(
        ("path", "size", "status"),
        [
            ("/things", 11 * 1024 * 1024, 413),
            ("/things", 1024 * 1024 + 1, 413),
            ("/callbacks", 64 * 1024 + 1, 413),
            ("/callbacks", 64 * 1024, 201),
        ],
    )
    async def test_a_body_over_the_limit_of_its_route_is_refused(
        self, client: httpx.AsyncClient, path: str, size: int, status: int
    ) -> None:
        reply = await client.post(path, content=b" " * size, headers=JSON)

        assert reply.status_code == status

    async def test_a_body_that_does_not_say_its_size_is_counted(
        self, client: httpx.AsyncClient
    ) -> None:
        async def endless() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield b" " * 64 * 1024

        reply = await client.post("/things", content=endless(), headers=JSON)

        assert (reply.status_code, reply.json()["code"]) == (413, "web.body_too_large")

    async def test_headers_without_end_are_refused(self, client: httpx.AsyncClient) -> None:
        many = {f"x-{number}": "1" for number in range(10_000)}

        assert (await client.get("/things", headers=many)).status_code == 431
        assert (await client.get("/things", headers={"x-long": "1" * 40_000})).status_code == 431
        assert (await client.get("/things")).status_code == 200

    async def test_parameters_without_end_are_refused(self, client: httpx.AsyncClient) -> None:
        many = "&".join(f"p{number}=1" for number in range(10_000))

        assert (await client.get(f"/things?{many[:60_000]}")).status_code == 431
        assert (await client.get("/things?" + "a&" * 101)).status_code == 431

    @pytest.mark.parametrize("host", ["", "a b", "[", "x:y", "::::", "a/b", "a\n", "user@host"])
    async def test_a_host_that_is_none_is_refused(
        self, client: httpx.AsyncClient, host: str
    ) -> None:
        """G01: what asks for the whole address later would break on it."""
        assert (await client.get("/things", headers={"host": host})).status_code == 400

    @pytest.mark.parametrize("host", ["zb.test", "127.0.0.1:8000", "[::1]:8000", "[::1]"])
    async def test_a_host_with_or_without_its_port_is_taken(
        self, client: httpx.AsyncClient, host: str
    ) -> None:
        assert (await client.get("/things", headers={"host": host})).status_code == 200

    async def test_a_body_that_stops_arriving_is_not_waited_for(self, app: Litestar) -> None:
        handler = next(route for route in app.routes if route.path == "/lists").route_handlers[0]
        handler.opt["body_seconds"] = 0.05

        reply = await _post_slowly(app, "/lists")

        assert reply["status"] == 408

    async def test_a_client_that_leaves_is_not_a_bug(self, app: Litestar) -> None:
        reply = await _post_slowly(app, "/lists", then={"type": "http.disconnect"})

        assert reply["status"] == 400


class TestEveryAnswer:
    @pytest.mark.parametrize("path", ["/things", "/nowhere", "/broken", "/mine"])
    async def test_carries_safe_headers_and_may_not_be_stored(
        self, client: httpx.AsyncClient, path: str
    ) -> None:
        headers = (await client.get(path)).headers

        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["strict-transport-security"].startswith("max-age=")

    async def test_carries_the_request_id_that_came_in(self, client: httpx.AsyncClient) -> None:
        reply = await client.get("/things", headers={"x-request-id": "trace-0001"})

        assert reply.headers["x-request-id"] == "trace-0001"

    @pytest.mark.parametrize(
        "sent", ["short", "a" * 65, "new\tline-in-it", "<script>alert</script>"]
    )
    async def test_carries_one_of_ours_when_that_is_not_harmless(
        self, client: httpx.AsyncClient, sent: str
    ) -> None:
        ours = (await client.get("/things", headers={"x-request-id": sent})).headers["x-request-id"]

        assert ours != sent
        assert ours.isalnum()


class TestReplies:
    async def test_a_client_that_has_it_already_is_told_so(self, client: httpx.AsyncClient) -> None:
        first = await client.get("/things")

        again = await client.get("/things", headers={"if-none-match": first.headers["etag"]})

        assert (first.status_code, again.status_code) == (200, 304)
        assert (again.content, again.headers["etag"]) == (b"", first.headers["etag"])
        assert again.headers["x-request-id"] != first.headers["x-request-id"]

    async def test_an_old_tag_gets_the_whole_answer(self, client: httpx.AsyncClient) -> None:
        reply = await client.get("/things", headers={"if-none-match": 'W/"old", "older"'})

        assert reply.status_code == 200
        assert reply.json()["items"]

    async def test_long_answers_are_compressed_and_keep_their_tag(
        self, client: httpx.AsyncClient
    ) -> None:
        path = f"/things/{uuid4()}"

        plain = await client.get(path, headers={"accept-encoding": "identity"})
        small = await client.get(path, headers={"accept-encoding": "gzip"})

        assert small.headers["content-encoding"] == "gzip"
        assert int(small.headers["content-length"]) < len(plain.content) / 10
        assert small.json() == plain.json()
        assert small.headers["etag"] == plain.headers["etag"]
        assert "accept-encoding" in small.headers["vary"].lower()

    async def test_a_refusal_has_no_tag(self, client: httpx.AsyncClient) -> None:
        assert "etag" not in (await client.get("/nowhere")).headers


async def _post_slowly(
    app: Litestar, path: str, then: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Send the beginning of a body, then `then`, or nothing at all."""
    events = [{"type": "http.request", "body": b"[1,", "more_body": True}]
    if then:
        events.append(then)
    started: dict[str, Any] = {}

    async def receive() -> dict[str, Any]:
        if events:
            return events.pop(0)
        await asyncio.sleep(60)
        raise AssertionError("nobody should wait so long")

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            started.update(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"host", b"zb.test")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "http_version": "1.1",
    }
    await app(scope, receive, send)
    return started
