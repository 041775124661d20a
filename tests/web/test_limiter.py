"""Rows G04 and G08: the limit holds exactly over workers, and what holds without the cache."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from litestar import Litestar
from redis.asyncio import Redis

from app.embedded.valkey import EmbeddedValkey
from core.errors import TooMany
from tests.web import sample
from web.limiter import RULES, Limiter, LimiterUnavailable, Rule

SHORT = timedelta(milliseconds=400)
RULE = {
    "act": Rule(5, timedelta(minutes=1), "closed"),
    "brief": Rule(3, SHORT, "closed"),
    "look": Rule(5, timedelta(minutes=1), "local"),
}


def _limiter(cache: Redis) -> Limiter:
    """One that waits for its answer however busy the machine is: here only the count is tried."""
    return Limiter(cache, rules=RULE, answer_seconds=30)


async def _passes(limiters: list[Limiter], action: str, times: int, key: str = "a") -> int:
    answers = await asyncio.gather(
        *(limiters[turn % len(limiters)].hit(action, key) for turn in range(times)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, TooMany)]
    assert len(refused) + answers.count(None) == times
    return answers.count(None)


class TestExactness:
    async def test_many_at_once_over_two_workers_pass_exactly_as_often_as_allowed(
        self, cache: Redis, valkey: EmbeddedValkey
    ) -> None:
        async with Redis.from_url(valkey.url()) as other:
            workers = [_limiter(cache), _limiter(other)]

            assert await _passes(workers, "act", 60) == 5
            assert await _passes(workers, "act", 60) == 0

    async def test_at_the_edge_of_a_window_no_more_pass_than_in_its_middle(
        self, cache: Redis
    ) -> None:
        limiter, passes = _limiter(cache), []

        while len(passes) < 12:
            try:
                await limiter.hit("brief", "a")
                passes.append(time.monotonic())
            except TooMany:
                await asyncio.sleep(0.005)

        windows = zip(passes, passes[3:], strict=False)
        assert all(later - first > SHORT.total_seconds() - 0.05 for first, later in windows)

    async def test_keys_and_actions_do_not_share_a_limit(self, cache: Redis) -> None:
        limiter = _limiter(cache)
        assert await _passes([limiter], "act", 6, key="a") == 5

        assert await _passes([limiter], "act", 6, key="b") == 5
        assert await _passes([limiter], "look", 6, key="a") == 5

    async def test_a_refusal_says_when_to_come_back(self, cache: Redis) -> None:
        limiter = _limiter(cache)
        await _passes([limiter], "act", 5)

        with pytest.raises(TooMany) as refused:
            await limiter.hit("act", "a")

        assert refused.value.retry_after in range(58, 61)

    async def test_the_cache_forgets_a_key_after_its_window_and_never_knew_it(
        self, cache: Redis
    ) -> None:
        await _limiter(cache).hit("brief", "13812345678")

        (name,) = await cache.keys("*")
        assert b"13812345678" not in name
        assert 0 < await cache.pttl(name) <= 400


class TestReadingAlong:
    async def test_what_is_asked_for_comes_along_with_the_count(self, cache: Redis) -> None:
        limiter = _limiter(cache)
        await cache.set("text", b"kept")

        assert await limiter.hit("act", "a", reading="text") == b"kept"
        assert await limiter.hit("act", "a", reading="nothing") is None
        assert await _passes([limiter], "act", 6) == 3

    async def test_a_dead_cache_brings_nothing_along(self) -> None:
        async with Redis(port=1) as nowhere:
            limiter = Limiter(nowhere, rules=RULE)

            assert await limiter.hit("look", "a", reading="text") is None
            with pytest.raises(LimiterUnavailable):
                await limiter.hit("act", "a", reading="text")


class TestTakingBack:
    async def test_a_pass_that_was_taken_back_is_free_again(self, cache: Redis) -> None:
        limiter = _limiter(cache)
        await _passes([limiter], "act", 5)

        await limiter.take_back("act", "a")

        assert await _passes([limiter], "act", 3) == 1

    async def test_without_the_cache_it_is_taken_back_here(self) -> None:
        async with Redis(port=1) as nowhere:
            limiter = Limiter(nowhere, rules=RULE)
            await _passes([limiter], "look", 5)

            await limiter.take_back("look", "a")

            assert await _passes([limiter], "look", 3) == 1


class TestWithoutTheCache:
    @pytest.fixture
    async def client(self, valkey: EmbeddedValkey) -> AsyncIterator[httpx.AsyncClient]:
        async with (
            Redis.from_url(valkey.url()) as cache,
            _client(sample.make_app(cache)) as client,
        ):
            yield client

    @pytest.mark.parametrize("gone", ["kill", "freeze"])
    async def test_reads_go_on_and_what_can_be_abused_is_closed(
        self, client: httpx.AsyncClient, valkey: EmbeddedValkey, gone: str
    ) -> None:
        getattr(valkey, gone)()
        try:
            started = time.monotonic()
            reads = [await client.get("/things") for _ in range(20)]
            login = await client.post("/sessions")
            took = time.monotonic() - started
        finally:
            valkey.thaw()
            if gone == "kill":
                valkey.start()

        assert {reply.status_code for reply in reads} == {200}
        assert (login.status_code, login.json()["code"]) == (503, "web.limiter_unavailable")
        assert login.headers["retry-after"] == "5"
        assert took < 3
        await _until_open(client)

    async def test_what_is_closed_is_closed_by_its_rule(self, valkey: EmbeddedValkey) -> None:
        closed = {name for name, rule in RULES.items() if rule.when_cache_is_gone == "closed"}
        assert {"log_in", "log_in_staff", "verify", "publish", "real_name"} <= closed
        assert not {"read", "refresh"} & closed

    async def test_a_full_cache_is_a_gone_one(self, cache: Redis) -> None:
        limiter = _limiter(cache)
        await cache.config_set("maxmemory-policy", "noeviction")
        await cache.config_set("maxmemory", "1")
        try:
            with pytest.raises(LimiterUnavailable):
                await limiter.hit("act", "a")
            await limiter.hit("look", "a")
        finally:
            await cache.config_set("maxmemory", "0")

    async def test_a_flushed_cache_counts_again_from_nothing(self, cache: Redis) -> None:
        limiter = _limiter(cache)
        await _passes([limiter], "act", 6)

        await cache.flushall()
        await cache.script_flush()

        assert await _passes([limiter], "act", 6) == 5

    async def test_the_limit_of_one_process_holds_for_reads(self) -> None:
        async with Redis.from_url("redis://127.0.0.1:1/0") as nowhere:
            limiter = Limiter(nowhere, rules=RULE)

            assert await _passes([limiter], "look", 20) == 5
            assert await _passes([limiter], "look", 20, key="b") == 5


class TestWhoIsCounted:
    async def test_a_forged_forwarding_header_changes_nothing(self, cache: Redis) -> None:
        app = sample.make_app(cache, rules=RULES | {"log_in": RULE["act"]})

        async with _client(app) as client:
            replies = [
                await client.post("/sessions", headers={"x-forwarded-for": f"10.0.0.{number}"})
                for number in range(8)
            ]

        assert [reply.status_code for reply in replies] == [201] * 5 + [429] * 3
        assert int(replies[-1].headers["retry-after"]) <= 60

    async def test_behind_a_trusted_proxy_each_client_has_its_own_limit(self, cache: Redis) -> None:
        rules = RULES | {"log_in": Rule(1, timedelta(minutes=1), "closed")}
        app = sample.make_app(cache, rules=rules, proxies=["127.0.0.0/8", "10.1.0.0/16"])
        hops = ["203.0.113.1", "6.6.6.6, 203.0.113.1, 10.1.0.7", "203.0.113.2, 10.1.0.7"]

        async with _client(app) as client:
            replies = [await client.post("/sessions", headers={"x-forwarded-for": h}) for h in hops]

        assert [reply.status_code for reply in replies] == [201, 429, 201]

    async def test_a_signed_in_caller_is_counted_by_account(self, cache: Redis) -> None:
        app = sample.make_app(cache, rules=RULES | {"read": RULE["act"]})
        signed_in = {"authorization": "Bearer resident"}

        async with _client(app) as client:
            for _ in range(5):
                await client.get("/things")
            stranger = await client.get("/things")
            resident = await client.get("/mine", headers=signed_in)

        assert (stranger.status_code, resident.status_code) == (429, 200)


def _client(app: Litestar) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="https://zb.test")


async def _until_open(client: httpx.AsyncClient) -> None:
    ends = time.monotonic() + 10
    while (await client.post("/sessions")).status_code == 503:
        assert time.monotonic() < ends, "it did not recover by itself within ten seconds"
        await asyncio.sleep(0.1)
