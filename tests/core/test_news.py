"""Who waits is woken in whichever process it waits, and news that is lost costs only time."""

import asyncio

from redis.asyncio import Redis

from app.embedded.valkey import EmbeddedValkey
from core.news import Ear, News


async def test_who_waits_in_another_process_hears_at_once(cache: Redis) -> None:
    here, there = News(cache), News(cache)

    async with there.hear("presentation:1") as ear, there.hear("presentation:2") as other:
        await _open(there)
        ear.forget()
        other.forget()
        here.tell("presentation:1")

        assert await _rung_within(ear, 2)
        assert not await _rung_within(other, 0.1)


async def test_who_waits_in_this_process_needs_no_cache() -> None:
    news = News(None)

    async with news.hear("a") as ear:
        news.tell("a")

        assert await _rung_within(ear, 0.1)
        assert not ear.sure


async def test_what_was_told_before_the_line_was_open_is_made_up_for(cache: Redis) -> None:
    """Whoever waits looks once more when it opens."""
    news = News(cache)

    async with news.hear("a") as ear:
        assert await _rung_within(ear, 2)
        assert ear.sure


async def test_many_words_go_out_in_one_piece(cache: Redis) -> None:
    here, there = News(cache), News(cache)
    topics = [f"t{n}" for n in range(200)]

    async with there.hear(topics[-1]) as ear:
        await _open(there)
        ear.forget()
        await cache.config_resetstat()
        for topic in topics:
            here.tell(topic)

        assert await _rung_within(ear, 2)
    assert (await cache.info("commandstats"))["cmdstat_publish"]["calls"] == 1


async def test_nobody_listens_when_nobody_waits(cache: Redis) -> None:
    news = News(cache)

    async with news.hear("a"):
        await _open(news)
        assert await _listeners(cache) == 1
    async with asyncio.timeout(2):
        while await _listeners(cache):
            await asyncio.sleep(0.01)

    assert not news.open


async def test_a_cache_that_is_gone_only_makes_one_look_more_often() -> None:
    """G04"""
    news = News(Redis.from_url("redis://127.0.0.1:1"))

    async with news.hear("a") as ear:
        news.tell("b")
        await asyncio.sleep(0.2)

        assert not ear.sure


async def test_a_cache_that_comes_back_is_heard_again() -> None:
    """G04"""
    with EmbeddedValkey() as server:
        cache = Redis.from_url(server.url())
        news = News(cache)
        async with news.hear("a") as ear:
            await _open(news)
            ear.forget()
            await cache.client_kill_filter(_type="pubsub")

            assert await _rung_within(ear, 5)
            assert ear.sure
        await cache.aclose()


async def _open(news: News) -> None:
    async with asyncio.timeout(2):
        while not news.open:
            await asyncio.sleep(0.01)


async def _rung_within(ear: Ear, seconds: float) -> bool:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await ear.wait(seconds)
    return loop.time() - begun < seconds


async def _listeners(cache: Redis) -> int:
    [(_, count)] = await cache.pubsub_numsub("news")
    return int(count)
