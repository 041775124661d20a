"""How often a merchant may call in a second, and what it is told beyond."""

import pytest

from sandbox.city import Person
from sandbox.world import World
from tests.sandbox.conftest import MCHID, later
from tests.sandbox.peers import Merchant
from tests.sandbox.test_transfers import BILLS, transfer
from tests.sandbox.test_wechat_pay import JSAPI, order_of


@pytest.fixture
def one_moment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outside world's clock stands still but for what a test moves."""
    at = world.clock.now()
    monkeypatch.setattr(world.clock, "now", lambda: at + world.clock.offset)


@pytest.mark.usefixtures("one_moment")
class TestRates:
    async def test_prepays_beyond_it_are_told_to_come_later(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        await rate(merchant, "prepay", 1)

        replies = [await merchant.send("POST", JSAPI, order_of(world, wang)) for _ in range(2)]
        later(world, seconds=1)
        patient = await merchant.send("POST", JSAPI, order_of(world, wang))

        assert [reply.status_code for reply in (*replies, patient)] == [200, 429, 200]
        assert replies[1].json()["code"] == "FREQUENCY_LIMITED"

    async def test_transfers_have_a_code_of_their_own_for_it(
        self, merchant: Merchant, world: World, li: Person
    ) -> None:
        await rate(merchant, "transfer", 1)
        await rate(merchant, "cancel transfer", 0)

        first, second = await transfer(merchant, world, li), await transfer(merchant, world, li)
        path = f"{BILLS}/out-bill-no/{first['out_bill_no']}/cancel"
        cancelled = await merchant.send("POST", path)

        assert first["state"] == "WAIT_USER_CONFIRM"
        assert second["code"] == cancelled.json()["code"] == "FREQUENCY_LIMIT_EXCEED"

    async def test_wrong_refunds_are_taken_six_times_a_second(
        self, merchant: Merchant, world: World
    ) -> None:
        asked = {
            "out_trade_no": "F20261122NONE",
            "out_refund_no": "R1",
            "amount": {"refund": 1, "total": 1, "currency": "CNY"},
        }
        path = "/v3/refund/domestic/refunds"

        statuses = [(await merchant.send("POST", path, asked)).status_code for _ in range(7)]

        assert statuses == [404] * 6 + [429]
        (kept,) = [row for row in (await book(merchant)) if row["api"] == "faulty refund"]
        assert (kept["mchid"], kept["times"]) == (MCHID, 6)


async def rate(merchant: Merchant, api: str, per_second: int) -> None:
    asked = {"api": api, "per_second": per_second}
    (await merchant.http.post("/control/wechat-pay/rates", json=asked)).raise_for_status()


async def book(merchant: Merchant) -> list[dict[str, object]]:
    return list((await merchant.http.get("/book/wechat_pay_usage")).json())
