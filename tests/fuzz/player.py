"""Sends requests as whoever may, and keeps count of the answers."""

import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

import httpx
from msgspec import UNSET

from tests.fuzz.cases import Asked, Document
from tests.fuzz.known import Known

SignIn = Callable[[], Awaitable[str]]
"""Gives a token of somebody new to signing in."""

Tokens = Mapping[str, list[SignIn]]
"""Who there is of each security scheme of the document."""


STRANGERS = 0.03
"""How many requests are nobody's."""


class Player:
    def __init__(
        self, client: httpx.AsyncClient, document: Document, people: Tokens, *, number: int
    ) -> None:
        self._client = client
        self._document = document
        self._people = people
        self._tokens: dict[SignIn, str] = {}
        self._random = random.Random(number)
        self.known = Known(number)
        self.statuses: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.broken: list[str] = []
        self.undocumented: Counter[tuple[str, int]] = Counter()

    async def look_around(self) -> None:
        """Every list, as everybody: what there is to ask for."""
        for template, operations in self._document["paths"].items():
            if "get" in operations and "{" not in template:
                for who in self._people.get(self._scheme("get", template), []):
                    asked = Asked(method="GET", template=template, path={}, query={}, headers={})
                    await self._send(asked, who)

    async def play(self, asked: Asked) -> None:
        people = self._people.get(self._scheme(asked.method.lower(), asked.template), [])
        who = self._random.choice(people) if people else None
        if self._random.random() < STRANGERS:
            who = None
        filled = self.known.fill(asked, who)
        began = time.perf_counter()
        reply = await self._send(filled, who)
        if reply.status_code == 401 and who is not None:  # it signed itself out
            self._tokens.pop(who, None)
            reply = await self._send(filled, who)
        self.seconds.append(time.perf_counter() - began)
        self._judge(filled, reply)

    def _scheme(self, method: str, template: str) -> str:
        operation = self._document["paths"][template].get(method, {})
        return next((scheme for one in operation.get("security", ()) for scheme in one), "")

    async def _send(self, asked: Asked, who: SignIn | None) -> httpx.Response:
        headers = {name.encode(): value.encode() for name, value in asked.headers.items()}
        if who is not None:
            headers[b"authorization"] = f"Bearer {await self._token(who)}".encode()
        content = asked.content
        if asked.json is not UNSET:
            content = json.dumps(asked.json).encode()
            headers[b"content-type"] = b"application/json"
        request = self._client.build_request(
            asked.method, asked.url(), params=asked.query, headers=headers, content=content
        )
        reply = await self._client.send(request)
        if reply.is_success and "json" in reply.headers.get("content-type", ""):
            self.known.learn(reply.json(), template=asked.template, of=who)
        return reply

    async def _token(self, who: SignIn) -> str:
        if who not in self._tokens:
            self._tokens[who] = await who()
        return self._tokens[who]

    def _judge(self, asked: Asked, reply: httpx.Response) -> None:
        status = reply.status_code
        operation = self._document["paths"][asked.template].get(asked.method.lower())
        documented = operation is None or str(status) in operation["responses"]
        documented |= status == 404 and asked.leads_elsewhere()
        self.statuses[f"{status // 100}xx"] += 1
        if status >= 500:
            self.broken.append(f"{asked}\n{reply.text}")
        if not documented:
            self.undocumented[asked.label, status] += 1

    def told(self) -> str:
        """The counts, and how long the slowest hundredth took at least."""
        slow = sorted(self.seconds)[int(len(self.seconds) * 0.99)]
        counts = "  ".join(f"{name} {count}" for name, count in sorted(self.statuses.items()))
        return f"{len(self.seconds)} cases  {counts}  p99 {slow * 1000:.0f} ms"
