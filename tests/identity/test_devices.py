"""Where a person is signed in, across their accounts, and when they are told of it."""

from datetime import datetime, timedelta

import pytest

from core.sealing import Vault
from identity.authentication import SessionEnded, authenticate_resident
from identity.callers import Caller
from identity.devices import end_other_logins, list_devices
from identity.login_devices import DeviceHint, forget_devices
from identity.models import LoginDevice
from identity.refreshing import refresh
from identity.sessions import SessionNotFound, SignedIn, end_session, log_in
from identity.tokens import Audience, TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import (
    NO_CACHE,
    FakeAlipay,
    FakeProvider,
    caller_of,
    real_name_account,
)
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")

WANG, ALIPAY = "330100195103089023", "2021000000000001"
OLD_PHONE = DeviceHint(id="0123456789abcdef", name="HUAWEI\u202e Mate 60", platform="harmony")
NEW_PHONE = DeviceHint(id="fedcba9876543210", name="Redmi", platform="android")


@pytest.fixture(autouse=True)
async def wang(db: None, vault: Vault) -> None:
    for provider, appid in (("wechat", "wx-1"), ("alipay", ALIPAY)):
        await real_name_account(
            name="王桂兰", id_number=WANG, vault=vault, provider=provider, appid=appid
        )


async def sign_in(
    issuer: TokenIssuer,
    code: str = "openid-wang",
    *,
    device: DeviceHint | None = OLD_PHONE,
    alipay: bool = False,
    at: datetime = AT,
) -> SignedIn:
    provider = FakeAlipay(ALIPAY) if alipay else FakeProvider()
    return await log_in(code, provider=provider, issuer=issuer, device=device, at=at)


async def caller(pair: SignedIn) -> Caller:
    return await caller_of(pair, at=AT)


async def told() -> int:
    return len(await jobs_asked("identity.signed_in_elsewhere"))


class TestList:
    async def test_shows_the_devices_of_all_the_persons_accounts(self, issuer: TokenIssuer) -> None:
        await sign_in(issuer, alipay=True, device=NEW_PHONE)
        here = await caller(await sign_in(issuer))

        devices = await list_devices(here, at=AT)

        assert [(one.provider, one.name, one.platform, one.current) for one in devices] == [
            ("wechat", "HUAWEI Mate 60", "harmony", True),
            ("alipay", "Redmi", "android", False),
        ]

    async def test_says_when_a_device_was_last_seen_to_the_hour(self, issuer: TokenIssuer) -> None:
        pair = await sign_in(issuer)
        here, token, seen = await caller(pair), pair.refresh_token, []

        for minutes in (10, 50, 70):
            at = AT + timedelta(minutes=minutes)
            pair = await refresh(token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=at)
            token = pair.refresh_token
            seen.append((await list_devices(here, at=at))[0].seen_at)

        assert seen == [AT, AT, AT + timedelta(minutes=70)]

    async def test_of_somebody_unproved_shows_the_account_alone(self, issuer: TokenIssuer) -> None:
        await sign_in(issuer, "openid-other")
        here = await caller(await sign_in(issuer, "openid-nobody"))

        assert len(await list_devices(here, at=AT)) == 1


class TestEnding:
    async def test_ends_one_on_another_channel(self, issuer: TokenIssuer) -> None:
        there = await sign_in(issuer, alipay=True)
        here = await caller(await sign_in(issuer))

        await end_session(there.session_id, caller=here, states=NO_CACHE, at=AT)

        with pytest.raises(SessionEnded):
            await authenticate_resident(there.access_token, issuer=issuer, states=NO_CACHE, at=AT)

    async def test_ends_all_others_and_not_this_one(self, issuer: TokenIssuer) -> None:
        """A10: also on the person's other channels, and nobody else's."""
        others = [await sign_in(issuer, alipay=True), await sign_in(issuer, "openid-wang#2")]
        stranger, pair = await sign_in(issuer, "openid-x"), await sign_in(issuer, "openid-wang#3")

        ended = await end_other_logins(await caller(pair), states=NO_CACHE, at=AT)

        assert ended == 2
        for other in others:
            with pytest.raises(SessionEnded):
                await authenticate_resident(
                    other.access_token, issuer=issuer, states=NO_CACHE, at=AT
                )
        for kept in (pair, stranger):
            await authenticate_resident(kept.access_token, issuer=issuer, states=NO_CACHE, at=AT)

    async def test_never_ends_a_strangers(self, issuer: TokenIssuer) -> None:
        stranger = await sign_in(issuer, "openid-x")
        here = await caller(await sign_in(issuer))

        with pytest.raises(SessionNotFound):
            await end_session(stranger.session_id, caller=here, states=NO_CACHE, at=AT)


class TestNotice:
    async def test_is_not_given_of_the_first_login_nor_of_each_tap_on_one_device(
        self, issuer: TokenIssuer
    ) -> None:
        for tap in range(3):
            await sign_in(issuer, f"openid-wang#{tap}")

        assert await told() == 0

    async def test_is_given_of_a_device_that_none_of_the_persons_accounts_was_on(
        self, issuer: TokenIssuer
    ) -> None:
        await sign_in(issuer)

        await sign_in(issuer, alipay=True, device=NEW_PHONE)
        await sign_in(issuer, "openid-wang#2", device=NEW_PHONE)

        assert await told() == 1

    async def test_without_a_device_goes_by_the_account(self, issuer: TokenIssuer) -> None:
        await sign_in(issuer, device=None)
        await sign_in(issuer, "openid-wang#2", device=None)
        assert await told() == 0

        await sign_in(issuer, alipay=True, device=None)
        assert await told() == 1

    async def test_is_given_again_when_the_device_was_away_for_half_a_year(
        self, issuer: TokenIssuer
    ) -> None:
        later = AT + timedelta(days=181)
        await sign_in(issuer)
        await sign_in(issuer, "openid-wang#2", device=NEW_PHONE, at=later - timedelta(days=1))

        await sign_in(issuer, "openid-wang#3", at=later)

        assert await told() == 2
        assert await forget_devices(at=later) == 1

    async def test_is_never_about_an_account_that_is_nobodys(self, issuer: TokenIssuer) -> None:
        await sign_in(issuer, "openid-x")
        await sign_in(issuer, "openid-x#2", device=NEW_PHONE)

        assert await told() == 0
        assert await LoginDevice.all().count() == 2
