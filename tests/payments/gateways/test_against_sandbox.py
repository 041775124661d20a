"""Our gateways against the sandbox: a second reading of the same protocols that shares no code."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from core.clock import now
from core.ids import new_number
from core.wire import alipay
from core.wire.alipay_gateway import AlipayGateway as AlipayLine
from core.wire.alipay_gateway import AlipayKeys
from core.wire.hmac_api import HmacApi
from identity.entities import BankAccount
from payments.gateways import (
    GatewayRefused,
    NotPaid,
    Payable,
    PayState,
    Receipt,
    Transfer,
    TransferOrder,
    TransferState,
)
from payments.gateways.alipay import AlipayGateway
from payments.gateways.bank import CorporateBank
from payments.gateways.wechat import WechatGateway
from payments.gateways.wechat_api import WechatPayApi, WechatPayKeys, load_platform_key
from payments.gateways.wechat_transfer import WechatTransfers
from sandbox.alipay import notices as alipay_notices
from sandbox.asgi import create_app
from sandbox.city import read_city
from sandbox.clock import Clock
from sandbox.console import write_console
from sandbox.keys import open_keys
from sandbox.wechat_pay import notices as wechat_notices
from sandbox.world import World, open_world

CITY = Path(__file__).parents[2] / "sandbox" / "city"
URL, WANG = "http://127.0.0.1:9", "wang-guilan"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    state = tmp_path_factory.mktemp("sandbox")
    city = read_city(CITY)
    write_console(state, city, open_keys(state, city))
    world = open_world(state, CITY, clock=Clock())
    world.console = json.loads((state / "console.json").read_text())
    yield world
    world.book.close()


@pytest.fixture
async def sandbox(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The user's hand, and the outside's book."""
    async with client(world) as http:
        yield http


def client(world: World, prefix: str = "") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(world, delivers=False))
    return httpx.AsyncClient(transport=transport, base_url=URL + prefix)


def wechat_line(world: World) -> WechatPayApi:
    given = world.console["wechat_pay"]["merchants"][0]
    first, *more = world.city.platforms.wechat.appids()
    keys = WechatPayKeys(
        mchid=given["mchid"],
        appid=first,
        more_appids=tuple(more),
        serial_no=given["serial_no"],
        private_key=load_pem_private_key(given["private_key_pem"].encode(), None),
        platform_keys={given["public_key_id"]: load_platform_key(given["public_key_pem"])},
        current_serial=given["public_key_id"],
        apiv3_key=given["apiv3_key"].encode(),
    )
    return WechatPayApi(keys, client(world, "/api.mch.weixin.qq.com"))


def alipay_gateway(world: World, *, is_sealed: bool = True) -> AlipayGateway:
    given = world.console["alipay"]
    keys = AlipayKeys(
        given["app_id"],
        alipay.load_private_key(given["app_private_key_pem"]),
        alipay.load_public_key(given["alipay_public_key_pem"]),
        given["aes_key"] if is_sealed else "",
    )
    return AlipayGateway(
        AlipayLine(keys, client(world), url=f"{URL}/openapi.alipay.com/gateway.do"),
        seller_id=given["seller_id"],
        notify_url="https://zb.test/callbacks/alipay/1",
    )


def payable(appid: str, subject: str) -> Payable:
    return Payable(
        number=new_number("P", now()),
        title="不动产登记费",
        amount_fen=8000,
        appid=appid,
        subject=subject,
        expires_at=now() + timedelta(hours=1),
    )


def last_callback(world: World) -> dict[str, Any]:
    return dict(world.book.rows("SELECT * FROM callbacks ORDER BY id DESC LIMIT 1")[0])


async def test_a_fee_is_paid_through_wechat(world: World, sandbox: httpx.AsyncClient) -> None:
    line = wechat_line(world)
    gateway = WechatGateway(line, notify_url="https://zb.test/callbacks/wechat-pay/1")
    appid = line.keys.appid
    owed = payable(appid, world.identities.openid(world.city.people[WANG], appid))

    absent = await gateway.query(owed.number)
    prepared = await gateway.prepare(owed)
    again = await gateway.prepare(owed)
    unpaid = await gateway.query(owed.number)
    sheet = {"appId": appid, **prepared.parameters}
    said = await sandbox.post(f"/phone/{WANG}/wechat/pay", json=sheet)
    paid = await gateway.query(owed.number)
    merchant = world.merchants[line.keys.mchid]
    headers, body = wechat_notices.letter(merchant, last_callback(world)["body"], at=now())
    notice = gateway.read_notice(headers, body, at=now())

    assert isinstance(absent, NotPaid)
    assert isinstance(unpaid, NotPaid)
    assert (absent.state, unpaid.state) == (PayState.ABSENT, PayState.OPEN)
    assert prepared.parameters["package"] == again.parameters["package"]
    assert said.json()["errMsg"] == "requestPayment:ok"
    assert isinstance(paid, Receipt)
    assert (paid.amount_fen, paid.currency, notice.event) == (8000, "CNY", paid)


