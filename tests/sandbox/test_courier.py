"""Callbacks: signed, encrypted, retried on the documented ladder."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from alipay.aop.api.util.SignatureUtils import get_sign_content
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from sandbox.alipay.cashier import pay as pay_trade
from sandbox.city import Person
from sandbox.console import console as console_of
from sandbox.courier import LADDERS, Courier
from sandbox.crypto import is_signed
from sandbox.world import World
from tests.sandbox.conftest import APP_ID, later
from tests.sandbox.peers import AlipayClient, Merchant
from tests.sandbox.test_alipay import create
from tests.sandbox.test_wechat_pay import NUMBER, pay, prepaid

Answer = Callable[[httpx.Request], httpx.Response]


def courier(world: World, answer: Answer, **settings: Any) -> Courier:
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Courier(world, client, **settings)


class TestWechatPay:
    async def test_a_payment_is_announced_signed_and_encrypted(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        heard: list[httpx.Request] = []
        await pay(merchant, wang, await prepaid(merchant, world, wang))

        await courier(world, listening(heard, httpx.Response(204))).deliver_due()

        assert str(heard[0].url) == "https://city.test/callbacks/wechat-pay/1900000001"
        assert merchant.verifies(heard[0].headers, heard[0].content.decode())
        notice = json.loads(heard[0].content)
        paid = merchant.opened(notice)
        assert notice["event_type"] == "TRANSACTION.SUCCESS"
        assert (paid["out_trade_no"], paid["amount"]["payer_total"]) == (NUMBER, 8000)
        assert callback_of(world)["state"] == "delivered"

    async def test_what_is_not_acknowledged_comes_again_newly_signed(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        heard: list[httpx.Request] = []
        await pay(merchant, wang, await prepaid(merchant, world, wang))
        answers = iter([httpx.Response(500), httpx.Response(302), httpx.Response(200)])
        post = courier(world, lambda request: heard.append(request) or next(answers))

        delivered = []
        for _ in range(3):
            delivered.append(await post.deliver_due())
            delivered.append(await post.deliver_due())
            later(world, seconds=15)

        assert delivered == [1, 0, 1, 0, 1, 0]
        assert {request.content for request in heard} == {heard[0].content}
        assert len({request.headers["wechatpay-nonce"] for request in heard}) == 3
        assert callback_of(world)["attempts"] == 3

    async def test_after_fifteen_retries_in_a_day_it_is_given_up(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        await pay(merchant, wang, await prepaid(merchant, world, wang))
        post = courier(world, refusing, time_scale=60)

        for _ in range(20):
            await post.deliver_due()
            later(world, hours=6)

        row = callback_of(world)
        assert (row["state"], row["attempts"]) == ("given_up", 16)
        assert row["last_answer"] == "ConnectError"
        assert sum(LADDERS["wechat_pay"]) == (24 * 60 + 4) * 60

    async def test_a_suppressed_one_waits_until_it_is_released(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        """B21: only a query finds the payment."""
        heard: list[httpx.Request] = []
        post = courier(world, listening(heard, httpx.Response(200)))
        await merchant.http.post("/control/callbacks/suppress", json={"number": NUMBER})
        await pay(merchant, wang, await prepaid(merchant, world, wang))

        assert await post.deliver_due() == 0
        released = await merchant.http.post("/control/callbacks/release", json={"number": NUMBER})
        assert released.json() == {"released": 1}
        assert await post.deliver_due() == 1

    async def test_a_base_leads_public_addresses_to_this_machine(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        heard: list[httpx.Request] = []
        await pay(merchant, wang, await prepaid(merchant, world, wang))
        post = courier(world, listening(heard, httpx.Response(200)), base="http://127.0.0.1:8000/")

        await post.deliver_due()

        assert str(heard[0].url) == "http://127.0.0.1:8000/callbacks/wechat-pay/1900000001"


class TestRun:
    async def test_a_slow_listener_holds_up_nobody_else(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        async def answer(request: httpx.Request) -> httpx.Response:
            if "alipay" not in str(request.url):
                await asyncio.sleep(60)
            return httpx.Response(200, text="success")

        running = asyncio.create_task(courier(world, answer).run())
        await pay(merchant, wang, await prepaid(merchant, world, wang))
        await asyncio.sleep(0.1)
        alipay = AlipayClient(merchant.http, app_of(world), world.clock)
        pay_trade(world, wang, (await create(alipay, world, wang))["trade_no"])
        await asyncio.sleep(0.2)
        running.cancel()

        states = "SELECT provider, state FROM callbacks ORDER BY id"
        assert [row["state"] for row in world.book.rows(states)] == ["pending", "delivered"]


class TestAlipay:
    async def test_a_payment_is_announced_as_a_signed_form(
        self, alipay: AlipayClient, world: World, wang: Person, console: dict[str, Any]
    ) -> None:
        heard: list[httpx.Request] = []
        made = await create(alipay, world, wang)
        pay_trade(world, wang, made["trade_no"])

        await courier(world, listening(heard, httpx.Response(200, text="success"))).deliver_due()

        form = dict(parse_qsl(heard[0].content.decode()))
        signature, sign_type = form.pop("sign"), form.pop("sign_type")
        key = load_pem_public_key(console["alipay"]["alipay_public_key_pem"].encode())
        assert sign_type == "RSA2"
        assert is_signed(key, get_sign_content(form).encode(), signature)
        assert not is_signed(
            key, get_sign_content(form | {"sign_type": "RSA2"}).encode(), signature
        )
        assert (form["app_id"], form["trade_status"]) == (APP_ID, "TRADE_SUCCESS")
        assert (form["total_amount"], form["seller_id"]) == ("80.00", "2088000000000001")
        assert callback_of(world)["state"] == "delivered"

    async def test_after_seven_retries_in_25_hours_it_is_given_up(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        heard: list[httpx.Request] = []
        made = await create(alipay, world, wang)
        pay_trade(world, wang, made["trade_no"])
        post = courier(world, listening(heard, httpx.Response(302)))

        tries = [await post.deliver_due()]
        for minutes in (4, 10, 10, 60, 120, 360, 900):
            later(world, minutes=minutes, seconds=-10)
            too_early = await post.deliver_due()
            later(world, seconds=11)
            tries.append(await post.deliver_due() - too_early)

        assert tries == [1] * 8
        assert len({dict(parse_qsl(one.content.decode()))["notify_id"] for one in heard}) == 1
        assert callback_of(world)["state"] == "given_up"

    @pytest.mark.parametrize("text", ["", "SUCCESS", '"success"', "success\n"])
    async def test_only_the_seven_letters_acknowledge_it(
        self, alipay: AlipayClient, world: World, wang: Person, text: str
    ) -> None:
        heard: list[httpx.Request] = []
        made = await create(alipay, world, wang)
        pay_trade(world, wang, made["trade_no"])
        post = courier(world, listening(heard, httpx.Response(200, text=text)))

        await post.deliver_due()
        later(world, minutes=4)
        await post.deliver_due()

        ids = {dict(parse_qsl(request.content.decode()))["notify_id"] for request in heard}
        assert (len(heard), len(ids)) == (2, 1)
        assert callback_of(world)["state"] == "pending"


def listening(heard: list[httpx.Request], answer: httpx.Response) -> Answer:
    def hear(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return answer

    return hear


def app_of(world: World) -> dict[str, Any]:
    return dict(console_of(world.city, world.keys)["alipay"])


def refusing(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody listens", request=request)


def callback_of(world: World) -> dict[str, Any]:
    return world.book.rows("SELECT * FROM callbacks")[0]
