from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar
from redis.asyncio import Redis

from tests.web import sample


@pytest.fixture
def app(cache: Redis) -> Litestar:
    return sample.make_app(cache)


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Nobody signed in. What crashes inside is an answer here, as it is outside."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://zb.test") as client:
        yield client
