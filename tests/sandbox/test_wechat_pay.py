from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine

from sandbox.city import Person
from sandbox.world import World
from tests.sandbox.conftest import APPID, MCHID, later
from tests.sandbox.peers import PAY, Merchant

JSAPI, BY_NUMBER = "/v3/pay/transactions/jsapi", "/v3/pay/transactions/out-trade-no"
NUMBER = "F20261122ABC"


class TestPrepay:
    async def test_the_same_request_gives_the_same_prepay_until_it_dies(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        order = order_of(world, wang)
        first = (await merchant.call("POST", JSAPI, order)).json()
        again = (await merchant.call("POST", JSAPI, order)).json()
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=2, seconds=1)):
            new = (await merchant.call("POST", JSAPI, order)).json()

        assert first == again
        assert new["prepay_id"].startswith("wx")
        assert new != first

    @pytest.mark.parametrize(
        ("changed", "status", "code"),
        [
            ({"appid": "wxother"}, 400, "APPID_MCHID_NOT_MATCH"),
            ({"mchid": "1900000002"}, 400, "PARAM_ERROR"),
            ({"payer": {"openid": "nobody"}}, 403, "OPENID_MISMATCH"),
            ({"amount": {"total": 0}}, 400, "PARAM_ERROR"),
            ({"amount": {"total": "1"}}, 400, "PARAM_ERROR"),
            ({"amount": {"total": 1, "currency": "USD"}}, 400, "PARAM_ERROR"),
            ({"out_trade_no": "short"}, 400, "PARAM_ERROR"),
            ({"description": ""}, 400, "PARAM_ERROR"),
            ({"description": "字" * 128}, 400, "PARAM_ERROR"),
            ({"notify_url": "https://city.test/callbacks?a=1"}, 400, "PARAM_ERROR"),
            ({"invented": "field"}, 400, "PARAM_ERROR"),
        ],
    )
    async def test_a_wrong_field_is_refused_and_the_refusal_signed(
        self,
        merchant: Merchant,
        world: World,
        wang: Person,
        changed: dict[str, Any],
        status: int,
        code: str,
    ) -> None:
        reply = await merchant.call("POST", JSAPI, order_of(world, wang) | changed)

        assert (reply.status_code, reply.json()["code"]) == (status, code)
        assert (await merchant.http.get("/book/wechat_pay_orders")).json() == []

    async def test_a_number_cannot_be_used_for_something_else(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        order = order_of(world, wang)
        await merchant.call("POST", JSAPI, order)

        reply = await merchant.call("POST", JSAPI, order | {"amount": {"total": 1}})

        assert (reply.status_code, reply.json()["code"]) == (400, "INVALID_REQUEST")

    async def test_of_the_time_of_expiry_only_the_first_counts(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        order, soon = order_of(world, wang), world.clock.now() + timedelta(minutes=30)
        await merchant.call("POST", JSAPI, order | {"time_expire": soon.isoformat()})
        later_on = {"time_expire": (soon + timedelta(days=1)).isoformat()}

        reply = await merchant.call("POST", JSAPI, order | later_on)

        assert reply.status_code == 200
        later(world, minutes=30, seconds=1)
        assert "订单已关闭" in await pay(merchant, wang, reply.json()["prepay_id"])


class TestAuthorization:
    async def test_a_request_is_heard_once(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        first = await merchant.call("GET", f"{BY_NUMBER}/{NUMBER}?mchid={MCHID}")
        signed = {"Authorization": first.request.headers["authorization"]}

        reply = await merchant.call("GET", f"{BY_NUMBER}/{NUMBER}?mchid={MCHID}", **signed)

        assert (first.status_code, reply.status_code) == (404, 401)

    @pytest.mark.parametrize(
        ("part", "other"),
        [
            ("mchid", "1900000002"),
            ("serial_no", "0" * 40),
            ("nonce_str", "another"),
            ("timestamp", "1000000000"),
            ("signature", "AAAA"),
            ("signature", "no base64"),
        ],
    )
    async def test_a_changed_part_breaks_it(
        self, merchant: Merchant, part: str, other: str
    ) -> None:
        path = f"{BY_NUMBER}/{NUMBER}?mchid={MCHID}"
        first = await merchant.call("GET", path)
        before, _, after = first.request.headers["authorization"].partition(f'{part}="')
        changed = f'{before}{part}="{other}"{after.partition(chr(34))[2]}'

        reply = await merchant.call("GET", path, Authorization=changed)

        assert (reply.status_code, reply.json()["code"]) == (401, "SIGN_ERROR")

    async def test_a_changed_body_breaks_it(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        first = await merchant.call("POST", JSAPI, order_of(world, wang))
        headers = {"Content-Type": "application/json"} | dict(first.request.headers)

        reply = await merchant.http.post(PAY + JSAPI, content=b"{}", headers=headers)

        assert reply.status_code == 401

    async def test_the_clock_may_be_off_by_five_minutes(
        self, merchant: Merchant, world: World
    ) -> None:
        """B12, from the other side."""
        path = f"{BY_NUMBER}/{NUMBER}?mchid={MCHID}"
        later(world, seconds=298)
        within = await merchant.call("GET", path)
        later(world, seconds=4)
        beyond = await merchant.call("GET", path)

        assert (within.status_code, beyond.status_code) == (404, 401)


class TestPaying:
    async def test_the_payer_pays_and_a_query_and_a_callback_tell(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        answer = await pay(merchant, wang, await prepaid(merchant, world, wang))

        assert answer == "requestPayment:ok"
        told = (await merchant.call("GET", f"{BY_NUMBER}/{NUMBER}?mchid={MCHID}")).json()
        by_id = f"/v3/pay/transactions/id/{told['transaction_id']}?mchid={MCHID}"
        assert (await merchant.call("GET", by_id)).json() == told
        assert (told["trade_state"], told["amount"]["total"]) == ("SUCCESS", 8000)
        callback = (await merchant.http.get("/book/callbacks")).json()[0]
        assert callback["number"] == NUMBER
        wallet = (await merchant.http.get("/phone/wang-guilan/wallet")).json()
        assert wallet == {"wechat_balance_fen": 92000, "alipay_balance_fen": 50000}

    async def test_it_is_paid_once(self, merchant: Merchant, world: World, wang: Person) -> None:
        prepay_id = await prepaid(merchant, world, wang)
        await pay(merchant, wang, prepay_id)

        assert "该订单已支付" in await pay(merchant, wang, prepay_id)
        order = await merchant.call("POST", JSAPI, order_of(world, wang))
        assert order.json()["code"] == "ORDER_PAID"
        close = await merchant.call("POST", f"{BY_NUMBER}/{NUMBER}/close", {"mchid": MCHID})
        assert close.json()["code"] == "ORDER_PAID"

    @pytest.mark.parametrize(
        "changed",
        [
            pytest.param({"paySign": "AAAA"}, id="forged"),
            pytest.param({"nonceStr": "another"}, id="another nonce"),
            pytest.param({"timeStamp": "1554208460000"}, id="milliseconds"),
            pytest.param({"signType": "MD5"}, id="another sign type"),
            pytest.param({"package": "prepay_id=none"}, id="no such prepay"),
        ],
    )
    async def test_a_wrong_sheet_pays_nothing(
        self, merchant: Merchant, world: World, wang: Person, changed: dict[str, str]
    ) -> None:
        prepay_id = await prepaid(merchant, world, wang)

        assert "fail" in await pay(merchant, wang, prepay_id, **changed)
        assert (await merchant.http.get("/book/wechat_pay_orders")).json()[0]["state"] == "NOTPAY"

    async def test_only_the_payer_of_the_order_can_pay_it(
        self, merchant: Merchant, world: World, wang: Person, li: Person
    ) -> None:
        prepay_id = await prepaid(merchant, world, wang)

        assert "不属于当前用户" in await pay(merchant, li, prepay_id)

    async def test_nobody_pays_more_than_they_have(
        self, merchant: Merchant, world: World, li: Person
    ) -> None:
        assert "余额不足" in await pay(merchant, li, await prepaid(merchant, world, li))

    async def test_a_closed_order_is_not_paid_nor_used_again(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        prepay_id = await prepaid(merchant, world, wang)
        path = f"{BY_NUMBER}/{NUMBER}/close"
        closed = [await merchant.call("POST", path, {"mchid": MCHID}) for _ in range(2)]

        assert [(reply.status_code, reply.content) for reply in closed] == [(204, b"")] * 2
        assert "订单已关闭" in await pay(merchant, wang, prepay_id)
        order = await merchant.call("POST", JSAPI, order_of(world, wang))
        assert order.json()["code"] == "ORDER_CLOSED"


def order_of(world: World, person: Person) -> dict[str, Any]:
    return {
        "appid": APPID,
        "mchid": MCHID,
        "description": "不动产登记费",
        "out_trade_no": NUMBER,
        "notify_url": "https://city.test/callbacks/wechat-pay/1900000001",
        "amount": {"total": 8000, "currency": "CNY"},
        "payer": {"openid": world.identities.openid(person, APPID)},
    }


async def prepaid(merchant: Merchant, world: World, person: Person) -> str:
    reply = await merchant.call("POST", JSAPI, order_of(world, person))
    return str(reply.json()["prepay_id"])


async def pay(merchant: Merchant, person: Person, prepay_id: str, **changed: str) -> str:
    sheet = merchant.pay_sheet(APPID, prepay_id) | changed
    reply: httpx.Response = await merchant.http.post(f"/phone/{person.key}/wechat/pay", json=sheet)
    return str(reply.json()["errMsg"])
