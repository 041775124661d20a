"""Alipay's transfers, against the sandbox's application in certificate mode."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from core.clock import now
from core.ids import new_number
from core.wire import alipay
from core.wire.alipay_gateway import AlipayGateway as AlipayLine
from core.wire.alipay_gateway import AlipayKeys
from core.wire.alipay_trust import AlipayCertificates
from payments.gateways import (
    GatewayFailed,
    GatewayRefused,
    NoticeRejected,
    NotPaid,
    Provider,
    Receipt,
    TransferOrder,
    TransferState,
)
from payments.gateways.alipay import AlipayGateway
from payments.gateways.alipay_transfer import AlipayTransfers, identity_type
from sandbox.alipay import notices
from sandbox.console import console
from sandbox.world import World
from tests.payments.gateways.test_against_sandbox import (
    URL,
    WANG,
    alipay_gateway,
    client,
    last_callback,
    payable,
    world,
)

__all__ = ["world"]
APP_ID = "2021000000000002"
DOWNLOAD = "alipay.open.app.alipaycert.download"


def certified_line(world: World, http: httpx.AsyncClient) -> AlipayLine:
    apps = console(world.city, world.keys)["alipay"]["apps"]
    given = next(app for app in apps if app["app_id"] == APP_ID)
    keys = AlipayKeys(
        APP_ID,
        alipay.load_private_key(given["app_private_key_pem"]),
        None,
        given["aes_key"],
        AlipayCertificates(
            app_cert_pem=given["app_cert_pem"],
            alipay_cert_pem=given["alipay_cert_pem"],
            root_bundle_pem=given["root_bundle_pem"],
        ),
    )
    return AlipayLine(keys, http, url=f"{URL}/openapi.alipay.com/gateway.do")


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client(world) as http:
        yield http


@pytest.fixture
def line(world: World, http: httpx.AsyncClient) -> AlipayLine:
    return certified_line(world, http)


def order(world: World, **changes: Any) -> TransferOrder:
    given = {
        "number": new_number("D", now()),
        "appid": APP_ID,
        "subject": world.identities.open_id(world.city.people[WANG], APP_ID),
        "name": "王桂兰",
        "amount_fen": 10000,
        "purpose": "高龄津贴",
    }
    return TransferOrder(**given | changes)


class TestTransfers:
    async def test_the_money_is_there_at_once_and_once(
        self, world: World, http: httpx.AsyncClient, line: AlipayLine
    ) -> None:
        transfers, asked = AlipayTransfers(line), order(world)
        before = (await http.get(f"/phone/{WANG}/wallet")).json()["alipay_balance_fen"]

        absent = await transfers.query(asked.number)
        paid = [await transfers.transfer(asked) for _ in range(2)]
        found = await transfers.query(asked.number)

        after = (await http.get(f"/phone/{WANG}/wallet")).json()["alipay_balance_fen"]
        assert (absent, after - before) == (None, 10000)
        assert paid[0] == paid[1] == found
        assert (paid[0].state, paid[0].merchant) == (TransferState.PAID, APP_ID)
        assert transfers.confirmation("", appid=APP_ID) == {}

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"name": "李强"}, "PAYEE_USER_INFO_ERROR"),
            ({"subject": "nobody"}, "PAYEE_NOT_EXIST"),
            ({"amount_fen": 9}, "EXCEED_LIMIT_SM_MIN_AMOUNT"),
            ({"amount_fen": 99_000_000_00}, "PAYER_BALANCE_NOT_ENOUGH"),
        ],
    )
    async def test_a_refusal_says_why_and_can_be_asked_about(
        self, world: World, line: AlipayLine, changes: dict[str, Any], reason: str
    ) -> None:
        transfers, asked = AlipayTransfers(line), order(world, **changes)

        with pytest.raises(GatewayRefused) as refused:
            await transfers.transfer(asked)

        assert refused.value.context["reason"] == reason
        assert await transfers.query(asked.number) is None

    async def test_another_content_under_the_number_is_refused(
        self, world: World, line: AlipayLine
    ) -> None:
        transfers, asked = AlipayTransfers(line), order(world)
        await transfers.transfer(asked)

        with pytest.raises(GatewayRefused) as refused:
            await transfers.transfer(order(world, number=asked.number, amount_fen=20000))

        assert refused.value.context["reason"] == "PAYMENT_INFO_INCONSISTENCY"

    async def test_what_takes_a_while_is_accepted_and_may_fail(
        self, world: World, http: httpx.AsyncClient, line: AlipayLine
    ) -> None:
        transfers, asked = AlipayTransfers(line), order(world)
        slow, fast = {"seconds": 0.05, "ends": "FAIL"}, {"seconds": 0}
        await http.post("/control/alipay/transfers", json=slow)
        made = await transfers.transfer(asked)
        await http.post("/control/alipay/transfers", json=fast)
        world.book.write("UPDATE alipay_transfers SET done_at = created_at")

        ended = await transfers.query(asked.number)

        assert made.state is TransferState.ACCEPTED
        assert ended is not None
        assert (ended.state, ended.reason) == (TransferState.FAILED, "PAYEE_ACCOUNT_STATUS_ERROR")

    async def test_nothing_is_known_when_there_is_no_answer(self, world: World) -> None:
        def broken(request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("no answer", request=request)

        line = certified_line(world, httpx.AsyncClient(transport=httpx.MockTransport(broken)))

        with pytest.raises(GatewayFailed):
            await AlipayTransfers(line).transfer(order(world))

    def test_in_public_key_mode_nothing_is_paid_out(self, world: World) -> None:
        with pytest.raises(ValueError, match="certificate mode"):
            AlipayTransfers(alipay_gateway(world)._line)

    def test_an_older_user_is_named_by_the_older_number(self) -> None:
        assert identity_type("2088123412341234") == "ALIPAY_USER_ID"
        assert identity_type("0888") == "ALIPAY_OPEN_ID"


class TestCertificates:
    """B13, for Alipay: it signs under another certificate from one moment to the next."""

    async def test_a_new_one_is_fetched_once_however_many_ask(
        self, world: World, http: httpx.AsyncClient, line: AlipayLine
    ) -> None:
        gateway = AlipayGateway(line, seller_id=seller(world), notify_url="")
        before = downloads(world)
        await change_certificate(http)

        found = await asyncio.gather(*(gateway.query(f"P{number}") for number in range(5)))

        assert all(isinstance(one, NotPaid) for one in found)
        assert downloads(world) - before == 1

    async def test_a_notice_under_a_new_one_is_taken_when_it_comes_again(
        self, world: World, http: httpx.AsyncClient, line: AlipayLine
    ) -> None:
        gateway = AlipayGateway(line, seller_id=seller(world), notify_url="https://zb.test/n")
        owed = payable(APP_ID, world.identities.open_id(world.city.people[WANG], APP_ID))
        prepared = await gateway.prepare(owed)
        await http.post(f"/phone/{WANG}/alipay/pay", json=prepared.parameters)
        await change_certificate(http)
        kept = last_callback(world)["body"]
        _, body = notices.letter(world.alipay_apps[APP_ID], kept, at=now())

        with pytest.raises(NoticeRejected):
            gateway.read_notice({}, body, at=now())
        await gateway.query("P0")
        notice = gateway.read_notice({}, body, at=now())

        assert isinstance(notice.event, Receipt)
        assert notice.provider == Provider.ALIPAY

    async def test_a_notice_that_names_another_certificate_is_refused(
        self, world: World, http: httpx.AsyncClient, line: AlipayLine
    ) -> None:
        """B11: the number is part of what is signed."""
        gateway = AlipayGateway(line, seller_id=seller(world), notify_url="https://zb.test/n")
        held = line.keys.certificates
        assert held is not None
        owed = payable(APP_ID, world.identities.open_id(world.city.people[WANG], APP_ID))
        prepared = await gateway.prepare(owed)
        await http.post(f"/phone/{WANG}/alipay/pay", json=prepared.parameters)
        kept = last_callback(world)["body"]
        _, body = notices.letter(world.alipay_apps[APP_ID], kept, at=now())
        for changed in (b"", b"alipay_cert_sn=" + b"0" * 32):
            cut = b"&".join(
                changed if part.startswith(b"alipay_cert_sn=") else part
                for part in body.split(b"&")
            ).replace(b"&&", b"&")

            with pytest.raises(NoticeRejected):
                gateway.read_notice({}, cut.strip(b"&"), at=now())


async def change_certificate(http: httpx.AsyncClient) -> None:
    reply = await http.post("/control/alipay/certificate", json={"app_id": APP_ID})
    reply.raise_for_status()


def downloads(world: World) -> int:
    row = world.book.row("SELECT times FROM calls WHERE api = ? AND outcome = 'ok'", DOWNLOAD)
    return row["times"] if row else 0


def seller(world: World) -> str:
    return world.alipay_apps[APP_ID].seller_id