@pytest.mark.parametrize("place", [0, 1])
async def test_a_benefit_is_taken_through_wechat(
    world: World, sandbox: httpx.AsyncClient, place: int
) -> None:
    """In the merchant's first mini-program, and in its second."""
    line = wechat_line(world)
    transfers = WechatTransfers(line, notify_url="https://zb.test/callbacks/wechat-pay/1")
    appid = transfers.appids[place]
    order = TransferOrder(
        number=new_number("D", now()),
        appid=appid,
        subject=world.identities.openid(world.city.people[WANG], appid),
        name="王桂兰",
        amount_fen=250000,
        purpose="高龄津贴",
    )

    absent = await transfers.query(order.number)
    offered = await transfers.transfer(order)
    again = await transfers.transfer(order)
    said = await sandbox.post(
        f"/phone/{WANG}/wechat/confirm-transfer",
        json=transfers.confirmation(offered.package, appid=appid),
    )
    taken = await transfers.query(order.number)
    merchant = world.merchants[line.keys.mchid]
    headers, body = wechat_notices.letter(merchant, last_callback(world)["body"], at=now())
    notice = WechatGateway(line, notify_url="").read_notice(headers, body, at=now())

    assert absent is None
    assert (offered.state, again) == (TransferState.WAITING_USER, offered)
    assert said.json()["errMsg"] == "requestMerchantTransfer:ok"
    assert taken is not None
    assert (taken.state, taken.amount_fen) == (TransferState.PAID, 250000)
    assert isinstance(notice.event, Transfer)
    assert (notice.event.number, notice.event.state) == (order.number, TransferState.PAID)


@pytest.mark.parametrize("is_sealed", [True, False])
async def test_a_fee_is_paid_through_alipay(
    world: World, sandbox: httpx.AsyncClient, *, is_sealed: bool
) -> None:
    """With content encryption, when there is a key for it, and without."""
    gateway = alipay_gateway(world, is_sealed=is_sealed)
    app_id = gateway.merchant
    owed = payable(app_id, world.identities.open_id(world.city.people[WANG], app_id))

    absent = await gateway.query(owed.number)
    prepared = await gateway.prepare(owed)
    again = await gateway.prepare(owed)
    unpaid = await gateway.query(owed.number)
    said = await sandbox.post(f"/phone/{WANG}/alipay/pay", json=prepared.parameters)
    paid = await gateway.query(owed.number)
    kept = last_callback(world)
    _, body = alipay_notices.letter(world.alipay_apps[app_id], kept["body"], at=now())
    notice = gateway.read_notice({}, body, at=now())

    assert isinstance(absent, NotPaid)
    assert isinstance(unpaid, NotPaid)
    assert (absent.state, unpaid.state) == (PayState.ABSENT, PayState.OPEN)
    assert prepared == again
    assert said.json()["resultCode"] == "9000"
    assert isinstance(paid, Receipt)
    assert (paid.amount_fen, notice.event) == (8000, paid)


async def test_an_enterprise_is_paid_by_the_bank(world: World) -> None:
    given = world.console["bank"]
    api = HmacApi(client(world, "/bank"), app_key=given["app_key"], secret=given["secret"].encode())
    bank = CorporateBank(api, debit_account=given["debit_account"])
    right = BankAccount("6228990199010000019", "临溪精密机械有限公司", "临溪农商行")
    wrong = BankAccount("6228990199010000019", "别的公司", "临溪农商行")
    numbers = [new_number("D", now()) for _ in range(2)]

    absent = await bank.query(numbers[0])
    paid = [await pay(bank, numbers[0], right) for _ in range(2)]
    returned = await pay(bank, numbers[1], wrong)

    assert absent is None
    assert paid[0] == paid[1] == await bank.query(numbers[0])
    assert paid[0].state in (TransferState.PAID, TransferState.ACCEPTED)
    assert (returned.state, returned.reason) == (TransferState.FAILED, "account_name_mismatch")
    with pytest.raises(GatewayRefused):
        await pay(bank, numbers[0], wrong)


async def pay(bank: CorporateBank, number: str, account: BankAccount) -> Transfer:
    return await bank.transfer(number=number, account=account, amount_fen=10000, purpose="稳岗返还")
