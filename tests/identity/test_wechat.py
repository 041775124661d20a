import asyncio
import json
import logging
from collections.abc import Callable

import httpx
import pytest
from msgspec.structs import asdict
from redis.asyncio import Redis
from wechatpy.crypto import WeChatWxaCrypto

from app.embedded.valkey import EmbeddedValkey
from core.errors import DomainError
from core.wire import NoAnswer
from identity.models import Account, Session
from identity.providers import (
    CodeUsed,
    IdentityProvider,
    LoginCodeRejected,
    LoginRefused,
    PhoneProofRejected,
    ProviderFailed,
    Subject,
)
from identity.providers.wechat import WechatProvider, decrypt_data
from identity.providers.wechat_token import WechatToken
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from tests.conftest import AT
from tests.data import vectors

SECRET, CANARY = "app-secret-canary", "c2Vzc2lvbi1rZXktY2FuYXJ5"  # a session_key, 16 bytes
Handle = Callable[[httpx.Request], httpx.Response]


class FakeWechat:
    """The platform's three calls, as documented. Tokens are t1, t2, …; all but the newest stale."""

    def __init__(self, session: object = None, phone: object = None) -> None:
        self.session = session or {"openid": "o-1", "session_key": CANARY}
        self.phone = phone or {
            "errcode": 0,
            "phone_info": {
                "phoneNumber": "+8613800000000",
                "purePhoneNumber": "13800000000",
                "countryCode": 86,
                "watermark": {"timestamp": 1, "appid": "wx-1"},
            },
        }
        self.fetched = 0
        self.expired = False
        self.asked: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path == "/sns/jscode2session":
            return self._reply(self.session)
        if request.url.path == "/cgi-bin/stable_token":
            if self.expired:
                self.fetched, self.expired = self.fetched + 1, False
            self.fetched = max(self.fetched, 1)
            await asyncio.sleep(0.02)
            return self._reply({"access_token": f"t{self.fetched}", "expires_in": 7200})
        if self.expired or request.url.params["access_token"] != f"t{self.fetched}":
            return self._reply({"errcode": 40001, "errmsg": "rid: 1"})
        return self._reply(self.phone)

    def _reply(self, body: object) -> httpx.Response:
        if isinstance(body, Exception):
            raise body
        if isinstance(body, httpx.Response):
            return body
        return httpx.Response(200, text=json.dumps(body), headers={"Content-Type": "text/plain"})

    def fetches(self) -> int:
        return sum(request.url.path == "/cgi-bin/stable_token" for request in self.asked)


def provider_of(wechat: FakeWechat, cache: Redis) -> WechatProvider:
    client = httpx.AsyncClient(
        transport=httpx.MockTransport(wechat), base_url="https://api.weixin.test"
    )
    token = WechatToken(client, cache, appid="wx-1", secret=SECRET)
    return WechatProvider(client, appid="wx-1", secret=SECRET, token=token)


