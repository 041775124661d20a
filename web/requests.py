"""The request class of every route: bodies pass our decoder, and nobody sends one for ever."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.types import Empty

from web import body
from web.errors import Malformed

BODY_SECONDS = 20.0
UPLOAD_SECONDS = 300.0


class BodyCutShort(Malformed):
    code = "web.body_cut_short"
    message = "请求内容没有传完，请重试"


class StrictRequest(Request[Any, Any, State]):
    """Reads JSON strictly and straight into the type that the route declares for `data`."""

    async def json(self) -> Any:
        if self._json is Empty:
            self._check_media_type()
            field = self.route_handler.parsed_data_field
            wanted = field.annotation if field else Any
            self._json = body.decode(await self.body(), wanted)
        return self._json

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body in pieces, within the route's size, and within a time that slow phones keep."""
        if self._body is not Empty:
            yield self._body
            return
        limit = self._size_limit()
        if (self.content_length or 0) > limit:
            raise _too_large()
        seconds = self.route_handler.opt.get("body_seconds", BODY_SECONDS)
        ends = asyncio.get_running_loop().time() + seconds
        received = 0
        async for chunk in self._chunks(ends):
            received += len(chunk)
            if received > limit:
                raise _too_large()
            yield chunk

    async def _chunks(self, ends: float) -> AsyncGenerator[bytes, None]:
        more = self.is_connected
        while more:
            try:
                async with asyncio.timeout_at(ends):
                    event = await self.receive()
            except TimeoutError as error:
                raise HTTPException(status_code=408) from error
            if event["type"] != "http.request":
                raise BodyCutShort()
            more = event.get("more_body", False)
            if event["body"]:
                yield event["body"]
        self.is_connected = False

    def _size_limit(self) -> int:
        """The route's own limit. Only `body_limit=…` on the route lifts it over the usual one."""
        usual: int = self.route_handler.opt.get("body_limit", body.BODY_LIMIT)
        own = self.route_handler.resolve_request_max_body_size()
        return usual if own is None else min(usual, own)

    def _check_media_type(self) -> None:
        """JSON only: what a foreign page's form can send is refused before it is read."""
        media_type, options = self.content_type
        charset = options.get("charset", "utf-8").lower()
        if media_type not in ("", "application/json") or self.headers.get("content-encoding"):
            raise HTTPException(status_code=415)
        if charset not in ("utf-8", "utf8"):
            raise body.BodyNotUtf8()


def _too_large() -> HTTPException:
    return HTTPException(status_code=413)
