"""The product's interface for residents under our own address, so that it need open to no other.

A mini-program is not a web page: it calls the product without an origin, and the product allows no
cross-origin calls. The pages here are web pages, so their calls go through here.
"""

from collections.abc import Mapping
from typing import Any

import httpx
from litestar import Request, Response, route
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

LONGEST_SECONDS = 40.0
PASSED_ON = frozenset(
    ("accept", "accept-language", "authorization", "content-type", "if-none-match")
)
GIVEN_BACK = frozenset(
    (
        "cache-control",
        "content-security-policy",
        "content-type",
        "etag",
        "retry-after",
        "www-authenticate",
        "x-content-type-options",
        "x-request-id",
    )
)

NO_ANSWER = '{"title": "接口没有应答"}'.encode()


class Product:
    """Where the product answers; nowhere when the sandbox was not told."""

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._client = client

    @property
    def address(self) -> str:
        return str(self._client.base_url).rstrip("/") if self._client else ""

    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response | None:
        """Its answer; None when it cannot be reached."""
        if self._client is None:
            return None
        try:
            return await self._client.request(method, path, **what)
        except httpx.TransportError:
            return None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()


def product_at(address: str) -> Product:
    """A product that answers at this address; with an empty one there is none."""
    if not address:
        return Product()
    return Product(httpx.AsyncClient(base_url=address, timeout=LONGEST_SECONDS, trust_env=False))


@route(
    "/mini/v1/{rest:path}",
    http_method=[HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.DELETE],
    status_code=200,
)
async def pass_on(
    request: Request[None, None, State],
    rest: FromPath[str],
    product: NamedDependency[Product],
) -> Response[bytes]:
    """Ask the product the same. Cookies go neither way; only /v1, what residents use."""
    if ".." in rest.split("/"):
        raise NotFoundException
    answer = await product.ask(
        request.method,
        request.scope["path"].removeprefix("/mini"),
        params=request.url.query,
        headers=_only(PASSED_ON, request.headers),
        content=await request.body(),
    )
    if answer is None:
        return Response(NO_ANSWER, status_code=502, media_type="application/problem+json")
    headers = _only(GIVEN_BACK, answer.headers)
    return Response(answer.content, status_code=answer.status_code, headers=headers)


def _only(names: frozenset[str], headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name in names}
