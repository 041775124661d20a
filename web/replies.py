"""What replies carry besides their body: an ETag on what is read, so that a client that has it
already is told just that; and for whom it is, where somebody acts for another. 代办对象
"""

from hashlib import blake2b

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from identity.callers import Caller

ACTING_FOR = "X-Acting-For"
"""The party that a reply is about, and the scope of who acts for it: `<party id>; scope=helper`."""


async def show_acting_party(message: Message, scope: Scope) -> None:
    """A `before_send` hook: on every reply to somebody who acts for another, refusals too."""
    user = scope.get("user")
    if message["type"] != "http.response.start" or not isinstance(user, Caller):
        return
    if user.acts_for_another():
        MutableScopeHeaders(message)[ACTING_FOR] = f"{user.party_id}; scope={user.scope}"


class ETagMiddleware(ASGIMiddleware):
    """Answers 304 to a GET whose If-None-Match names the very body that would be sent.

    Caches on the way still store nothing (no-store): a client keeps a copy because it wants to.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope.get("method") != "GET":
            await next_app(scope, receive, send)
            return
        known = _known_tags(scope)
        start: HTTPResponseStartEvent | None = None

        async def tag(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] == 200:
                start = message
            elif message["type"] == "http.response.body" and start is not None:
                if not message.get("more_body"):
                    message["body"] = _tagged(start, message["body"], known)
                await send(start)
                start = None
                await send(message)
            else:
                await send(message)

        await next_app(scope, receive, tag)


_TAGGED = ("application/json", "application/statuslist+jwt")


def _tagged(start: HTTPResponseStartEvent, body: bytes, known: set[str]) -> bytes:
    headers = MutableScopeHeaders(start)
    if not headers.get("content-type", "").startswith(_TAGGED):
        return body
    etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    headers["ETag"] = f"W/{etag}"
    if etag not in known and "*" not in known:
        return body
    start["status"] = 304
    for name in ("content-length", "content-type"):
        if name in headers:
            del headers[name]
    return b""


def _known_tags(scope: Scope) -> set[str]:
    sent = [value for name, value in scope["headers"] if name == b"if-none-match"]
    tags = b",".join(sent).decode("latin-1").split(",")
    return {tag.strip().removeprefix("W/") for tag in tags if tag.strip()}
