"""A09: many refreshes with one token at once, over and over: one successor, and one that lives."""

import asyncio

import pytest

from identity.models import RefreshToken, Session
from identity.refreshing import refresh
from identity.session_states import SessionStates
from identity.sessions import SignedIn, log_in
from identity.tokens import Audience, TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import FakeProvider

pytestmark = pytest.mark.usefixtures("db")

AT_ONCE = 20
NO_CACHE = SessionStates(None)


async def test_twenty_refreshes_at_once_have_one_living_successor(issuer: TokenIssuer) -> None:
    """A09, a hundred times."""
    await race(issuer, rounds=100)


@pytest.mark.soak
async def test_twenty_refreshes_at_once_have_one_living_successor_a_thousand_times(
    issuer: TokenIssuer,
) -> None:
    """A09"""
    await race(issuer, rounds=1_000)


async def race(issuer: TokenIssuer, *, rounds: int) -> None:
    signed_in = await log_in("openid-1", provider=FakeProvider(), issuer=issuer, at=AT)
    token = signed_in.refresh_token

    for number in range(1, rounds + 1):
        answers: list[SignedIn] = await asyncio.gather(
            *(
                refresh(token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=AT)
                for _ in range(AT_ONCE)
            )
        )

        assert len({answer.refresh_token for answer in answers}) == 1
        assert await RefreshToken.filter(used_at=None).count() == 1
        assert await RefreshToken.all().count() == number + 1
        token = answers[0].refresh_token

    assert (await Session.get()).ended_at is None
