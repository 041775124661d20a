"""The served product as an outside client meets it: JSON over HTTP, refusals as problems."""

import asyncio
from typing import Any

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


class Service:
    """One client's connection to the product. `token` is sent once it has one; cookies stay."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.token: str | None = None
        self.patience = PATIENCE_SECONDS
        """How long it still waits where it is told that it asks too often."""

    async def get(self, path: str, **query: str | int) -> Any:
        return await self._ask("GET", path, params=query or None)

    async def post(self, path: str, body: object = None) -> Any:
        return await self._ask("POST", path, json=body)

    async def put(self, path: str, body: object = None) -> Any:
        return await self._ask("PUT", path, json=body)

    async def delete(self, path: str) -> Any:
        return await self._ask("DELETE", path)

    async def _ask(self, method: str, path: str, **what: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if what.get("json", ...) is None:
            what.pop("json")
        response = await self._http.request(method, path, headers=headers, **what)
        while response.status_code == TOO_MANY and self.patience > 0:
            await self._wait_as_told(response)
            response = await self._http.request(method, path, headers=headers, **what)
        if response.is_error:
            raise Refused(response)
        return response.json() if response.content else None

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
