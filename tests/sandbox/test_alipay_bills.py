"""Bills: a ZIP behind an address that lasts half a minute."""

import zipfile
from datetime import timedelta
from io import BytesIO

import pytest

from sandbox.city import Person
from sandbox.clock import CHINA
from sandbox.world import World
from tests.sandbox.conftest import later
from tests.sandbox.peers import AlipayClient
from tests.sandbox.test_alipay import TRADE, create, pay
from tests.sandbox.test_alipay_refunds import refund

METHOD = "alipay.data.dataservice.bill.downloadurl.query"


@pytest.fixture
async def busy_day(alipay: AlipayClient, world: World, wang: Person) -> str:
    """A day on which 80 yuan came and 30 went back; the clock stands at noon of the next."""
    _set_hour(world, 9)
    made = await create(alipay, world, wang)
    assert await pay(alipay, wang, made["trade_no"]) == "9000"
    await refund(alipay, "R1", "30.00")
    day = f"{world.clock.now().astimezone(CHINA):%Y-%m-%d}"
    later(world, days=1, hours=3)
    return day


async def test_the_bill_of_trades_has_what_came_and_went_back(
    alipay: AlipayClient, busy_day: str
) -> None:
    lines = await sheet(alipay, "trade", busy_day, "业务明细")

    rows = table(lines)
    assert lines[0] == "#支付宝业务明细查询"
    assert [row["业务类型"] for row in rows] == ["交易", "退款"]
    assert [row["订单金额（元）"] for row in rows] == ["80.00", "-30.00"]
    assert {row["商户订单号"] for row in rows} == {TRADE["out_trade_no"]}
    assert (rows[1]["退款批次号/请求号"], len(rows[0])) == ("R1", 25)
    assert lines[-3:-1] == ["#支出合计：1笔，共-30.00元", "#收入合计：1笔，共80.00元"]


async def test_the_bill_of_the_balance_has_every_movement(
    alipay: AlipayClient, busy_day: str
) -> None:
    rows = table(await sheet(alipay, "signcustomer", busy_day, "账务明细"))

    assert [row["收入金额（+元）"] for row in rows] == ["80.00", "0.00"]
    assert [row["支出金额（-元）"] for row in rows] == ["0.00", "-30.00"]
    assert [row["账户余额（元）"] for row in rows] == ["10000080.00", "10000050.00"]


async def test_the_address_dies_and_cannot_be_changed(
    alipay: AlipayClient, world: World, busy_day: str
) -> None:
    url = (await ask(alipay, "trade", busy_day))["bill_download_url"]

    other = await alipay.http.get(url.replace("bizType=trade", "bizType=signcustomer"))
    later(world, seconds=31)
    late = await alipay.http.get(url)

    for answer in (other, late):
        assert not answer.content.startswith(b"PK")
        assert "html" in answer.headers["content-type"]


async def test_a_bill_is_not_there_before_ten_nor_for_a_quiet_day(
    alipay: AlipayClient, world: World, busy_day: str
) -> None:
    quiet = f"{world.clock.now().astimezone(CHINA) - timedelta(days=9):%Y-%m-%d}"
    assert (await ask(alipay, "trade", quiet))["sub_code"] == "isp.bill_not_exist"

    _set_hour(world, 9)

    assert (await ask(alipay, "trade", busy_day))["sub_code"] == "isp.bill_not_exist"


@pytest.mark.parametrize("day", ["today", "2020-01-01", "2020-13", "yesterday", "2999-01-01"])
async def test_a_day_that_has_no_bill_is_refused(
    alipay: AlipayClient, world: World, busy_day: str, day: str
) -> None:
    today = f"{world.clock.now().astimezone(CHINA):%Y-%m-%d}"

    refused = await ask(alipay, "trade", day.replace("today", today))

    assert refused["sub_code"] == "isv.invalid-arguments"


async def test_a_month_is_ready_on_the_fourth(
    alipay: AlipayClient, world: World, busy_day: str
) -> None:
    month = busy_day[:7]
    while f"{world.clock.now().astimezone(CHINA):%Y-%m}" == month:
        later(world, days=1)
    early = await ask(alipay, "trade", month)
    later(world, days=4)

    assert early["sub_code"] == "isp.bill_not_exist"
    assert len(table(await sheet(alipay, "trade", month, "业务明细"))) == 2


async def ask(alipay: AlipayClient, bill_type: str, day: str) -> dict[str, str]:
    return await alipay.call(METHOD, {"bill_type": bill_type, "bill_date": day})


async def sheet(alipay: AlipayClient, bill_type: str, day: str, title: str) -> list[str]:
    """The lines of the sheet of that title; names and text are GBK."""
    url = (await ask(alipay, bill_type, day))["bill_download_url"]
    packed = (await alipay.http.get(url)).content
    with zipfile.ZipFile(BytesIO(packed), metadata_encoding="gb18030") as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 2
        name = next(name for name in archive.namelist() if name.endswith(f"_{title}.csv"))
        return archive.read(name).decode("gb18030").removesuffix("\r\n").split("\r\n")


def table(lines: list[str]) -> list[dict[str, str]]:
    header, *rows = [line.split(",") for line in lines if not line.startswith("#")]
    return [dict(zip(header, (cell.strip() for cell in row), strict=True)) for row in rows]


def _set_hour(world: World, hour: int) -> None:
    now = world.clock.now().astimezone(CHINA)
    world.clock.offset += now.replace(hour=hour, minute=0) - now
