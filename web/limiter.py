"""How often something may be done: exactly, over all workers, by one script in the cache. 限流

The limit is a sliding window: never more than `limit` passes in any `window`. Each rule says what
holds when the cache is gone: closed (503) for what can be abused, a limit per process for reads.
"""

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from importlib.resources import files
from typing import Literal, cast

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import TooMany, UpstreamFailed

ANSWER_SECONDS = 0.5
PAUSE_SECONDS = 1.0
MAX_LOCAL_KEYS = 50_000


class TooManyRequests(TooMany):
    code = "web.too_many_requests"
    message = "操作过于频繁，请稍后再试"
    shown = ("retry_after",)


class LimiterUnavailable(UpstreamFailed):
    code = "web.limiter_unavailable"
    message = "服务暂时不可用，请稍后再试"


class Rule(Struct, frozen=True):
    """At most `limit` in any `window`, for one key."""

    limit: int
    window: timedelta
    when_cache_is_gone: Literal["closed", "local"]


def _rule(limit: int, when_cache_is_gone: Literal["closed", "local"], **window: int) -> Rule:
    return Rule(limit, timedelta(**window), when_cache_is_gone)


RULES: Mapping[str, Rule] = {
    "log_in": _rule(600, "closed", minutes=1),
    "log_in_staff": _rule(60, "closed", minutes=5),
    "log_in_name": _rule(10, "closed", minutes=5),
    "log_in_strangers": _rule(100, "closed", hours=1),
    "write_staff": _rule(30, "closed", minutes=1),
    "phone_code": _rule(1, "closed", minutes=1),
    "phone_code_day": _rule(10, "closed", days=1),
    "phone_code_whence": _rule(30, "closed", hours=1),
    "phone_sign_in": _rule(30, "closed", minutes=10),
    "refresh": _rule(600, "local", minutes=1),
    "refused": _rule(300, "local", minutes=1),
    "real_name": _rule(5, "closed", hours=1),
    "face_check": _rule(30, "closed", hours=1),
    "export": _rule(5, "closed", days=1),
    "erase": _rule(5, "closed", hours=1),
    "present": _rule(30, "closed", minutes=1),
    "stream": _rule(60, "local", minutes=1),
    "ask_registry": _rule(6, "closed", minutes=1),
    "face": _rule(30, "closed", minutes=1),
    "picture": _rule(300, "local", minutes=1),
    "verify": _rule(120, "closed", minutes=1),
    "publish": _rule(10, "closed", minutes=1),
    "counter": _rule(30, "closed", minutes=5),
    "invite": _rule(20, "closed", hours=1),
    "callback": _rule(1000, "local", seconds=1),
    "upload": _rule(20, "closed", hours=1),
    "read": _rule(600, "local", minutes=1),
    "write": _rule(120, "local", minutes=1),
}
"""What may be limited by name. A route says which it is: `@post(…, limit="log_in")`.

That counts the account, or the address of who has none: a whole neighbourhood may share one. What
else must be counted, as the name that somebody signs in with, a controller counts itself. Who is
"refused" at a door is counted there.
"""


class Limiter:
    """Counts in the cache; what the cache cannot answer in time is decided by the rule."""

    def __init__(
        self,
        cache: "Redis",
        *,
        rules: Mapping[str, Rule] = RULES,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        script = files("web").joinpath("limiter.lua").read_text("utf-8")
        self._cache = cache
        self._script = cache.register_script(script)
        self._rules = rules
        self._answer_seconds = answer_seconds
        self._local = _LocalWindows()
        self._paused_until = 0.0

    async def hit(self, action: str, key: str, *, reading: str | None = None) -> bytes | None:
        """Count one `action` of `key` (an account, an address, a phone), or refuse it.

        The key is hashed before it leaves the process: the cache holds no personal data. What the
        cache has under the name of `reading` comes back on the same way.
        """
        rule, name = self._rules[action], _name(action, key)
        wait, text = await self._ask(name, rule, reading)
        if wait is None:
            if rule.when_cache_is_gone == "closed":
                raise LimiterUnavailable(action=action)
            wait = self._local.hit(name, rule, at=time.monotonic())
        if wait > 0:
            seconds = math.ceil(wait)
            raise TooManyRequests(retry_after=seconds, action=action)
        return text

    async def take_back(self, action: str, key: str) -> None:
        """Uncount the last pass: it turned out to be somebody else's."""
        name = _name(action, key)
        self._local.take_back(name)
        if time.monotonic() < self._paused_until:
            return
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(self._answer_seconds):
                await cast(Awaitable[object], self._cache.rpop(name))

    async def _ask(
        self, name: str, rule: Rule, reading: str | None
    ) -> tuple[float | None, bytes | None]:
        """Seconds to wait, 0 for a pass; None when the cache does not answer properly."""
        if time.monotonic() < self._paused_until:
            return None, None
        keys = [name] if reading is None else [name, reading]
        arguments = [rule.limit, round(rule.window.total_seconds() * 1_000_000)]
        try:
            async with asyncio.timeout(self._answer_seconds):
                wait, *text = await self._script(keys=keys, args=arguments)
            return int(wait) / 1_000_000, next(iter(text), None)
        except (RedisError, OSError, TimeoutError, ValueError):
            self._paused_until = time.monotonic() + PAUSE_SECONDS
            return None, None


def _name(action: str, key: str) -> str:
    return f"limit:{action}:{sha256(key.encode()).hexdigest()[:32]}"


class _LocalWindows:
    """The same window in this process alone, for a bounded number of keys."""

    def __init__(self) -> None:
        self._passes: OrderedDict[str, deque[float]] = OrderedDict()

    def hit(self, name: str, rule: Rule, *, at: float) -> float:
        passes = self._passes.setdefault(name, deque())
        self._passes.move_to_end(name)
        if len(self._passes) > MAX_LOCAL_KEYS:
            self._passes.popitem(last=False)
        window = rule.window.total_seconds()
        while passes and passes[0] <= at - window:
            passes.popleft()
        if len(passes) >= rule.limit:
            return passes[0] + window - at
        passes.append(at)
        return 0.0

    def take_back(self, name: str) -> None:
        if passes := self._passes.get(name):
            passes.pop()
