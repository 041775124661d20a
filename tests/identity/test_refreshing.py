import asyncio
from datetime import timedelta

import pytest
from tortoise import connections

from core.models import AuditEntry
from identity.accounts import disable_account
from identity.authentication import SessionEnded, authenticate_resident
from identity.models import Account, RefreshToken, Session
from identity.refreshing import RefreshRefused, RefreshReused, forget_successors, refresh
from identity.sessions import SignedIn, log_in
from identity.tokens import Audience, TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import NO_CACHE, FakeProvider

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def signed_in(db: None, issuer: TokenIssuer) -> SignedIn:
    return await log_in("openid-a", provider=FakeProvider(), issuer=issuer, at=AT)


async def asked_jobs(name: str) -> int:
    rows = await connections.get("default").execute_query_dict(
        "SELECT count(*) AS n FROM procrastinate_jobs WHERE task_name = $1", [name]
    )
    return int(rows[0]["n"])


class TestRefresh:
    async def test_gives_a_new_pair_for_the_same_session(
        self, signed_in: SignedIn, issuer: TokenIssuer
    ) -> None:
        later = AT + timedelta(minutes=9)

        again = await refresh(
            signed_in.refresh_token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=later
        )

        assert again.refresh_token != signed_in.refresh_token
        assert again.session_id == signed_in.session_id
        assert again.refresh_expires_at == AT + timedelta(days=7)
        caller = await authenticate_resident(
            again.access_token, issuer=issuer, states=NO_CACHE, at=later
        )
        assert caller.session_id == signed_in.session_id

    async def test_twenty_at_once_get_the_same_successor(
        self, signed_in: SignedIn, issuer: TokenIssuer
    ) -> None:
        """A09"""
        token = signed_in.refresh_token
        for _ in range(5):
            answers = await asyncio.gather(
                *(
                    refresh(token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=AT)
                    for _ in range(20)
                )
            )
            (token,) = {answer.refresh_token for answer in answers}

        assert await RefreshToken.filter(used_at=None).count() == 1
        assert await RefreshToken.all().count() == 6

    async def test_a_lost_answer_is_given_again_within_thirty_seconds(
        self, signed_in: SignedIn, issuer: TokenIssuer
    ) -> None:
        """A09"""
        lost = await refresh(
            signed_in.refresh_token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=AT
        )

        again = await refresh(
            signed_in.refresh_token,
            Audience.RESIDENT,
            issuer=issuer,
            states=NO_CACHE,
            at=AT + timedelta(seconds=30),
        )

        assert again.refresh_token == lost.refresh_token
        assert (await Session.get()).ended_at is None

    async def test_used_again_later_ends_the_login_and_tells_its_owner(
        self, signed_in: SignedIn, issuer: TokenIssuer
    ) -> None:
        """A08"""
        thief = await refresh(
            signed_in.refresh_token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=AT
        )
        late = AT + timedelta(seconds=31)

        with pytest.raises(RefreshReused):
            await refresh(
                signed_in.refresh_token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=late
            )

        for token in (thief.refresh_token, signed_in.refresh_token):
            with pytest.raises(RefreshRefused):
                await refresh(token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=late)
        with pytest.raises(SessionEnded):
            await authenticate_resident(thief.access_token, issuer=issuer, states=NO_CACHE, at=late)
        assert await AuditEntry.filter(action="session.reused").count() == 1
        assert await asked_jobs("identity.token_reused") == 1

    async def test_seven_days_are_the_end(self, signed_in: SignedIn, issuer: TokenIssuer) -> None:
        end = AT + timedelta(days=7)
        token = signed_in.refresh_token
        for day in range(1, 7):
            pair = await refresh(
                token,
                Audience.RESIDENT,
                issuer=issuer,
                states=NO_CACHE,
                at=AT + timedelta(days=day),
            )
            token = pair.refresh_token

        with pytest.raises(RefreshRefused):
            await refresh(token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=end)

    @pytest.mark.parametrize("token", ["", "x" * 43, "х" * 43, "x" * 100_000])
    async def test_what_we_never_gave_is_refused(self, token: str, issuer: TokenIssuer) -> None:
        with pytest.raises(RefreshRefused):
            await refresh(token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=AT)

    async def test_a_residents_token_gets_no_verifiers_pair(
        self, signed_in: SignedIn, issuer: TokenIssuer
    ) -> None:
        with pytest.raises(RefreshRefused):
            await refresh(
                signed_in.refresh_token, Audience.VERIFIER, issuer=issuer, states=NO_CACHE, at=AT
            )

    async def test_a_disabled_account_gets_none(
        self, signed_in: SignedIn, issuer: TokenIssuer
    ) -> None:
        """A10"""
        account = await Account.get()
        await disable_account(account.id, actor="operator:x", reason="stolen", at=AT)

        with pytest.raises(RefreshRefused):
            await refresh(
                signed_in.refresh_token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=AT
            )

    async def test_the_successor_is_sealed_and_forgotten(
        self, signed_in: SignedIn, issuer: TokenIssuer
    ) -> None:
        pair = await refresh(
            signed_in.refresh_token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=AT
        )
        used = await RefreshToken.get(used_at__isnull=False)
        assert used.successor_sealed is not None
        assert pair.refresh_token.encode() not in used.successor_sealed

        assert await forget_successors(at=AT + timedelta(seconds=31)) == 1

        await used.refresh_from_db()
        assert used.successor_sealed is None
