"""A10: whatever ends a session is refused within five seconds, with the cache or without it."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from redis.asyncio import Redis

from app.embedded.valkey import EmbeddedValkey
from core.errors import NotSignedIn
from identity.accounts import disable_account
from identity.authentication import authenticate_resident
from identity.callers import Caller
from identity.models import Account, Session
from identity.session_states import SessionStates
from identity.sessions import SignedIn, log_in, log_out
from identity.tokens import TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import FakeProvider, caller_of

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def signed_in(db: None, issuer: TokenIssuer) -> SignedIn:
    return await log_in("openid-a", provider=FakeProvider(), issuer=issuer, at=AT)


@pytest.fixture
def ask(signed_in: SignedIn, issuer: TokenIssuer) -> Callable[[SessionStates], Awaitable[Caller]]:
    async def ask(states: SessionStates) -> Caller:
        return await authenticate_resident(
            signed_in.access_token, issuer=issuer, states=states, at=AT
        )

    return ask


Ask = Callable[[SessionStates], Awaitable[Caller]]


async def account_id() -> UUID:
    return (await Account.get()).id


class TestWithTheCache:
    async def test_a_logout_is_felt_at_once_in_every_process(
        self, cache: Redis, signed_in: SignedIn, ask: Ask
    ) -> None:
        one, other = SessionStates(cache), SessionStates(cache)
        caller = await ask(one)
        await ask(other)

        await log_out(caller, states=one, at=AT)

        for states in (one, other):
            with pytest.raises(NotSignedIn):
                await ask(states)

    async def test_a_copy_lasts_four_seconds_when_nobody_says_anything(
        self, cache: Redis, signed_in: SignedIn, ask: Ask
    ) -> None:
        states = SessionStates(cache)
        await ask(states)
        await disable_account(await account_id(), actor="operator:x", reason="stolen", at=AT)

        (name,) = await cache.keys("identity:session:*")

        assert 0 < await cache.pttl(name) <= 4000
        await cache.delete(name)  # what the cache does by itself then
        with pytest.raises(NotSignedIn):
            await ask(states)

    async def test_a_copy_saves_the_database(self, cache: Redis, ask: Ask) -> None:
        states = SessionStates(cache)
        await ask(states)
        await Session.all().update(ended_at=AT)

        assert (await ask(states)).provider == "wechat"

    async def test_a_copy_of_another_version_is_read_again(
        self, cache: Redis, signed_in: SignedIn, ask: Ask
    ) -> None:
        await cache.set(f"identity:session:{signed_in.session_id}", b"\x81\xa1x\x01", ex=4)

        assert (await ask(SessionStates(cache))).session_id == signed_in.session_id


class TestWithoutTheCache:
    async def test_a_dead_cache_means_reading_the_database(
        self, signed_in: SignedIn, ask: Ask
    ) -> None:
        with EmbeddedValkey() as server:
            url = server.url()
        async with Redis.from_url(url) as dead:
            states = SessionStates(dead)
            began = time.monotonic()
            caller = await ask(states)
            await log_out(caller, states=states, at=AT)

            with pytest.raises(NotSignedIn):
                await ask(states)

        assert time.monotonic() - began < 3

    async def test_an_account_with_a_new_epoch_is_refused_its_old_tokens(self, ask: Ask) -> None:
        await Account.all().update(epoch=1)

        with pytest.raises(NotSignedIn):
            await ask(SessionStates(None))

    async def test_a_session_past_its_end_is_refused(
        self, signed_in: SignedIn, issuer: TokenIssuer, ask: Ask
    ) -> None:
        await Session.all().update(expires_at=AT - timedelta(seconds=1))

        with pytest.raises(NotSignedIn):
            await ask(SessionStates(None))

    async def test_the_caller_is_the_one_who_tapped(self, signed_in: SignedIn, ask: Ask) -> None:
        assert await ask(SessionStates(None)) == await caller_of(signed_in, at=AT)
