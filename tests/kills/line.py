"""The line of a patient client: what may be repeated is sent again until somebody answers. 重试

As our client package does it: GET, and PUT under an id of the client's own. Anything else only
when it was surely not begun: nobody listened, or somebody said 503.
"""

import asyncio
import time
from collections import Counter

import httpx

REPEATED = {"GET", "PUT"}
UNAVAILABLE = 503
PATIENCE_SECONDS, PAUSE_SECONDS = 45.0, 0.25


class PatientLine(httpx.AsyncBaseTransport):
    """`counts` says what happened; `faults` what should not have, at any moment of a bad day."""

    def __init__(self, counts: Counter[str], faults: list[str]) -> None:
        self._line = httpx.AsyncHTTPTransport()
        self._counts, self._faults = counts, faults

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            self._counts["requests"] += 1
            try:
                answer = await self._ask(request)
            except httpx.TransportError as error:
                self._counts["no answer"] += 1
                begun = not isinstance(error, httpx.ConnectError)
                if (begun and request.method not in REPEATED) or time.monotonic() > until:
                    raise
            else:
                if answer.status_code != UNAVAILABLE or time.monotonic() > until:
                    return answer
            await asyncio.sleep(PAUSE_SECONDS)

    async def aclose(self) -> None:
        await self._line.aclose()

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        answer = await self._line.handle_async_request(request)
        await answer.aread()
        if answer.status_code == UNAVAILABLE:
            self._counts["503"] += 1
            if "retry-after" not in answer.headers:
                path = request.url.path
                self._faults.append(f"G05 {request.method} {path}: 503 without Retry-After")
        return answer
