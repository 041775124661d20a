"""A whole SDK of other people's, wechatpayv3, against the sandbox as a process."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import httpx
import pytest
import time_machine
from wechatpayv3 import WeChatPay, WeChatPayType

from sandbox.clock import CHINA
from sandbox.crypto import new_private_pem, private_key, public_pem
from tests.sandbox.conftest import APPID, MCHID
from tests.sandbox.test_process import served

NOTIFY = "http://127.0.0.1:9/callbacks/wechat-pay/1900000001"


class Shop:
    """The SDK of one merchant and the sandbox it speaks to."""

    def __init__(self, url: str, console: dict[str, Any]) -> None:
        self.url = url
        self.own = next(m for m in console["wechat_pay"]["merchants"] if m["mchid"] == MCHID)
        self.console = console

    def sdk(self, **keys: str) -> WeChatPay:
        return _Directed(
            self.url,
            wechatpay_type=WeChatPayType.MINIPROG,
            mchid=MCHID,
            private_key=self.own["private_key_pem"],
            cert_serial_no=self.own["serial_no"],
            apiv3_key=self.own["apiv3_key"],
            appid=APPID,
            notify_url=NOTIFY,
            **keys,
        )

    def with_public_key(self) -> WeChatPay:
        return self.sdk(
            public_key=self.own["public_key_pem"], public_key_id=self.own["public_key_id"]
        )

    def sell(self, sdk: WeChatPay, number: str) -> None:
        """An order of 80.00 yuan that wang-guilan pays."""
        asked = {"amount": {"total": 8000, "currency": "CNY"}, "payer": {"openid": self.openid()}}
        _, answer = sdk.pay(description="不动产登记费", out_trade_no=number, **asked)
        package = f"prepay_id={json.loads(answer)['prepay_id']}"
        timestamp = str(int(datetime.now(UTC).timestamp()))
        sheet = {"appId": APPID, "timeStamp": timestamp, "nonceStr": "n", "package": package}
        signed = {"signType": "RSA", "paySign": sdk.sign([APPID, timestamp, "n", package])}
        paid = httpx.post(f"{self.url}/phone/wang-guilan/wechat/pay", json=sheet | signed)
        assert paid.json()["errMsg"] == "requestPayment:ok"

    def openid(self) -> str:
        asked = {"appid": APPID}
        code = httpx.post(f"{self.url}/phone/wang-guilan/wechat/login-code", json=asked).json()
        given = asked | {"secret": self.console["wechat"]["secret"], "js_code": code["code"]}
        given |= {"grant_type": "authorization_code"}
        session = httpx.get(f"{self.url}/api.weixin.qq.com/sns/jscode2session", params=given)
        return str(session.json()["openid"])

    def control(self, switch: str, **asked: Any) -> None:
        httpx.post(f"{self.url}/control/{switch}", json=asked).raise_for_status()


class _Directed(WeChatPay):
    """The SDK, which knows one host only, sent to another before it asks for certificates."""

    def __init__(self, url: str, **given: Any) -> None:
        certified = "public_key" not in given
        if certified:
            given |= {"public_key": ANY_KEY, "public_key_id": "PUB_KEY_ID_0"}
        super().__init__(**given)
        self._core._gate_way = f"{url}/api.mch.weixin.qq.com"
        if certified:
            self._core._public_key = self._core._public_key_id = None
            self._core._init_certificates()


@pytest.fixture(scope="module")
def shop(made_keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    state = tmp_path_factory.mktemp("shop")
    for name in ("keys.json", "console.json"):
        (state / name).write_bytes((made_keys / name).read_bytes())
    with served(state) as (_, url):
        yield Shop(url, json.loads((state / "console.json").read_text()))


def test_it_refunds_and_finds_the_refund(shop: Shop) -> None:
    sdk = shop.with_public_key()
    shop.sell(sdk, "F20261122SDK1")

    amount = {"refund": 3000, "total": 8000, "currency": "CNY"}
    status, asked = sdk.refund("R-1", amount, out_trade_no="F20261122SDK1", reason="重复缴费")
    found = sdk.query_refund("R-1")
    order = sdk.query(out_trade_no="F20261122SDK1")

    assert (status, json.loads(asked)["status"]) == (200, "PROCESSING")
    assert found[0] == 200
    assert json.loads(found[1])["refund_id"] == json.loads(asked)["refund_id"]
    assert json.loads(order[1])["trade_state"] == "REFUND"


def test_it_sends_an_abnormal_refund_to_a_card(shop: Shop) -> None:
    sdk = shop.with_public_key()
    shop.sell(sdk, "F20261122SDK2")
    shop.control("wechat-pay/refund-endings", number="R-2", ending="ABNORMAL")
    amount = {"refund": 8000, "total": 8000, "currency": "CNY"}
    refund = json.loads(sdk.refund("R-2", amount, out_trade_no="F20261122SDK2")[1])

    with elsewhen(shop, datetime.now(UTC) + timedelta(minutes=6)):
        card = ("ICBC_DEBIT", "6222000000001234", "王桂兰")
        status, answer = sdk.abnormal_refund(refund["refund_id"], "R-2", "USER_BANK_CARD", *card)

    assert (status, json.loads(answer)["status"]) == (200, "PROCESSING")
    assert json.loads(answer)["user_received_account"] == "ICBC_DEBIT1234"


def test_it_pays_out_and_reads_the_callback(shop: Shop) -> None:
    sdk = shop.with_public_key()
    report = [{"info_type": "补贴类型", "info_content": "高龄津贴"}]
    asked = (
        "T20261122SDK1",
        "1002",
        shop.openid(),
        10000,
        "高龄津贴",
        "王桂兰",
        "行政补贴",
        report,
    )

    with listener() as (heard, url):
        status, answer = sdk.mch_transfer_bills(*asked, notify_url=url)
        package = json.loads(answer)["package_info"]
        page = {"mchId": MCHID, "appId": APPID, "package": package}
        httpx.post(f"{shop.url}/phone/wang-guilan/wechat/confirm-transfer", json=page)
        headers, body = heard.get(timeout=20)
    found = json.loads(sdk.mch_transfer_bills_query(out_bill_no="T20261122SDK1")[1])
    notice = sdk.callback(headers, body)

    assert (status, found["state"]) == (200, "SUCCESS")
    assert notice["event_type"] == "MCHTRANSFER.BILL.FINISHED"
    assert notice["resource"]["transfer_bill_no"] == found["transfer_bill_no"]


def test_it_closes_an_order_and_cancels_a_transfer(shop: Shop) -> None:
    sdk = shop.with_public_key()
    report = [{"info_type": "补贴类型", "info_content": "高龄津贴"}]
    payer, amount = {"openid": shop.openid()}, {"total": 8000, "currency": "CNY"}
    sdk.pay(description="登记费", out_trade_no="F20261122SDK5", amount=amount, payer=payer)
    bill = ("T20261122SDK2", "1002", shop.openid(), 10000, "高龄津贴", "王桂兰", "", report)
    sdk.mch_transfer_bills(*bill, notify_url=NOTIFY)

    closed, cancelled = sdk.close("F20261122SDK5"), sdk.mch_transfer_bills_cancel("T20261122SDK2")
    order = json.loads(sdk.query(out_trade_no="F20261122SDK5")[1])

    assert (closed[0], order["trade_state"]) == (204, "CLOSED")
    assert (cancelled[0], json.loads(cancelled[1])["state"]) == (200, "CANCELING")


def test_it_fetches_the_bills_of_a_day(shop: Shop) -> None:
    sdk = shop.with_public_key()
    shop.sell(sdk, "F20261122SDK3")
    today = datetime.now(CHINA)

    with elsewhen(shop, (today + timedelta(days=1)).replace(hour=11)):
        for ask in (sdk.trade_bill, sdk.fundflow_bill):
            status, told = ask(f"{today:%Y-%m-%d}")
            content = sdk.download_bill(json.loads(told)["download_url"])[1]

            assert status == 200
            plain = gzip.decompress(content)
            assert sha1(plain).hexdigest() == json.loads(told)["hash_value"]
            assert "F20261122SDK3" in plain.decode()


def test_it_fetches_certificates_and_believes_what_they_sign(shop: Shop) -> None:
    shop.control("wechat-pay/signing", mchid=MCHID, mode="certificate")
    try:
        sdk = shop.sdk()
        shop.sell(sdk, "F20261122SDK4")
        shop.control("wechat-pay/rotate-certificate", mchid=MCHID)
        status, answer = sdk.query(out_trade_no="F20261122SDK4")
    finally:
        shop.control("wechat-pay/signing", mchid=MCHID, mode="public_key")

    assert (status, json.loads(answer)["trade_state"]) == (200, "SUCCESS")
    assert len(sdk._core._certificates) == 2


@contextmanager
def listener() -> Iterator[tuple[Queue[tuple[Any, str]], str]]:
    """Somebody who takes a callback and keeps it for the SDK."""
    heard: Queue[tuple[Any, str]] = Queue()

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.send_response(204)
            self.end_headers()
            heard.put((self.headers, body))

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    Thread(target=server.serve_forever, daemon=True).start()
    yield heard, f"http://127.0.0.1:{server.server_port}/callbacks/wechat-pay/{MCHID}"
    server.shutdown()
    server.server_close()


@contextmanager
def elsewhen(shop: Shop, at: datetime) -> Iterator[None]:
    """Move both clocks, ours and the sandbox's."""
    shop.control("clock", offset_seconds=(at - datetime.now(UTC)).total_seconds())
    with time_machine.travel(at):
        yield
    shop.control("clock", offset_seconds=0)


# The SDK will not begin without a key or a certificate; with certificates this one is dropped.
ANY_KEY = public_pem(private_key(new_private_pem()))
