import asyncio

from web.waiting import wait_for_change


class _News:
    def __init__(self, *, after_asking: int) -> None:
        self.asked = 0
        self._after = after_asking

    async def poll(self) -> str | None:
        self.asked += 1
        return "news" if self.asked > self._after else None


async def test_news_that_is_there_is_answered_at_once() -> None:
    news = _News(after_asking=0)

    assert await wait_for_change(news.poll, 25) == "news"
    assert news.asked == 1


async def test_news_that_comes_is_answered_when_it_comes() -> None:
    news = _News(after_asking=3)

    assert await wait_for_change(news.poll, 5, every=0.01) == "news"


async def test_no_news_is_answered_when_the_time_is_up() -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()

    answer = await wait_for_change(_News(after_asking=1000).poll, 0.2, every=0.05)

    assert answer is None
    assert 0.2 <= loop.time() - started < 2
