"""What WeChat does on its worse days: told on demand, each in its own words."""

import json
from hashlib import sha1
from typing import Any

import httpx
import pytest
from wechatpy.crypto import WeChatWxaCrypto

from identity.providers import PhoneProofRejected
from identity.providers.wechat import decrypt_data
from sandbox.city import Person
from sandbox.world import World
from tests.sandbox.conftest import APPID, later
from tests.sandbox.test_faces import check
from tests.sandbox.test_links import ask
from tests.sandbox.test_wechat import (
    API,
    PAID,
    log_in,
    login_code,
    phone_code,
    phone_number,
    send,
    subscribe,
    token,
)


class TestLogin:
    async def test_bound_to_the_open_platform_it_tells_a_unionid(
        self, http: httpx.AsyncClient, world: World, wang: Person, li: Person
    ) -> None:
        """A04: it appears later for a known openid."""
        before = await log_in(http, world, await login_code(http, wang))
        await switch(http, "open_platform")
        after, again, other = [
            await log_in(http, world, await login_code(http, who)) for who in (wang, wang, li)
        ]

        assert "unionid" not in before
        assert after["openid"] == before["openid"]
        assert after["unionid"] == again["unionid"] != other["unionid"]

    async def test_who_is_taken_for_a_risk_is_not_logged_in(
        self, http: httpx.AsyncClient, world: World, wang: Person, li: Person
    ) -> None:
        await switch(http, "high_risk", of=wang.key)

        refused = await log_in(http, world, await login_code(http, wang))

        assert refused["errcode"] == 40226
        assert "openid" in await log_in(http, world, await login_code(http, li))

    @pytest.mark.parametrize(("missing", "errcode"), [("appid", 41002), ("secret", 41004)])
    async def test_what_is_missing_has_a_number_of_its_own(
        self, http: httpx.AsyncClient, world: World, missing: str, errcode: int
    ) -> None:
        assert (await log_in(http, world, "any", **{missing: ""}))["errcode"] == errcode
        assert (await token(http, world, **{missing: ""}))["errcode"] == errcode


class TestTokens:
    async def test_an_older_token_is_new_each_time_and_leaves_the_stable_one_alone(
        self, http: httpx.AsyncClient, world: World
    ) -> None:
        stable = (await token(http, world))["access_token"]
        first, second = [(await classic(http, world))["access_token"] for _ in range(2)]
        at_once = [await errcode_with(http, one) for one in (stable, first, second)]
        later(world, minutes=5, seconds=1)
        afterwards = [await errcode_with(http, one) for one in (stable, first, second)]
        await token(http, world, force_refresh=True)

        assert first != second
        assert at_once == [40029] * 3
        assert afterwards == [40029, 42001, 40029]
        assert await errcode_with(http, second) == 40029

    async def test_what_looks_like_no_token_is_malformed(self, http: httpx.AsyncClient) -> None:
        assert [await errcode_with(http, one) for one in ("guess", "99_guess")] == [40014, 40001]


