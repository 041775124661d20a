from typing import Any

import httpx
import pytest

from sandbox.city import Person
from sandbox.world import World
from tests.sandbox.conftest import APPID, later

API = "/api.weixin.qq.com"


class TestLogin:
    async def test_a_code_gives_the_openid_of_this_app(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        reply = await log_in(http, world, await login_code(http, wang))

        assert reply["openid"] == world.identities.openid(wang, APPID)
        assert len(reply["openid"]) == 28
        assert reply["session_key"]

    async def test_a_code_works_once(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        code = await login_code(http, wang)
        await log_in(http, world, code)

        assert (await log_in(http, world, code))["errcode"] == 40163

    async def test_a_code_dies_after_five_minutes(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        code = await login_code(http, wang)
        later(world, minutes=5, seconds=1)

        assert (await log_in(http, world, code))["errcode"] == 40029

    @pytest.mark.parametrize(
        ("changed", "errcode"),
        [
            ({"appid": "wxother"}, 40013),
            ({"secret": "guess"}, 40125),
            ({"js_code": "guess"}, 40029),
            ({"grant_type": "guess"}, 40002),
        ],
    )
    async def test_anything_else_is_refused_with_the_real_errcode(
        self, http: httpx.AsyncClient, world: World, changed: dict[str, str], errcode: int
    ) -> None:
        assert (await log_in(http, world, "any", **changed))["errcode"] == errcode

    async def test_a_phone_without_wechat_gives_no_code(self, http: httpx.AsyncClient) -> None:
        reply = await http.post("/phone/zhao-de/wechat/login-code", json={"appid": APPID})

        assert reply.status_code == 409


class TestStableToken:
    async def test_whoever_asks_gets_the_same(self, http: httpx.AsyncClient, world: World) -> None:
        first, second = await token(http, world), await token(http, world)

        assert first["access_token"] == second["access_token"]
        assert 7190 <= second["expires_in"] <= 7200

    async def test_in_its_last_five_minutes_a_new_one_is_given_and_both_work(
        self, http: httpx.AsyncClient, world: World
    ) -> None:
        old = (await token(http, world))["access_token"]
        later(world, minutes=116)

        new = (await token(http, world))["access_token"]

        assert new != old
        for each in (old, new):
            assert (await phone_number(http, each, "none"))["errcode"] == 40029

    async def test_a_forced_one_kills_the_others_at_once(
        self, http: httpx.AsyncClient, world: World
    ) -> None:
        old = (await token(http, world))["access_token"]

        new = (await token(http, world, force_refresh=True))["access_token"]

        assert (await phone_number(http, old, "none"))["errcode"] == 40001
        assert (await token(http, world))["access_token"] == new
        assert (await token(http, world, force_refresh=True))["errcode"] == 45011

    async def test_an_old_one_expires(self, http: httpx.AsyncClient, world: World) -> None:
        old = (await token(http, world))["access_token"]
        later(world, hours=2)

        assert (await phone_number(http, old, "none"))["errcode"] == 42001
        assert (await phone_number(http, "", "none"))["errcode"] == 41001


class TestPhoneNumber:
    async def test_a_code_gives_the_number_once_and_costs(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        access = (await token(http, world))["access_token"]
        code = await phone_code(http, wang)

        told = await phone_number(http, access, code, world.identities.openid(wang, APPID))
        again = await phone_number(http, access, code)

        assert told["phone_info"]["purePhoneNumber"] == wang.phone
        assert told["phone_info"]["watermark"]["appid"] == APPID
        assert again["errcode"] == 40029
        row = (await http.get("/book/phone_numbers")).json()[0]
        assert (row["calls"], row["cost_fen"]) == (2, 3)

    async def test_somebody_elses_openid_gets_nothing_and_spends_nothing(
        self, http: httpx.AsyncClient, world: World, wang: Person, li: Person
    ) -> None:
        access = (await token(http, world))["access_token"]
        code = await phone_code(http, wang)

        other = await phone_number(http, access, code, world.identities.openid(li, APPID))
        own = await phone_number(http, access, code)

        assert other["errcode"] == 40029
        assert own["errcode"] == 0

    async def test_a_login_code_is_no_phone_code(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        access = (await token(http, world))["access_token"]

        reply = await phone_number(http, access, await login_code(http, wang))

        assert reply["errcode"] == 40029


class TestSubscribeMessages:
    async def test_each_accept_is_good_for_one_message(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        await subscribe(http, wang, "paid")
        await subscribe(http, wang, "paid")

        errcodes = [(await send(http, world, wang, PAID))["errcode"] for _ in range(3)]

        assert errcodes == [0, 0, 43101]
        received = (await http.get("/phone/wang-guilan/wechat/messages")).json()
        assert [message["data"]["thing1"] for message in received] == ["不动产登记费"] * 2

    async def test_a_long_term_accept_is_good_for_many_until_withdrawn(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        await subscribe(http, wang, "policy")
        sent = [(await send(http, world, wang, POLICY))["errcode"] for _ in range(3)]
        await subscribe(http, wang, "policy", answer="reject")

        assert sent == [0, 0, 0]
        assert (await send(http, world, wang, POLICY))["errcode"] == 43101

    async def test_kinds_are_not_mixed_in_one_prompt(
        self, http: httpx.AsyncClient, wang: Person
    ) -> None:
        assert (await subscribe(http, wang, "paid", "policy"))["errCode"] == 20002
        assert (await subscribe(http, wang, "none"))["errCode"] == 20001

    @pytest.mark.parametrize(
        ("changed", "errcode"),
        [
            ({"template_id": "none"}, 40037),
            ({"touser": "nobody"}, 40003),
            ({"data": {}}, 47003),
            ({"data": {"thing1": {"value": "字" * 21}}}, 47003),
            ({"data": {"thing1": {"value": "a\nb"}}}, 47003),
            ({"data": {"thing1": {"value": " "}}}, 47003),
            ({"data": {"thing1": {"value": "a"}, "thing2": {"value": "b"}}}, 47003),
            ({"data": {"thing1": {"value": 5}}}, 47001),
        ],
    )
    async def test_what_does_not_fit_the_template_spends_no_consent(
        self,
        http: httpx.AsyncClient,
        world: World,
        wang: Person,
        changed: dict[str, Any],
        errcode: int,
    ) -> None:
        """D10, from the other side."""
        await subscribe(http, wang, "policy")

        assert (await send(http, world, wang, POLICY | changed))["errcode"] == errcode
        assert (await http.get("/book/consents")).json()[0]["remaining"] == 1
        assert (await http.get("/book/messages")).json() == []

    async def test_calls_are_counted_with_their_outcome(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        await send(http, world, wang, PAID)

        calls = (await http.get("/book/calls")).json()
        assert {"api": "/cgi-bin/stable_token", "outcome": "ok", "times": 1} in calls
        refused = {"api": "/cgi-bin/message/subscribe/send", "outcome": "43101", "times": 1}
        assert refused in calls


PAID = {
    "template_id": "paid",
    "data": {
        "thing1": {"value": "不动产登记费"},
        "amount2": {"value": "80.00元"},
        "time3": {"value": "2026-11-22 10:00"},
    },
}
POLICY = {"template_id": "policy", "data": {"thing1": {"value": "高龄津贴"}}}


async def login_code(http: httpx.AsyncClient, person: Person) -> str:
    reply = await http.post(f"/phone/{person.key}/wechat/login-code", json={"appid": APPID})
    return str(reply.json()["code"])


async def log_in(
    http: httpx.AsyncClient, world: World, code: str, **changed: str
) -> dict[str, Any]:
    params = {
        "appid": APPID,
        "secret": world.keys.wechat_secret,
        "js_code": code,
        "grant_type": "authorization_code",
    }
    reply = await http.get(f"{API}/sns/jscode2session", params=params | changed)
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain")
    return dict(reply.json())


async def token(http: httpx.AsyncClient, world: World, **more: Any) -> dict[str, Any]:
    asked = {
        "grant_type": "client_credential",
        "appid": APPID,
        "secret": world.keys.wechat_secret,
    }
    return dict((await http.post(f"{API}/cgi-bin/stable_token", json=asked | more)).json())


async def phone_code(http: httpx.AsyncClient, person: Person) -> str:
    reply = await http.post(f"/phone/{person.key}/wechat/phone-code", json={"appid": APPID})
    return str(reply.json()["code"])


async def phone_number(
    http: httpx.AsyncClient, access_token: str, code: str, openid: str | None = None
) -> dict[str, Any]:
    asked = {"code": code} if openid is None else {"code": code, "openid": openid}
    url = f"{API}/wxa/business/getuserphonenumber?access_token={access_token}"
    return dict((await http.post(url, json=asked)).json())


async def subscribe(
    http: httpx.AsyncClient, person: Person, *template_ids: str, answer: str = "accept"
) -> dict[str, Any]:
    asked = {"appid": APPID, "template_ids": template_ids, "answer": answer}
    return dict((await http.post(f"/phone/{person.key}/wechat/subscribe", json=asked)).json())


async def send(
    http: httpx.AsyncClient, world: World, person: Person, message: dict[str, Any]
) -> dict[str, Any]:
    access_token = (await token(http, world))["access_token"]
    url = f"{API}/cgi-bin/message/subscribe/send?access_token={access_token}"
    asked = {"touser": world.identities.openid(person, APPID)} | message
    return dict((await http.post(url, json=asked)).json())
