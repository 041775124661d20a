import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from core.wire import alipay
from core.wire.alipay_gateway import AlipayGateway as AlipayLine
from core.wire.alipay_gateway import AlipayKeys
from payments.gateways import (
    GatewayFailed,
    GatewayRefused,
    NoticeRejected,
    NotPaid,
    Payable,
    PayState,
    Receipt,
    RefundReport,
    Unfamiliar,
)
from payments.gateways.alipay import AlipayGateway, _buyer
from tests.conftest import AT
from tests.data import vectors

APP_KEY = rsa.generate_private_key(65537, 2048)
ALIPAY_KEY = rsa.generate_private_key(65537, 2048)
APP_ID, SELLER_ID = "2021990199000001", "2088990199000001"
NOTIFY_URL = f"https://zb.test/callbacks/alipay/{APP_ID}"
KEYS = AlipayKeys(APP_ID, APP_KEY, ALIPAY_KEY.public_key(), "")
NUMBER, TRADE_NO = "P20261122ABCDEFGHJKLM", "2026112222001400000000000001"
PAYABLE = Payable(
    number=NUMBER,
    title="驾驶证/补换=工本&费",
    amount_fen=1000,
    appid=APP_ID,
    subject="074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5",
    expires_at=AT + timedelta(days=1),
)
PAID = {
    "code": "10000",
    "trade_no": TRADE_NO,
    "out_trade_no": NUMBER,
    "trade_status": "TRADE_SUCCESS",
    "total_amount": "10.00",
    "send_pay_date": "2026-11-22 10:00:00",
}
NOTICE = {
    "notify_id": "2026112200222100001",
    "notify_time": "2026-11-22 10:00:01",
    "notify_type": "trade_status_sync",
    "app_id": APP_ID,
    "charset": "utf-8",
    "version": "1.0",
    "sign_type": "RSA2",
    "seller_id": SELLER_ID,
    "trade_no": TRADE_NO,
    "out_trade_no": NUMBER,
    "trade_status": "TRADE_SUCCESS",
    "total_amount": "10.00",
    "gmt_payment": "2026-11-22 10:00:00",
    "subject": "驾驶证补换 & 工本费",
    "body": "",
}

Answer = Callable[[httpx.Request], httpx.Response]


def gateway(answer: Answer, keys: AlipayKeys = KEYS) -> AlipayGateway:
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return AlipayGateway(
        AlipayLine(keys, client, url="https://alipay.test/gateway.do"),
        seller_id=SELLER_ID,
        notify_url=NOTIFY_URL,
        clock=lambda: AT,
    )


def answering(node: dict[str, Any], *, by: RSAPrivateKey | None = ALIPAY_KEY) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        given = dict(parse_qsl(request.url.query.decode())) | form(request)
        alipay.verify(APP_KEY.public_key(), alipay.sign_content(given), given["sign"])
        content = json.dumps(node, ensure_ascii=False)
        signature = "" if by is None else f',"sign":"{alipay.sign(by, content.encode())}"'
        name = given["method"].replace(".", "_") + "_response"
        return httpx.Response(200, text=f'{{"{name}":{content}{signature}}}')

    return answer


def form(request: httpx.Request) -> dict[str, str]:
    return dict(parse_qsl(request.content.decode()))


def notice(by: RSAPrivateKey = ALIPAY_KEY, /, **changes: str | None) -> bytes:
    fields = {k: v for k, v in (NOTICE | changes).items() if v is not None}
    signature = alipay.sign(by, alipay.notice_content(fields))
    return urlencode(fields | {"sign": signature}).encode()


def read(body: bytes) -> Any:
    return gateway(answering({})).read_notice({}, body, at=AT)


