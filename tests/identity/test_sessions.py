import asyncio
from datetime import timedelta

import pytest

from core.models import AuditEntry
from identity.accounts import disable_account
from identity.authentication import SessionEnded, authenticate_resident
from identity.devices import list_devices
from identity.models import Account, OneTimeProof, RefreshToken, Session
from identity.providers import CodeUsed, LoginCodeRejected, ProviderFailed
from identity.sessions import (
    AccountDisabled,
    SessionNotFound,
    SignedIn,
    end_session,
    log_in,
    log_out,
)
from identity.tokens import TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import NO_CACHE, FakeAlipay, FakeProvider, caller_of

pytestmark = pytest.mark.usefixtures("db")


class TestLogIn:
    async def test_the_first_tap_opens_an_account_and_the_second_finds_it(
        self, issuer: TokenIssuer
    ) -> None:
        provider = FakeProvider()

        first = await log_in("openid-a#1", provider=provider, issuer=issuer, at=AT)
        second = await log_in("openid-a#2", provider=provider, issuer=issuer, at=AT)

        assert await Account.all().count() == 1
        assert first.session_id != second.session_id
        assert (first.level, first.party_id) == (0, None)
        assert first.refresh_expires_at == AT + timedelta(days=7)
        assert await AuditEntry.filter(action="session.start").count() == 2

    async def test_a_code_sent_twice_at_once_makes_one_session(self, issuer: TokenIssuer) -> None:
        """A01"""
        provider = FakeProvider()

        answers = await asyncio.gather(
            *(log_in("openid-a", provider=provider, issuer=issuer, at=AT) for _ in range(8)),
            return_exceptions=True,
        )

        assert sum(isinstance(answer, SignedIn) for answer in answers) == 1
        assert sum(isinstance(answer, CodeUsed) for answer in answers) == 7
        assert await Session.all().count() == await Account.all().count() == 1
        assert provider.exchanged == ["openid-a"]

    async def test_two_first_taps_at_once_open_one_account(self, issuer: TokenIssuer) -> None:
        """A01"""
        provider = FakeProvider()

        await asyncio.gather(
            *(log_in(f"openid-a#{n}", provider=provider, issuer=issuer, at=AT) for n in range(8))
        )

        assert (await Account.all().count(), await Session.all().count()) == (1, 8)

    async def test_one_openid_in_two_apps_is_two_accounts(self, issuer: TokenIssuer) -> None:
        """A03"""
        for provider in (FakeProvider("wx-1"), FakeProvider("wx-2"), FakeAlipay("wx-1")):
            await log_in("openid-a", provider=provider, issuer=issuer, at=AT)

        assert await Account.filter(subject="openid-a").count() == 3

    async def test_a_provider_that_fails_leaves_nothing_and_the_code_may_be_sent_again(
        self, issuer: TokenIssuer
    ) -> None:
        """A05"""
        provider = FakeProvider(fails=1)

        with pytest.raises(ProviderFailed):
            await log_in("openid-a", provider=provider, issuer=issuer, at=AT)
        assert await Account.all().count() == await OneTimeProof.all().count() == 0

        await log_in("openid-a", provider=provider, issuer=issuer, at=AT)
        assert await Account.all().count() == 1

    async def test_a_code_the_provider_does_not_know_opens_nothing(
        self, issuer: TokenIssuer
    ) -> None:
        """A05"""
        with pytest.raises(LoginCodeRejected):
            await log_in("nonsense", provider=FakeProvider(), issuer=issuer, at=AT)

        assert await Account.all().count() == 0

    async def test_a_disabled_account_does_not_get_in(self, issuer: TokenIssuer) -> None:
        provider = FakeProvider()
        await log_in("openid-a#1", provider=provider, issuer=issuer, at=AT)
        account = await Account.get()
        await disable_account(account.id, actor="operator:x", reason="stolen", at=AT)

        with pytest.raises(AccountDisabled):
            await log_in("openid-a#2", provider=provider, issuer=issuer, at=AT)

    async def test_no_token_is_kept_in_the_clear(self, issuer: TokenIssuer) -> None:
        signed_in = await log_in("openid-a", provider=FakeProvider(), issuer=issuer, at=AT)

        row = await RefreshToken.get()
        assert signed_in.refresh_token not in (row.token_hash, str(row.id))
        assert signed_in.refresh_token not in repr(signed_in)


class TestLogOut:
    async def test_ends_this_login_and_what_was_taken_up_from_it(self, issuer: TokenIssuer) -> None:
        """A10"""
        provider = FakeProvider()
        here = await log_in("openid-a#1", provider=provider, issuer=issuer, at=AT)
        there = await log_in("openid-a#2", provider=provider, issuer=issuer, at=AT)
        caller = await caller_of(here, at=AT)

        await log_out(caller, states=NO_CACHE, at=AT)
        await log_out(caller, states=NO_CACHE, at=AT)

        with pytest.raises(SessionEnded):
            await authenticate_resident(here.access_token, issuer=issuer, states=NO_CACHE, at=AT)
        still = await authenticate_resident(
            there.access_token, issuer=issuer, states=NO_CACHE, at=AT
        )
        assert still.session_id == there.session_id

    async def test_another_device_is_signed_out_by_its_owner_only(
        self, issuer: TokenIssuer
    ) -> None:
        provider = FakeProvider()
        here = await log_in("openid-a#1", provider=provider, issuer=issuer, at=AT)
        there = await log_in("openid-a#2", provider=provider, issuer=issuer, at=AT)
        stranger = await log_in("openid-b", provider=provider, issuer=issuer, at=AT)
        caller = await caller_of(here, at=AT)

        with pytest.raises(SessionNotFound):
            await end_session(stranger.session_id, caller=caller, states=NO_CACHE, at=AT)
        await end_session(there.session_id, caller=caller, states=NO_CACHE, at=AT)

        assert [device.id for device in await list_devices(caller, at=AT)] == [here.session_id]
