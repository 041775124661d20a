"""The served product as an outside client meets it: JSON over HTTP, refusals as problems."""

import asyncio
from typing import Any, Protocol

import httpx

Answer = dict[str, Any]

TOO_MANY, PATIENCE_SECONDS = 429, 330.0


class Refused(Exception):
    """The product said no. `code` is what a client matches on, `title` what a citizen reads."""

    def __init__(self, response: httpx.Response) -> None:
        problem = _problem(response)
        self.status = response.status_code
        self.code = str(problem.get("code", "?"))
        self.title = str(problem.get("title", response.text[:200]))
        path = response.request.url.path
        super().__init__(
            f"{response.request.method} {path}: {self.status} {self.code} {self.title}"
        )


class Device(Protocol):
    """What signs each request with a key that stays in it."""

    def proof(self, method: str, path: str, token: str | None) -> str: ...


class Service:
    """One client's connection to the product. `token` is sent once it has one; cookies stay.

    With a `device`, every request carries its proof as well.
    """

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.token: str | None = None
        self.device: Device | None = None
        self.patience = PATIENCE_SECONDS
        """How long it still waits where it is told that it asks too often."""

    async def get(self, path: str, **query: str | int) -> Any:
        return await self._ask("GET", path, params=query or None)

    async def post(self, path: str, body: object = None) -> Any:
        return await self._ask("POST", path, json=body)

    async def post_form(self, path: str, form: dict[str, str]) -> Any:
        return await self._ask("POST", path, data=form)

    async def upload(self, path: str, content: bytes, media_type: str) -> Any:
        headers = {"Content-Type": media_type}
        return await self._ask("POST", path, content=content, headers=headers)

    async def put(self, path: str, body: object = None) -> Any:
        return await self._ask("PUT", path, json=body)

    async def delete(self, path: str) -> Any:
        return await self._ask("DELETE", path)

    async def _ask(self, method: str, path: str, **what: Any) -> Any:
        headers = what.pop("headers", {}) | self._signed(method, path)
        if what.get("json", ...) is None:
            what.pop("json")
        response = await self._http.request(method, path, headers=headers, **what)
        while response.status_code == TOO_MANY and self.patience > 0:
            await self._wait_as_told(response)
            headers |= self._signed(method, path)
            response = await self._http.request(method, path, headers=headers, **what)
        if response.is_error:
            raise Refused(response)
        return response.json() if response.content else None

    def _signed(self, method: str, path: str) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if self.device is not None:
            headers["DPoP"] = self.device.proof(method, path, self.token)
        return headers

    async def _wait_as_told(self, response: httpx.Response) -> None:
        seconds = float(response.headers.get("retry-after", "5"))
        self.patience -= seconds
        await asyncio.sleep(seconds)


async def refusal(asking: Any) -> str:
    """The code of the refusal that must come; empty when what was asked was done instead."""
    try:
        await asking
    except Refused as refused:
        return refused.code
    return ""


def _problem(response: httpx.Response) -> Answer:
    if "json" not in response.headers.get("content-type", ""):
        return {}
    answer = response.json()
    return answer if isinstance(answer, dict) else {}
