import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox.city import Person
from sandbox.clock import CHINA
from sandbox.crypto import open_cbc, seal_cbc
from sandbox.world import World
from tests.sandbox.conftest import APP_ID, later
from tests.sandbox.peers import AlipayClient

TRADE = {
    "out_trade_no": "F20261122ABC",
    "total_amount": "80.00",
    "subject": "不动产登记费",
    "product_code": "JSAPI_PAY",
    "op_app_id": APP_ID,
}


class TestGateway:
    @pytest.mark.parametrize(
        ("changed", "sub_code"),
        [
            ({"app_id": "2021000000000009"}, "isv.invalid-app-id"),
            ({"method": "alipay.none"}, "isv.invalid-method"),
            ({"sign_type": "RSA"}, "isv.invalid-signature-type"),
            ({"charset": "gbk"}, "isv.invalid-charset"),
            ({"version": ""}, "isv.missing-version"),
            ({"sign_type": ""}, "isv.missing-signature-type"),
            ({"encrypt_type": "DES"}, "isv.invalid-encrypt-type"),
            ({"timestamp": "now"}, "isv.invalid-timestamp"),
        ],
    )
    async def test_a_wrong_common_parameter_is_refused_unsigned(
        self, alipay: AlipayClient, changed: dict[str, str], sub_code: str
    ) -> None:
        params = alipay.params("alipay.trade.query", biz_content="{}") | changed

        reply = (await alipay.send(params)).json()

        assert reply.keys() == {"error_response"}
        assert reply["error_response"]["sub_code"] == sub_code

    async def test_a_time_of_another_zone_is_refused(self, alipay: AlipayClient) -> None:
        utc = (datetime.now(CHINA) - timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")

        reply = await alipay.send(alipay.params("alipay.trade.query", timestamp=utc))

        assert reply.json()["error_response"]["sub_code"] == "isv.invalid-timestamp"

    async def test_a_changed_parameter_breaks_the_signature(self, alipay: AlipayClient) -> None:
        params = alipay.params("alipay.trade.query", biz_content='{"trade_no":"1"}')
        good = await alipay.send(params)
        signature = dict(httpx.QueryParams(good.request.url.query))["sign"]

        changed = await alipay.send(params | {"biz_content": '{"trade_no":"2"}'}, signature)

        assert alipay.node(good)["sub_code"] == "ACQ.TRADE_NOT_EXIST"
        assert changed.json()["error_response"]["sub_code"] == "isv.invalid-signature"

    async def test_sealed_content_is_answered_sealed(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        key = world.alipay_apps[APP_ID].aes_key
        content = json.dumps(trade_of(world, wang)).encode()
        params = alipay.params(
            "alipay.trade.create", encrypt_type="AES", biz_content=seal_cbc(key, content)
        )

        answer = (await alipay.send(params)).json()

        sealed = answer["alipay_trade_create_response"]
        assert alipay.verifies(f'"{sealed}"', answer["sign"])
        assert json.loads(open_cbc(key, sealed))["code"] == "10000"

    async def test_a_call_without_a_signature_is_refused(self, alipay: AlipayClient) -> None:
        url = "/openapi.alipay.com/gateway.do"

        reply = await alipay.http.post(url, data=alipay.params("alipay.trade.query"))

        assert reply.json()["error_response"]["sub_code"] == "isv.missing-signature"

    async def test_what_was_sealed_with_another_key_is_refused_sealed(
        self, alipay: AlipayClient, world: World
    ) -> None:
        other = seal_cbc("c2l4dGVlbiBieXRlcyEhIQ==", b"{}")
        params = alipay.params("alipay.trade.query", encrypt_type="AES", biz_content=other)

        sealed = (await alipay.send(params)).json()["alipay_trade_query_response"]

        opened = json.loads(open_cbc(world.alipay_apps[APP_ID].aes_key, sealed))
        assert (opened["code"], opened["sub_code"]) == ("40002", "isv.invalid-encrypt")


class TestLogin:
    async def test_a_code_gives_who_it_is_once(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        code = await auth_code(alipay, wang)

        told, again = await token(alipay, code), await token(alipay, code)

        assert told["open_id"] == world.identities.open_id(wang, APP_ID)
        assert told["user_id"].startswith("2088")
        assert "code" not in told
        assert again["sub_code"] == "isv.code-invalid"

    async def test_a_refresh_token_works_once(self, alipay: AlipayClient, wang: Person) -> None:
        told = await token(alipay, await auth_code(alipay, wang))
        given = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}

        first = await alipay.call("alipay.system.oauth.token", **given)
        again = await alipay.call("alipay.system.oauth.token", **given)

        assert first["open_id"] == told["open_id"]
        assert again["sub_code"] == "isv.refresh-token-invalid"

    async def test_a_token_tells_whose_it_is_until_it_dies(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        told = await token(alipay, await auth_code(alipay, wang))
        given = {"auth_token": told["access_token"]}

        shared = await alipay.call("alipay.user.info.share", **given)
        unknown = await alipay.call("alipay.user.info.share", auth_token="another")
        later(world, days=15, seconds=1)
        too_late = await alipay.call("alipay.user.info.share", **given)

        assert (shared["code"], shared["open_id"]) == ("10000", told["open_id"])
        assert (unknown["code"], unknown["sub_code"]) == ("20001", "aop.invalid-auth-token")
        assert (too_late["code"], too_late["sub_code"]) == ("20001", "aop.auth-token-time-out")

    async def test_a_code_dies(self, alipay: AlipayClient, world: World, wang: Person) -> None:
        code = await auth_code(alipay, wang)
        later(world, minutes=3, seconds=1)

        assert (await token(alipay, code))["sub_code"] == "isv.code-invalid"

    async def test_another_app_knows_somebody_by_another_name(
        self, world: World, wang: Person
    ) -> None:
        names = world.identities
        assert names.open_id(wang, APP_ID) != names.open_id(wang, "2021000000000002")
        assert names.person("2021000000000002", names.open_id(wang, APP_ID)) is None

    async def test_the_phone_number_is_signed_and_sealed(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        url = "/phone/wang-guilan/alipay/phone-number"
        payload = (await alipay.http.post(url, json={"app_id": APP_ID})).json()["response"]

        given = json.loads(payload)
        assert alipay.verifies(f'"{given["response"]}"', given["sign"])
        opened = open_cbc(world.alipay_apps[APP_ID].aes_key, given["response"])
        assert json.loads(opened) == {"code": "10000", "msg": "Success", "mobile": wang.phone}


class TestTrades:
    async def test_the_buyer_pays_and_a_query_tells(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        made = await create(alipay, world, wang)
        before = await alipay.call("alipay.trade.query", {"out_trade_no": TRADE["out_trade_no"]})

        answers = [await pay(alipay, wang, made["trade_no"]) for _ in range(2)]

        asked = {"trade_no": made["trade_no"], "query_options": ["fund_bill_list"]}
        told = await alipay.call("alipay.trade.query", asked)
        assert answers == ["9000", "4000"]
        assert told["fund_bill_list"] == [{"amount": "80.00", "fund_channel": "ALIPAYACCOUNT"}]
        assert before["trade_status"] == "WAIT_BUYER_PAY"
        assert (told["trade_status"], told["total_amount"]) == ("TRADE_SUCCESS", "80.00")
        wallet = (await alipay.http.get("/phone/wang-guilan/wallet")).json()
        assert wallet["alipay_balance_fen"] == 42000

    async def test_the_same_request_gives_the_same_trade(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        first, again = await create(alipay, world, wang), await create(alipay, world, wang)
        other = await create(alipay, world, wang, total_amount="80.01")

        assert first == again
        assert other["sub_code"] == "ACQ.CONTEXT_INCONSISTENT"

    @pytest.mark.parametrize(
        "changed",
        [
            {"total_amount": "0.00"},
            {"total_amount": "1.005"},
            {"total_amount": 80},
            {"subject": "a=b"},
            {"product_code": "FACE_TO_FACE"},
            {"op_app_id": "none"},
            {"buyer_open_id": "nobody"},
            {"buyer_id": "2088000000000001"},
            {"out_trade_no": "F-1"},
            {"seller_id": "2088000000000009"},
            {"timeout_express": "16d"},
        ],
    )
    async def test_a_wrong_field_is_refused(
        self, alipay: AlipayClient, world: World, wang: Person, changed: dict[str, Any]
    ) -> None:
        refused = await create(alipay, world, wang, **changed)

        assert (refused["code"], refused["sub_code"]) == ("40004", "ACQ.INVALID_PARAMETER")

    async def test_too_much_money_has_a_code_of_its_own(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        most = await create(alipay, world, wang, total_amount="100000000.00")
        more = await create(alipay, world, wang, out_trade_no="F2", total_amount="100000000.01")

        assert most["code"] == "10000"
        assert more["sub_code"] == "ACQ.TOTAL_FEE_EXCEED"

    async def test_only_the_buyer_can_pay_it_and_only_with_money(
        self, alipay: AlipayClient, world: World, wang: Person, li: Person
    ) -> None:
        wangs = await create(alipay, world, wang)
        lis = await create(alipay, world, li, out_trade_no="F2")

        assert await pay(alipay, li, wangs["trade_no"]) == "4000"
        assert await pay(alipay, li, lis["trade_no"]) == "4000"
        assert await pay(alipay, wang, "") == "4000"

    async def test_a_closed_trade_is_not_paid(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        made = await create(alipay, world, wang)
        closed = await alipay.call("alipay.trade.close", {"trade_no": made["trade_no"]})

        assert closed["code"] == "10000"
        assert await pay(alipay, wang, made["trade_no"]) == "4000"
        assert (await create(alipay, world, wang))["sub_code"] == "ACQ.TRADE_HAS_CLOSE"

    async def test_a_trade_past_its_end_is_closed(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        made = await create(alipay, world, wang, timeout_express="5m")
        later(world, minutes=6)

        assert await pay(alipay, wang, made["trade_no"]) == "4000"
        told = await alipay.call("alipay.trade.query", {"trade_no": made["trade_no"]})
        assert told["trade_status"] == "TRADE_CLOSED"


def trade_of(world: World, person: Person) -> dict[str, Any]:
    return TRADE | {"buyer_open_id": world.identities.open_id(person, APP_ID)}


async def create(
    alipay: AlipayClient, world: World, person: Person, **changed: Any
) -> dict[str, Any]:
    content = trade_of(world, person) | changed
    notify_url = "https://city.test/callbacks/alipay/2021000000000001"
    return await alipay.call("alipay.trade.create", content, notify_url=notify_url)


async def pay(alipay: AlipayClient, person: Person, trade_no: str) -> str:
    url = f"/phone/{person.key}/alipay/pay"
    return str((await alipay.http.post(url, json={"tradeNO": trade_no})).json()["resultCode"])


async def auth_code(alipay: AlipayClient, person: Person) -> str:
    asked = {"app_id": APP_ID, "scopes": ["auth_base"]}
    reply = await alipay.http.post(f"/phone/{person.key}/alipay/auth-code", json=asked)
    return str(reply.json()["authCode"])


async def token(alipay: AlipayClient, code: str) -> dict[str, Any]:
    given = {"grant_type": "authorization_code", "code": code}
    return await alipay.call("alipay.system.oauth.token", **given)
