"""The bills of a day: their form, when there are any, and how they are fetched."""

import gzip
from datetime import datetime
from hashlib import sha1
from typing import Any

import httpx
import pytest
import time_machine

from sandbox.city import Person
from sandbox.clock import CHINA
from sandbox.world import World
from tests.sandbox.conftest import APPID, MCHID
from tests.sandbox.peers import PAY, Merchant
from tests.sandbox.test_refunds import ask
from tests.sandbox.test_wechat_pay import NUMBER, pay, prepaid

NOON = datetime(2026, 11, 20, 12, tzinfo=CHINA)
LATE = datetime(2026, 11, 20, 23, 58, tzinfo=CHINA)
NEXT_MORNING = datetime(2026, 11, 21, 10, tzinfo=CHINA)
DAY = "bill_date=2026-11-20"


@pytest.fixture
async def day(merchant: Merchant, world: World, wang: Person) -> None:
    """80.00 paid at noon; 30.00 back at once, 10.00 asked back too late to arrive that day."""
    with time_machine.travel(NOON):
        await pay(merchant, wang, await prepaid(merchant, world, wang))
        await ask(merchant, "R1", 3000)
    with time_machine.travel(LATE):
        await ask(merchant, "R2", 1000)


@pytest.mark.usefixtures("day")
class TestTradeBill:
    async def test_everything_of_a_day_as_marked_cells_in_yuan(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        text = (await bill(merchant, f"tradebill?{DAY}")).decode()

        lines = text.removeprefix("\ufeff").split("\r\n")
        assert text.startswith("\ufeff交易时间,公众账号ID,")
        assert len(lines[0].split(",")) == 27
        payment, *back = (cells(lines[0], line) for line in lines[1:4])
        assert payment["交易时间"] == "2026-11-20 12:00:00"
        assert payment["用户标识"] == world.identities.openid(wang, APPID)
        assert (payment["交易状态"], payment["微信退款单号"]) == ("SUCCESS", "0")
        assert (payment["订单金额"], payment["应结订单金额"]) == ("80.00", "80.00")
        assert [row["商户退款单号"] for row in back] == ["R1", "R2"]
        assert [row["交易状态"] for row in back] == ["REFUND", "REFUND"]
        assert [row["订单金额"] for row in back] == ["0.00", "0.00"]
        assert [row["退款金额"] for row in back] == ["30.00", "10.00"]
        assert {row["商户订单号"] for row in back} == {NUMBER}
        total = cells(lines[4], lines[5])
        assert (total["总交易单数"], total["订单总金额"]) == ("3", "80.00")
        assert total["退款总金额"] == "40.00"
        assert lines[6:] == [""]

    async def test_what_became_of_a_refund_after_the_day_is_not_told(
        self, merchant: Merchant
    ) -> None:
        text = (await bill(merchant, f"tradebill?{DAY}&bill_type=REFUND")).decode()

        lines = text.split("\r\n")
        back = [cells(lines[0], line) for line in lines[1:3]]
        assert [row["退款状态"] for row in back] == ["SUCCESS", "PROCESSING"]
        assert [row["退款成功时间"] for row in back] == ["2026-11-20 12:05:00", ""]

    @pytest.mark.parametrize(
        ("kind", "columns", "rows"), [("ALL", 27, 3), ("SUCCESS", 20, 1), ("REFUND", 29, 2)]
    )
    async def test_each_kind_has_its_columns(
        self, merchant: Merchant, kind: str, columns: int, rows: int
    ) -> None:
        lines = (await bill(merchant, f"tradebill?{DAY}&bill_type={kind}")).decode().split("\r\n")

        assert [len(line.split(",`")) for line in lines[1 : 1 + rows]] == [columns] * rows
        assert lines[1 + rows].startswith("总交易单数,")

    async def test_the_digest_is_of_what_was_packed(self, merchant: Merchant) -> None:
        with time_machine.travel(NEXT_MORNING):
            plain = await order(merchant, f"tradebill?{DAY}")
            packed = await order(merchant, f"tradebill?{DAY}&tar_type=GZIP")
            content = (await fetch(merchant, packed["download_url"])).content

        assert packed["hash_value"] == plain["hash_value"]
        assert packed["hash_value"] == sha1(gzip.decompress(content)).hexdigest()
        assert packed["hash_value"] != sha1(content).hexdigest()

    @pytest.mark.parametrize(
        ("at", "code"),
        [
            (LATE, "NO_STATEMENT_EXIST"),
            (NEXT_MORNING.replace(hour=8), "NO_STATEMENT_EXIST"),
            (NEXT_MORNING.replace(hour=9), "STATEMENT_CREATING"),
            (datetime(2027, 2, 20, 12, tzinfo=CHINA), "INVALID_REQUEST"),
        ],
    )
    async def test_there_is_a_time_for_it(
        self, merchant: Merchant, at: datetime, code: str
    ) -> None:
        with time_machine.travel(at):
            reply = await merchant.call("GET", f"/v3/bill/tradebill?{DAY}")

        assert (reply.status_code, reply.json()["code"]) == (400, code)

    @pytest.mark.parametrize(
        ("asked", "code"),
        [
            ("bill_date=2026-11-19", "NO_STATEMENT_EXIST"),
            ("bill_date=20261120", "PARAM_ERROR"),
            ("bill_date=2026-11-31", "PARAM_ERROR"),
            (f"{DAY}&bill_type=NONE", "PARAM_ERROR"),
            (f"{DAY}&tar_type=ZIP", "PARAM_ERROR"),
        ],
    )
    async def test_a_day_without_trade_and_a_wrong_question_have_none(
        self, merchant: Merchant, asked: str, code: str
    ) -> None:
        with time_machine.travel(NEXT_MORNING):
            reply = await merchant.call("GET", f"/v3/bill/tradebill?{asked}")

        assert reply.json()["code"] == code


@pytest.mark.usefixtures("day")
class TestDownload:
    async def test_the_address_is_good_for_half_a_minute_and_for_its_merchant(
        self, merchant: Merchant, console: dict[str, Any]
    ) -> None:
        other = Merchant(merchant.http, console, "1900000002")
        with time_machine.travel(NEXT_MORNING, tick=False):
            url = (await order(merchant, f"tradebill?{DAY}"))["download_url"]
            theirs = await fetch(other, url)
            in_time = await fetch(merchant, url)
        with time_machine.travel(NEXT_MORNING.replace(second=31)):
            late = await fetch(merchant, url)

        assert (theirs.status_code, theirs.json()["code"]) == (403, "NO_AUTH")
        assert in_time.status_code == 200
        assert "wechatpay-signature" not in in_time.headers
        assert late.status_code == 404

    async def test_it_is_signed_for_like_everything_else(self, merchant: Merchant) -> None:
        with time_machine.travel(NEXT_MORNING):
            url = (await order(merchant, f"tradebill?{DAY}"))["download_url"]
            reply = await merchant.http.get(url, headers={"Accept": "*/*", "User-Agent": "x"})

        assert reply.status_code == 401


@pytest.mark.usefixtures("day")
class TestFundFlow:
    async def test_each_change_and_what_was_left_after_it(
        self, merchant: Merchant, world: World
    ) -> None:
        with time_machine.travel(LATE.replace(minute=59)):
            asked = {"mchid": MCHID, "amount_fen": 4000}
            await merchant.http.post("/control/wechat-pay/withdrawals", json=asked)

        text = (await bill(merchant, f"fundflowbill?{DAY}")).decode()

        lines = text.removeprefix("\ufeff").split("\r\n")
        moves = [cells(lines[0], line) for line in lines[1:5]]
        assert [(row["收支类型"], row["收支金额（元）"]) for row in moves] == [
            ("收入", "80.00"),
            ("支出", "30.00"),
            ("支出", "10.00"),
            ("支出", "40.00"),
        ]
        left = world.book.row("SELECT balance_fen FROM merchants WHERE merchant = ?", MCHID)
        assert left == {"balance_fen": 10_000_000_00}
        assert moves[-1]["账户结余（元）"] == "10000000.00"
        assert moves[0]["账户结余（元）"] == "10000080.00"
        total = cells(lines[5], lines[6])
        assert (total["收入笔数"], total["支出笔数"]) == ("1", "3")
        assert (total["收入金额"], total["支出金额"]) == ("80.00", "80.00")

    async def test_other_accounts_have_seen_nothing(self, merchant: Merchant) -> None:
        with time_machine.travel(NEXT_MORNING):
            path = f"/v3/bill/fundflowbill?{DAY}&account_type=FEES"
            reply = await merchant.call("GET", path)

        assert reply.json()["code"] == "NO_STATEMENT_EXIST"


async def order(merchant: Merchant, asked: str) -> dict[str, str]:
    reply = await merchant.call("GET", f"/v3/bill/{asked}")
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


async def fetch(merchant: Merchant, url: str) -> httpx.Response:
    assert url.startswith(f"http://sandbox{PAY}/v3/billdownload/file?token=")
    return await merchant.send("GET", url.removeprefix(f"http://sandbox{PAY}"))


async def bill(merchant: Merchant, asked: str) -> bytes:
    """What is fetched the next morning, held against the digest that came with its address."""
    with time_machine.travel(NEXT_MORNING):
        told = await order(merchant, asked)
        content = (await fetch(merchant, told["download_url"])).content
    assert (told["hash_type"], told["hash_value"]) == ("SHA1", sha1(content).hexdigest())
    return content


def cells(columns: str, line: str) -> dict[str, str]:
    values = line.removeprefix("`").split(",`")
    return dict(zip(columns.removeprefix("\ufeff").split(","), values, strict=True))
