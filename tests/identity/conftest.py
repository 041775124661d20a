from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from app.embedded.valkey import EmbeddedValkey
from identity.tokens import TokenIssuer
from tests.fakes.identity import make_issuer


@pytest.fixture(scope="session")
def valkey() -> Iterator[EmbeddedValkey]:
    """A real Valkey, made for this run."""
    with EmbeddedValkey() as server:
        yield server


@pytest.fixture
async def cache(valkey: EmbeddedValkey) -> AsyncIterator[Redis]:
    async with Redis.from_url(valkey.url()) as cache:
        await cache.flushall()
        yield cache


@pytest.fixture(scope="session")
def issuer() -> TokenIssuer:
    return make_issuer()
