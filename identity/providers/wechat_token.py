"""WeChat's access token, fetched once for all processes. 微信接口调用凭据"""

import asyncio
import secrets
import time
from contextlib import suppress

import httpx
import msgspec
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.wire import NoAnswer

_LOCK_SECONDS = 10
_WAIT_SECONDS = 6.0
_CACHE_SECONDS = 1.0
_POLL_SECONDS = 0.05
_CACHE_GONE = (RedisError, OSError, TimeoutError)
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end"


class _Token(Struct):
    access_token: str = ""
    expires_in: int = 0
    errcode: int = 0


class WechatToken:
    """The shared token of one app. Without the cache each process fetches: WeChat's stable mode
    gives all of them the same one."""

    def __init__(self, client: httpx.AsyncClient, cache: Redis, *, appid: str, secret: str) -> None:
        self._client = client
        self._cache = cache
        self._body = msgspec.json.encode(
            {
                "grant_type": "client_credential",
                "appid": appid,
                "secret": secret,
                "force_refresh": False,
            }
        )
        self._name = f"identity:wechat_token:{appid}"
        self._own: tuple[str, float] = ("", 0.0)
        self._single = asyncio.Lock()

    async def get(self) -> str:
        """A token that was good when it was fetched; NoAnswer when WeChat gives none."""
        return await self._other_than("")

    async def renew(self, stale: str) -> str:
        """Another token than the one WeChat just refused, fetched once however many ask."""
        return await self._other_than(stale)

    async def _other_than(self, stale: str) -> str:
        async with self._single:
            try:
                return await self._shared(stale)
            except _CACHE_GONE:
                return await self._alone(stale)

    async def _shared(self, stale: str) -> str:
        ends = time.monotonic() + _WAIT_SECONDS
        owner = secrets.token_hex(8)
        while True:
            async with asyncio.timeout(_CACHE_SECONDS):
                known = await self._cache.get(self._name)
                token = _text(known)
                if token and token != stale:
                    return token
                mine = await self._cache.set(f"{self._name}:lock", owner, nx=True, ex=_LOCK_SECONDS)
            if mine:
                return await self._fetch_for_all(owner, stale)
            if time.monotonic() > ends:
                raise NoAnswer("nobody fetched a token in time")
            await asyncio.sleep(_POLL_SECONDS)

    async def _fetch_for_all(self, owner: str, stale: str) -> str:
        try:
            async with asyncio.timeout(_CACHE_SECONDS):
                token = _text(await self._cache.get(self._name))
            if token and token != stale:  # fetched between our look and our lock
                return token
            token, seconds = await self._fetch()
            with suppress(*_CACHE_GONE):
                async with asyncio.timeout(_CACHE_SECONDS):
                    await self._cache.set(self._name, token, ex=seconds)
            return token
        finally:
            with suppress(*_CACHE_GONE):
                async with asyncio.timeout(_CACHE_SECONDS):
                    await self._cache.eval(_RELEASE, 1, f"{self._name}:lock", owner)

    async def _alone(self, stale: str) -> str:
        token, ends = self._own
        if not token or token == stale or time.monotonic() > ends:
            token, seconds = await self._fetch()
            self._own = (token, time.monotonic() + seconds)
        return token

    async def _fetch(self) -> tuple[str, int]:
        try:
            response = await self._client.post("/cgi-bin/stable_token", content=self._body)
            answer = msgspec.json.decode(response.raise_for_status().content, type=_Token)
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            raise NoAnswer(type(error).__name__) from None  # its text has the address
        if not answer.access_token:
            raise NoAnswer(f"errcode {answer.errcode}")
        return answer.access_token, _keep_seconds(answer.expires_in)


def _keep_seconds(expires_in: int) -> int:
    """WeChat gives a new token in the last five minutes; a short one may be all there is."""
    return expires_in - 300 if expires_in > 600 else max(expires_in // 2, 1)


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""
