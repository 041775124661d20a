"""The signed JSON interface of the city's registers and the bank. 部门接口报文

Both sides sign: X-App-Key, X-Timestamp, X-Nonce and X-Signature, a hex HMAC-SHA256. A request signs
METHOD, PATH, TIMESTAMP, NONCE and BODY; an answer signs STATUS, TIMESTAMP, the request's NONCE and
BODY; each part on a line of its own. PATH is what follows the configured address.
"""

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

import httpx
from msgspec import Struct

from core.clock import now
from core.wire import NoAnswer

MAX_SKEW_SECONDS = 300


class Answer(Struct, frozen=True):
    """A reply that is provably the other side's own, whatever it says."""

    status: int
    body: bytes


class HmacApi:
    """A signed client over `client`, whose base address and time limits are the deployment's."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        app_key: str,
        secret: bytes,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._client = client
        self._app_key = app_key
        self._secret = secret
        self._clock = clock

    async def get(self, path: str) -> Answer:
        """Ask. Raises NoAnswer when the outcome is unknown."""
        return await self._send("GET", path, b"")

    async def post(self, path: str, body: bytes) -> Answer:
        """Send JSON, once; repeating after NoAnswer is the caller's decision."""
        return await self._send("POST", path, body)

    async def _send(self, method: str, path: str, body: bytes) -> Answer:
        timestamp, nonce = str(int(self._clock().timestamp())), secrets.token_hex(16)
        headers = {
            "Content-Type": "application/json",
            "X-App-Key": self._app_key,
            "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": self._mac(method, path, timestamp, nonce, body),
        }
        try:
            response = await self._client.request(method, path, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise NoAnswer(type(error).__name__) from None
        self._check(response, nonce)
        return Answer(response.status_code, response.content)

    def _check(self, response: httpx.Response, nonce: str) -> None:
        if response.status_code >= 500:
            raise NoAnswer(f"status {response.status_code}")
        headers = response.headers
        timestamp, signature = headers.get("X-Timestamp", ""), headers.get("X-Signature", "")
        expected = self._mac(str(response.status_code), timestamp, nonce, response.content)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise NoAnswer("signature")
        if headers.get("X-Nonce", "") != nonce or not self._fresh(timestamp):
            raise NoAnswer("another answer, or an old one")

    def _fresh(self, timestamp: str) -> bool:
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            return False
        return abs(self._clock().timestamp() - int(timestamp)) <= MAX_SKEW_SECONDS

    def _mac(self, *parts: str | bytes) -> str:
        lines = [part.encode() if isinstance(part, str) else part for part in parts]
        return hmac.new(self._secret, b"\n".join(lines), sha256).hexdigest()