class TestPrepare:
    async def test_makes_a_trade_and_returns_its_number(self) -> None:
        seen: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            made = {"code": "10000", "trade_no": TRADE_NO, "out_trade_no": NUMBER}
            return answering(made)(request)

        prepared = await gateway(answer).prepare(PAYABLE)

        assert prepared.parameters == {"tradeNO": TRADE_NO}
        assert json.loads(form(seen[0])["biz_content"]) == {
            "out_trade_no": NUMBER,
            "total_amount": "10.00",
            "subject": "驾驶证／补换＝工本＆费",
            "product_code": "JSAPI_PAY",
            "op_app_id": APP_ID,
            "time_expire": "2026-11-23 10:00:00",
            "buyer_open_id": PAYABLE.subject,
        }
        assert ("notify_url", NOTIFY_URL) in parse_qsl(seen[0].url.query.decode())
        assert ("timestamp", "2026-11-22 10:00:00") in parse_qsl(seen[0].url.query.decode())

    async def test_a_request_is_signed_as_published(self) -> None:
        """Beside the sandbox and the peer: the same key and content give the same signature."""
        vector = vectors("identity_vectors")["request"]

        assert alipay.sign_content(vector["params"]).decode() == vector["signing_string"]

    async def test_an_older_user_is_named_by_the_older_number(self) -> None:
        assert _buyer("2088123412341234") == {"buyer_id": "2088123412341234"}
        assert _buyer("open-1", own=False) == {"op_buyer_open_id": "open-1"}

    @pytest.mark.parametrize(
        ("node", "by", "failure"),
        [
            ({"code": "40004", "sub_code": "ACQ.TRADE_HAS_SUCCESS"}, ALIPAY_KEY, GatewayRefused),
            ({"code": "40004", "sub_code": "ACQ.TRADE_HAS_SUCCESS"}, None, GatewayFailed),
            ({"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}, ALIPAY_KEY, GatewayFailed),
            ({"code": "20000", "sub_code": "isp.unknow-error"}, ALIPAY_KEY, GatewayFailed),
            ({"code": "40005"}, ALIPAY_KEY, GatewayFailed),
            ({"code": "10000", "trade_no": "1", "out_trade_no": NUMBER}, APP_KEY, GatewayFailed),
            ({"code": "10000", "trade_no": "1", "out_trade_no": NUMBER}, None, GatewayFailed),
            ({"code": "10000", "trade_no": "1", "out_trade_no": "P9"}, ALIPAY_KEY, GatewayFailed),
            ({"code": "10000"}, ALIPAY_KEY, GatewayFailed),
        ],
    )
    async def test_only_a_signed_no_is_a_no(
        self, node: dict[str, Any], by: RSAPrivateKey | None, failure: type[Exception]
    ) -> None:
        with pytest.raises(failure):
            await gateway(answering(node, by=by)).prepare(PAYABLE)


class TestQuery:
    async def test_a_paid_trade_is_a_receipt(self) -> None:
        found = await gateway(answering(PAID)).query(NUMBER)

        assert isinstance(found, Receipt)
        assert (found.trade_no, found.amount_fen, found.paid_at) == (TRADE_NO, 1000, AT)

    @pytest.mark.parametrize(
        ("changes", "state"),
        [
            ({"trade_status": "WAIT_BUYER_PAY"}, PayState.OPEN),
            ({"trade_status": "TRADE_CLOSED", "send_pay_date": ""}, PayState.CLOSED),
            ({"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"}, PayState.ABSENT),
        ],
    )
    async def test_an_unpaid_trade_says_whether_it_may_still_be(
        self, changes: dict[str, str], state: PayState
    ) -> None:
        found = await gateway(answering(PAID | changes)).query(NUMBER)

        assert isinstance(found, NotPaid)
        assert found.state is state

    async def test_a_trade_closed_after_payment_was_refunded(self) -> None:
        """B20."""
        found = await gateway(answering(PAID | {"trade_status": "TRADE_CLOSED"})).query(NUMBER)

        assert isinstance(found, Receipt)
        assert found.refunded

    @pytest.mark.parametrize(
        "changes",
        [{"out_trade_no": "P9"}, {"total_amount": "10.0"}, {"send_pay_date": "yesterday"}],
    )
    async def test_an_answer_that_does_not_fit_proves_nothing(
        self, changes: dict[str, str]
    ) -> None:
        with pytest.raises(GatewayFailed):
            await gateway(answering(PAID | changes)).query(NUMBER)


def forgeries() -> Iterator[Any]:
    signed_name = {"sign", "sign_type"}
    fields = dict(parse_qsl(notice().decode(), keep_blank_values=True))
    for name in fields:
        if fields[name] and name not in ("charset", "version", "subject"):
            left = {k: v for k, v in fields.items() if k != name}
            yield pytest.param(urlencode(left).encode(), id=f"{name} cut out")
    for name in NOTICE.keys() - signed_name - {"charset", "version", "subject", "body"}:
        yield pytest.param(notice(**{name: None}), id=f"signed without {name}")
    for changes in (
        {"app_id": "2021000000000002"},
        {"seller_id": "2088000000000002"},
        {"total_amount": "10"},
        {"total_amount": "1e3"},
        {"total_amount": "１０.00"},
        {"trade_status": "PAID"},
        {"gmt_payment": "soon"},
        {"sign_type": "RSA"},
    ):
        yield pytest.param(notice(**changes), id=str(changes))
    yield pytest.param(notice(APP_KEY), id="signed by ourselves")
    yield pytest.param(notice() + b"&total_amount=0.01", id="a field twice")
    yield pytest.param(notice().replace(b"10.00", b"99.00"), id="changed on the way")
    yield pytest.param(b"", id="empty")
    yield pytest.param(b"\xff=\xfe", id="not text")
    yield pytest.param(b"&".join(b"a%d=1" % i for i in range(500)), id="many fields")
    yield pytest.param(b"sign=%ff%fe&app_id=1", id="not UTF-8")


class TestReadNotice:
    def test_a_payment_becomes_a_receipt(self) -> None:
        found = read(notice())

        assert found.event_id == NOTICE["notify_id"]
        assert isinstance(found.event, Receipt)
        assert (found.event.amount_fen, found.event.paid_at) == (1000, AT)

    @pytest.mark.parametrize(
        ("changes", "kind"),
        [
            ({"trade_status": "TRADE_FINISHED"}, Receipt),
            ({"trade_status": "TRADE_CLOSED", "refund_fee": "10.00"}, RefundReport),
            ({"refund_fee": "1.00", "out_biz_no": "R1"}, RefundReport),
            ({"trade_status": "TRADE_CLOSED"}, NotPaid),
            ({"trade_status": "WAIT_BUYER_PAY", "gmt_payment": None}, NotPaid),
            ({"notify_type": "something_new"}, Unfamiliar),
        ],
    )
    def test_each_state_has_its_word(self, changes: dict[str, str], kind: type) -> None:
        """B20: closed with a refund is a refund, not an order that was never paid."""
        assert isinstance(read(notice(**changes)).event, kind)

    def test_an_old_one_is_still_genuine(self) -> None:
        assert read(notice(notify_time="2026-11-20 10:00:00")).merchant == APP_ID

    @pytest.mark.parametrize("forged", [*forgeries()])
    def test_anything_else_is_refused(self, forged: bytes) -> None:
        """B11, B15."""
        with pytest.raises(NoticeRejected):
            read(forged)