class TestExchange:
    async def test_a_code_becomes_an_openid(self, cache: Redis) -> None:
        wechat = FakeWechat({"openid": "o-1", "unionid": "u-1", "session_key": CANARY})
        provider = provider_of(wechat, cache)

        assert await provider.exchange("code", at=AT) == Subject("o-1", "u-1")
        assert isinstance(provider, IdentityProvider)
        assert dict(wechat.asked[0].url.params) == {
            "appid": "wx-1",
            "secret": SECRET,
            "js_code": "code",
            "grant_type": "authorization_code",
        }
        assert wechat.fetches() == 0

    @pytest.mark.parametrize(
        ("answer", "refusal"),
        [
            ({"errcode": 40029}, LoginCodeRejected),
            ({"errcode": 40163}, CodeUsed),
            ({"errcode": 40226}, LoginRefused),
            ({"errcode": 45011}, ProviderFailed),
            ({"errcode": -1, "errmsg": "system error"}, ProviderFailed),
            ({"errcode": 40125}, ProviderFailed),
            ({}, ProviderFailed),
            ([], ProviderFailed),
            (httpx.Response(502), ProviderFailed),
            (httpx.Response(200, text="<html>"), ProviderFailed),
            (httpx.ReadTimeout("slow"), ProviderFailed),
        ],
    )
    async def test_each_failure_is_a_refusal_without_a_secret(
        self,
        answer: object,
        refusal: type[DomainError],
        cache: Redis,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """A05"""
        caplog.set_level(logging.DEBUG)
        wechat = FakeWechat()
        wechat.session = answer

        with pytest.raises(refusal) as refused:
            await provider_of(wechat, cache).exchange("code", at=AT)

        assert SECRET not in f"{refused.value!r}{refused.value.__cause__!r}{caplog.text}"
        assert refused.value.__suppress_context__ or refused.value.__context__ is None

    @pytest.mark.usefixtures("db")
    async def test_the_session_key_stays_nowhere(
        self, cache: Redis, issuer: TokenIssuer, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A02"""
        caplog.set_level(logging.DEBUG)

        signed_in = await log_in(
            "code", provider=provider_of(FakeWechat(), cache), issuer=issuer, at=AT
        )

        kept = [await Account.all().values(), await Session.all().values(), asdict(signed_in)]
        kept += [[await cache.get(name) for name in await cache.keys("*")], caplog.text]
        assert CANARY not in repr(kept)


class TestReadPhone:
    async def test_the_number_of_who_asks(self, cache: Redis) -> None:
        wechat = FakeWechat()

        phone = await provider_of(wechat, cache).read_phone("code", subject="o-1", at=AT)

        assert phone == "13800000000"
        assert json.loads(wechat.asked[-1].content) == {"code": "code", "openid": "o-1"}

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"errcode": 40029}, PhoneProofRejected),
            ({"errcode": 45011}, ProviderFailed),
            ({"errcode": 0}, PhoneProofRejected),
        ],
    )
    async def test_refusals(
        self, change: dict[str, int], refusal: type[DomainError], cache: Redis
    ) -> None:
        with pytest.raises(refusal):
            await provider_of(FakeWechat(phone=change), cache).read_phone(
                "code", subject="o-1", at=AT
            )

    @pytest.mark.parametrize(("appid", "country"), [("wx-2", "86"), ("wx-1", "852")])
    async def test_another_apps_answer_and_a_foreign_number_are_refused(
        self, appid: str, country: str, cache: Redis
    ) -> None:
        info = {
            "purePhoneNumber": "1",
            "countryCode": country,
            "watermark": {"timestamp": 1, "appid": appid},
        }
        wechat = FakeWechat(phone={"errcode": 0, "phone_info": info})

        with pytest.raises(PhoneProofRejected):
            await provider_of(wechat, cache).read_phone("code", subject="o-1", at=AT)


class TestToken:
    async def test_four_processes_fetch_it_once(self, valkey: EmbeddedValkey, cache: Redis) -> None:
        wechat = FakeWechat()
        others = [Redis.from_url(valkey.url()) for _ in range(4)]
        providers = [provider_of(wechat, other) for other in others]

        await asyncio.gather(
            *(p.read_phone("code", subject="o-1", at=AT) for p in providers for _ in range(5))
        )

        assert wechat.fetches() == 1
        wechat.expired = True
        await asyncio.gather(
            *(p.read_phone("code", subject="o-1", at=AT) for p in providers for _ in range(5))
        )
        assert wechat.fetches() == 2
        for other in others:
            await other.aclose()

    async def test_a_token_refused_twice_is_a_failure_and_no_loop(self, cache: Redis) -> None:
        wechat = FakeWechat(phone={"errcode": 40001})

        with pytest.raises(ProviderFailed):
            await provider_of(wechat, cache).read_phone("code", subject="o-1", at=AT)

        assert len(wechat.asked) == 4  # token, call, token, call

    async def test_without_the_cache_each_process_has_its_own(self) -> None:
        with EmbeddedValkey() as server:
            url = server.url()
        wechat = FakeWechat()
        async with Redis.from_url(url) as dead:
            provider = provider_of(wechat, dead)
            for _ in range(3):
                await provider.read_phone("code", subject="o-1", at=AT)

        assert wechat.fetches() == 1

    async def test_bad_credentials_give_no_answer(self, cache: Redis) -> None:
        def refuse(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json={"errcode": 40125})

        client = httpx.AsyncClient(
            transport=httpx.MockTransport(refuse), base_url="https://api.weixin.test"
        )
        with pytest.raises(NoAnswer, match="40125"):
            await WechatToken(client, cache, appid="wx-1", secret=SECRET).get()


class TestDecryptData:
    V = vectors("identity_vectors")["wechat_encrypted_data"]

    def test_opens_the_published_example_as_wechatpy_does(self) -> None:
        v = self.V

        data = decrypt_data(
            v["encryptedData"], iv=v["iv"], session_key=v["session_key"], appid=v["appid"]
        )

        assert v["expect"].items() <= data.items()
        peer = WeChatWxaCrypto(v["session_key"], v["iv"], v["appid"])
        assert data == peer.decrypt_message(v["encryptedData"])

    @pytest.mark.parametrize(
        "change",
        [
            {"appid": "wx-other"},
            {"session_key": "AAAAAAAAAAAAAAAAAAAAAA=="},
            {"iv": "short"},
            {"encrypted": "AAAA"},
            {"encrypted": "!"},
        ],
    )
    def test_refuses_what_is_not_this_apps(self, change: dict[str, str]) -> None:
        v = self.V
        given = {
            "encrypted": v["encryptedData"],
            "iv": v["iv"],
            "session_key": v["session_key"],
            "appid": v["appid"],
        } | change

        with pytest.raises(PhoneProofRejected):
            decrypt_data(given.pop("encrypted"), **given)
