"""Bad days on demand: each fault does what it says, and the same seed does it again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Litestar

from sandbox.city import Person
from sandbox.courier import Courier
from sandbox.fault_line import FaultLine, NothingCame
from sandbox.faults import Plan, Rule
from sandbox.world import World
from tests.sandbox.conftest import APPID, MCHID, later
from tests.sandbox.peers import PAY, AlipayClient, Machine, Merchant
from tests.sandbox.test_alipay import create
from tests.sandbox.test_wechat_pay import BY_NUMBER, JSAPI, NUMBER, order_of, pay, prepaid

ORDERS, QUERY = f"{PAY}{JSAPI}", f"{BY_NUMBER}/{NUMBER}?mchid={MCHID}"


@pytest.fixture
async def http(app: Litestar, world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever speaks to the world over a line that can break."""
    transport = httpx.ASGITransport(FaultLine(app, world, hangs=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client


async def plan(http: httpx.AsyncClient, *rules: dict[str, Any], seed: int = 1) -> None:
    asked = {"seed": seed, "rules": list(rules)}
    (await http.post("/control/faults", json=asked)).raise_for_status()


async def happened(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    return list((await http.get("/control/faults")).json()["happened"])


def orders(world: World) -> list[str]:
    return [row["state"] for row in world.book.rows("SELECT state FROM wechat_pay_orders")]


class TestCalls:
    async def test_what_is_dropped_was_never_done(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        await plan(merchant.http, {"path": f"{PAY}/*", "fault": "drop"})

        with pytest.raises(NothingCame):
            await merchant.call("POST", JSAPI, order_of(world, wang))

        assert orders(world) == []

    async def test_what_is_answered_to_nobody_was_done(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        await plan(merchant.http, {"path": ORDERS, "fault": "answer_lost", "times": 1})

        with pytest.raises(NothingCame):
            await merchant.call("POST", JSAPI, order_of(world, wang))

        assert orders(world) == ["NOTPAY"]
        assert (await merchant.call("POST", JSAPI, order_of(world, wang))).status_code == 200

    async def test_what_comes_late_is_not_there_yet_and_then_it_is(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        await plan(merchant.http, {"path": ORDERS, "fault": "late", "seconds": 20})

        with pytest.raises(NothingCame):
            await merchant.call("POST", JSAPI, order_of(world, wang))
        before = (await merchant.call("GET", QUERY)).json()["code"]
        later(world, seconds=21)
        await Courier(world, merchant.http).let_time_work()

        assert before == "ORDER_NOT_EXIST"
        assert (await merchant.call("GET", QUERY)).json()["trade_state"] == "NOTPAY"

    async def test_what_arrives_twice_is_answered_as_the_first_was(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        """The second has a nonce that was used: WeChat Pay refuses it."""
        await plan(merchant.http, {"path": ORDERS, "fault": "duplicate"})

        reply = await merchant.call("POST", JSAPI, order_of(world, wang))

        assert reply.status_code == 200
        counted = world.book.rows("SELECT * FROM calls WHERE outcome = 'SIGN_ERROR'")
        assert [row["times"] for row in counted] == [1]

    async def test_a_corrupt_answer_fails_its_signature(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        await merchant.call("POST", JSAPI, order_of(world, wang))
        await plan(merchant.http, {"path": f"{PAY}/*", "fault": "corrupt"})

        replies = [await merchant.send("GET", QUERY) for _ in range(40)]

        assert not any(_believed(merchant, reply) for reply in replies)

    @pytest.mark.parametrize(
        ("code", "status"), [("SYSTEM_ERROR", 500), ("FREQUENCY_LIMITED", 429)]
    )
    async def test_an_error_of_wechat_pay_is_signed(
        self, merchant: Merchant, world: World, wang: Person, code: str, status: int
    ) -> None:
        await plan(merchant.http, {"path": f"{PAY}/*", "fault": "error", "code": code})

        reply = await merchant.call("POST", JSAPI, order_of(world, wang))

        assert (reply.status_code, reply.json()["code"]) == (status, code)
        assert orders(world) == []

    @pytest.mark.parametrize("code", ["-1", "45009"])
    async def test_an_error_of_wechat_is_an_errcode(
        self, http: httpx.AsyncClient, code: str
    ) -> None:
        await plan(http, {"path": "/api.weixin.qq.com/*", "fault": "error", "code": code})

        reply = await http.get("/api.weixin.qq.com/sns/jscode2session")

        assert (reply.status_code, reply.json()["errcode"]) == (200, int(code))

    @pytest.mark.parametrize(
        ("sub_code", "code"),
        [
            ("isp.unknow-error", "20000"),
            ("aop.auth-token-time-out", "20001"),
            ("isv.missing-encrypt-key", "40001"),
            ("isv.invalid-auth-relations", "40003"),
            ("isp.bill_not_exist", "40004"),
            ("isv.app-call-limited", "40005"),
            ("isv.insufficient-isv-permissions", "40006"),
        ],
    )
    async def test_an_error_of_alipay_is_signed(
        self, alipay: AlipayClient, world: World, wang: Person, sub_code: str, code: str
    ) -> None:
        """Each sub_code under the code that the gateway's list has it under."""
        rule = {"path": "*method=alipay.trade.create*", "fault": "error"}
        await plan(alipay.http, rule | {"code": sub_code})

        node = await create(alipay, world, wang)

        assert (node["code"], node["sub_code"]) == (code, sub_code)

    async def test_an_error_of_the_bank_is_signed(self, bank: Machine) -> None:
        await plan(bank.http, {"path": "/bank/*", "fault": "error", "code": "busy"})

        reply = await bank.call("GET", "/transfers/R1")

        assert (reply.status_code, reply.json()["code"]) == (503, "busy")
        assert "x-signature" in reply.headers

    async def test_a_clock_is_wrong_for_one_answer(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        rule = {"path": f"{PAY}/*", "fault": "clock_skew", "seconds": -200, "times": 1}
        await plan(merchant.http, rule)

        wrong = await merchant.call("POST", JSAPI, order_of(world, wang))
        right = await merchant.call("POST", JSAPI, order_of(world, wang))

        told = [int(reply.headers["wechatpay-timestamp"]) for reply in (wrong, right)]
        assert 190 < told[1] - told[0] < 210

    async def test_keys_change_in_the_middle(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        rule = {"path": f"{PAY}/*", "fault": "key_rotation", "code": "certificate", "times": 1}
        await plan(merchant.http, rule)

        reply = await merchant.send("POST", JSAPI, order_of(world, wang))

        assert reply.headers["wechatpay-serial"] != merchant.public_key_id

    async def test_only_platforms_have_bad_days(self, http: httpx.AsyncClient) -> None:
        await plan(http, {"path": "*", "fault": "drop"})

        asked = {"appid": APPID}
        assert (await http.post("/phone/wang-guilan/wechat/login-code", json=asked)).is_success
        assert (await http.get("/book/logins")).is_success
        assert await happened(http) == []

    @pytest.mark.parametrize(
        "rule",
        [
            {"path": "*", "fault": "half_open", "on": "callback"},
            {"path": "*", "fault": "reorder"},
            {"path": "*", "fault": "error"},
            {"path": "*", "fault": "key_rotation", "code": "none"},
            {"path": "*", "fault": "drop", "probability": 2},
            {"path": "*", "fault": "nothing"},
        ],
    )
    async def test_a_plan_that_cannot_be_is_refused(
        self, http: httpx.AsyncClient, rule: dict[str, Any]
    ) -> None:
        reply = await http.post("/control/faults", json={"seed": 1, "rules": [rule]})

        assert reply.status_code == 400


async def test_the_same_seed_does_the_same_again(http: httpx.AsyncClient) -> None:
    rules = [
        {"path": "/api.weixin.qq.com/*", "fault": "drop", "probability": 0.2},
        {"path": "*", "fault": "error", "code": "-1", "probability": 0.3},
    ]
    runs = []
    for seed in (5, 5, 6):
        await plan(http, *rules, seed=seed)
        for _ in range(40):
            await asyncio.gather(
                http.get("/api.weixin.qq.com/sns/jscode2session"), return_exceptions=True
            )
        runs.append(await happened(http))

    assert runs[0] == runs[1] != runs[2]
    assert {row["fault"] for row in runs[0]} == {"drop", "error"}


class Post:
    """A courier, and a listener who hears what it brings."""

    def __init__(self, world: World) -> None:
        self.heard: list[httpx.Request] = []
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._hear))
        self.courier = Courier(world, client)

    def _hear(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(request)
        return httpx.Response(200)


class TestCallbacks:
    @pytest.fixture
    async def post(self, merchant: Merchant, world: World, wang: Person) -> Post:
        """There is one payment to tell of."""
        await pay(merchant, wang, await prepaid(merchant, world, wang))
        return Post(world)

    @pytest.mark.parametrize(
        ("fault", "tries", "ends"),
        [("drop", 0, "pending"), ("duplicate", 2, "delivered"), ("answer_lost", 1, "pending")],
    )
    async def test_a_try_is_lost_doubled_or_not_heard(
        self, world: World, post: Post, fault: str, tries: int, ends: str
    ) -> None:
        heard = await self.delivered(world, post, {"fault": fault})

        assert len(heard) == tries
        assert self.row(world)["state"] == ends

    async def test_a_corrupt_one_fails_its_signature(
        self, merchant: Merchant, world: World, post: Post
    ) -> None:
        for _ in range(20):
            [heard] = await self.delivered(world, post, {"fault": "corrupt"})
            assert not _believed(merchant, heard)
            later(world, hours=6)
            world.book.write("UPDATE callbacks SET state = 'pending', attempts = 0")

    async def test_one_that_is_put_off_comes_after_those_behind_it(
        self, world: World, post: Post
    ) -> None:
        nobody = await self.delivered(world, post, {"fault": "reorder", "seconds": 30})
        later(world, seconds=31)
        heard = await self.delivered(world, post, {"fault": "reorder", "seconds": 30})

        assert (len(nobody), len(heard)) == (0, 1)
        assert self.row(world)["attempts"] == 1

    async def test_one_is_signed_by_a_wrong_clock(self, world: World, post: Post) -> None:
        [heard] = await self.delivered(world, post, {"fault": "clock_skew", "seconds": 400})

        told = int(heard.headers["wechatpay-timestamp"])
        assert 390 < told - world.clock.now().timestamp() < 410

    async def delivered(
        self, world: World, post: Post, rule: dict[str, Any]
    ) -> list[httpx.Request]:
        """What the listener hears when this goes wrong with each try."""
        known = len(post.heard)
        struck = Rule(path="/callbacks/*", on="callback", **rule)
        world.faults.follow(Plan(3, [struck]))
        await post.courier.deliver_due()
        return post.heard[known:]

    def row(self, world: World) -> dict[str, Any]:
        return world.book.rows("SELECT * FROM callbacks")[0]


def _believed(merchant: Merchant, message: httpx.Response | httpx.Request) -> bool:
    try:
        return merchant.verifies(message.headers, message.content.decode())
    except (KeyError, ValueError):
        return False
