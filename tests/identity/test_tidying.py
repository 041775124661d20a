from datetime import timedelta

import pytest

from identity.models import OneTimeProof, RefreshToken, Session
from identity.refreshing import refresh
from identity.sessions import log_in
from identity.tidying import tidy
from identity.tokens import Audience, TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import NO_CACHE, FakeProvider

pytestmark = pytest.mark.usefixtures("db")


async def test_what_has_had_its_time_goes_and_the_rest_stays(issuer: TokenIssuer) -> None:
    old = await log_in("openid-a", provider=FakeProvider(), issuer=issuer, at=AT)
    await refresh(old.refresh_token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=AT)
    new = await log_in(
        "openid-b", provider=FakeProvider(), issuer=issuer, at=AT + timedelta(days=6)
    )

    await tidy(at=AT + timedelta(days=9))

    assert [token.session_id for token in await RefreshToken.all()] == [new.session_id]
    ended = await Session.get(id=old.session_id)
    assert (ended.ended_because, ended.ended_at) == ("expired", AT + timedelta(days=7))
    assert (await Session.get(id=new.session_id)).ended_at is None


async def test_a_used_code_is_remembered_while_it_could_be_used(issuer: TokenIssuer) -> None:
    await log_in("openid-a", provider=FakeProvider(), issuer=issuer, at=AT)

    await tidy(at=AT + timedelta(days=1))
    assert await OneTimeProof.all().count() == 1

    await tidy(at=AT + timedelta(days=3))
    assert await OneTimeProof.all().count() == 0
