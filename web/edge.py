"""What every request meets first and every answer carries: bounds, the request id, safe headers."""

import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from web.errors import Malformed
from web.tracing import trace_id

MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024
MAX_QUERY_BYTES = 8 * 1024
MAX_PARAMETERS = 100

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?\Z")

SAFE_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Set where the route has not set its own. Nothing is stored on the way unless a route says so."""

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)


class AddressInvalid(Malformed):
    code = "web.address_invalid"
    message = "请求地址有误"


class BoundsMiddleware(ASGIMiddleware):
    """Refuses requests with too much or with broken text in their address, before any work."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(trace_id=trace_id(scope))
        _check_headers(scope)
        _check_address(scope)
        await next_app(scope, receive, send)


async def add_safe_headers(message: Message, scope: Scope) -> None:
    """A `before_send` hook, and so on every answer: also where no route was found."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders(message)
    if headers.get("content-type", "").startswith("text/html"):
        headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    for name, value in SAFE_HEADERS.items():
        headers.setdefault(name, value)
    headers["X-Request-ID"] = trace_id(scope)


def _check_headers(scope: Scope) -> None:
    sizes = [len(name) + len(value) for name, value in scope["headers"]]
    if len(sizes) > MAX_HEADERS or sum(sizes) > MAX_HEADER_BYTES:
        raise HTTPException(status_code=431)


def _check_address(scope: Scope) -> None:
    if any(name == b"host" and not _HOST.match(value) for name, value in scope["headers"]):
        raise AddressInvalid()
    query = scope["query_string"]
    if len(query) > MAX_QUERY_BYTES or query.count(b"&") >= MAX_PARAMETERS:
        raise HTTPException(status_code=431)
    try:
        sent = (unquote_to_bytes(query) + scope["path"].encode()).decode()
    except UnicodeError as error:
        raise AddressInvalid() from error
    if "\0" in sent or "\ufffd" in scope["path"]:
        raise AddressInvalid()