class TestPhoneNumbers:
    async def test_the_number_that_is_verified_anew_costs_more(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        access = (await token(http, world))["access_token"]
        asked = {"appid": APPID, "realtime": True}
        url = f"/phone/{wang.key}/wechat/phone-code"
        code = (await http.post(url, json=asked)).json()["code"]

        await phone_number(http, access, code)

        assert (await http.get("/book/phone_numbers")).json()[0]["cost_fen"] == 4

    async def test_with_no_balance_the_button_gives_no_code(
        self, http: httpx.AsyncClient, wang: Person
    ) -> None:
        await switch(http, "no_balance")
        url = f"/phone/{wang.key}/wechat/phone-code"

        reply = await http.post(url, json={"appid": APPID})
        await switch(http, "no_balance", on=False)

        assert reply.json()["errCode"] == 1400001
        assert await phone_code(http, wang)


class TestEncryptedData:
    async def test_wechatpy_and_the_product_open_it_with_the_session_key(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        session = await log_in(http, world, await login_code(http, wang))

        sealed = await given(http, wang, "encrypted-phone-number")

        key, iv = session["session_key"], sealed["iv"]
        opened = WeChatWxaCrypto(key, iv, APPID).decrypt_message(sealed["encryptedData"])
        own = decrypt_data(sealed["encryptedData"], iv=iv, session_key=key, appid=APPID)
        assert opened == own
        assert own["purePhoneNumber"] == wang.phone
        assert own["watermark"]["appid"] == APPID

    async def test_a_login_in_between_leaves_the_older_key_with_nothing(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        session = await log_in(http, world, await login_code(http, wang))
        await login_code(http, wang)

        sealed = await given(http, wang, "encrypted-phone-number")
        checked = await check(http, world, session)

        assert checked["errcode"] == 87009
        with pytest.raises(PhoneProofRejected):
            decrypt_data(
                sealed["encryptedData"],
                iv=sealed["iv"],
                session_key=session["session_key"],
                appid=APPID,
            )

    async def test_raw_data_is_signed_with_the_session_key_behind_it(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        session = await log_in(http, world, await login_code(http, wang))

        told = await given(http, wang, "profile")

        signed = told["rawData"] + session["session_key"]
        assert told["signature"] == sha1(signed.encode(), usedforsecurity=False).hexdigest()
        assert "openId" not in json.loads(told["rawData"])


class TestSubscribeMessages:
    async def test_a_banned_template_is_answered_so_and_grants_nothing(
        self, http: httpx.AsyncClient, wang: Person
    ) -> None:
        await switch(http, "banned", of="paid")

        answers = await subscribe(http, wang, "paid", "checked")

        assert answers == {"paid": "ban", "checked": "accept"}
        consents = (await http.get("/book/consents")).json()
        assert [consent["template_id"] for consent in consents] == ["checked"]

    async def test_with_the_main_switch_off_nobody_is_asked(
        self, http: httpx.AsyncClient, wang: Person
    ) -> None:
        await switch(http, "main_switch_off", of=wang.key)

        assert (await subscribe(http, wang, "paid"))["errCode"] == 20004
        assert (await http.get("/book/consents")).json() == []

    async def test_four_templates_are_too_many_for_one_prompt(
        self, http: httpx.AsyncClient, wang: Person
    ) -> None:
        reply = await subscribe(http, wang, "paid", "checked", "paid", "checked")

        assert reply["errCode"] == 20003

    @pytest.mark.parametrize(
        ("missing", "errcode"), [("touser", 40003), ("template_id", 40037), ("data", 47003)]
    )
    async def test_a_missing_field_is_one_that_does_not_hold(
        self, http: httpx.AsyncClient, world: World, wang: Person, missing: str, errcode: int
    ) -> None:
        message = {"touser": world.identities.openid(wang, APPID)} | PAID
        message.pop(missing)

        reply = await ask(http, world, "/cgi-bin/message/subscribe/send", message)

        assert reply.json()["errcode"] == errcode

    async def test_what_was_taken_may_fail_afterwards_and_only_the_event_tells(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        await subscribe(http, wang, "paid")
        (await http.post("/control/wechat/sent-results", json={"error_code": 20001})).json()

        sent = await send(http, world, wang, PAID)

        (row,) = (await http.get("/book/messages")).json()
        assert (sent["errcode"], row["error_code"]) == (0, "20001")
        assert (await http.get(f"/phone/{wang.key}/wechat/messages")).json() == []


class TestLinks:
    async def test_a_scheme_not_said_to_expire_lives_for_thirty_days(
        self, http: httpx.AsyncClient, world: World
    ) -> None:
        asked = {"expire_type": 1, "expire_interval": 2}
        link = (await ask(http, world, "/wxa/generatescheme", asked)).json()["openlink"]
        later(world, days=29)

        assert "path" in await given_link(http, link)

    async def test_a_day_has_so_many_openings(self, http: httpx.AsyncClient, world: World) -> None:
        link = (await ask(http, world, "/wxa/generate_urllink", {})).json()["url_link"]
        quota = {"api": "opens of schemes and links", "per_day": 1}
        (await http.post("/control/wechat/quota", json=quota)).raise_for_status()

        first, second = [await given_link(http, link) for _ in range(2)]

        assert "path" in first
        assert "too often" in second["errMsg"]


async def switch(http: httpx.AsyncClient, what: str, **asked: Any) -> None:
    reply = await http.post("/control/wechat/switch", json={"what": what} | asked)
    reply.raise_for_status()


async def classic(http: httpx.AsyncClient, world: World) -> dict[str, Any]:
    given = {"appid": APPID, "secret": world.keys.wechat_secret}
    params = given | {"grant_type": "client_credential"}
    told = dict((await http.get(f"{API}/cgi-bin/token", params=params)).json())
    assert told["expires_in"] == 7200
    return told


async def errcode_with(http: httpx.AsyncClient, access_token: str) -> int:
    return int((await phone_number(http, access_token, "none"))["errcode"])


async def given(http: httpx.AsyncClient, person: Person, what: str) -> dict[str, Any]:
    url = f"/phone/{person.key}/wechat/{what}"
    return dict((await http.post(url, json={"appid": APPID})).json())


async def given_link(http: httpx.AsyncClient, link: str) -> dict[str, Any]:
    asked = {"appid": APPID, "link": link}
    return dict((await http.post("/phone/wang-guilan/wechat/open-link", json=asked)).json())
