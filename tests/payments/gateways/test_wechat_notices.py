import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from payments.gateways import (
    Notice,
    NoticeRejected,
    NotPaid,
    PayState,
    Receipt,
    RefundReport,
    Transfer,
    TransferState,
    Unfamiliar,
)
from payments.gateways.wechat_notices import read_notice
from tests.conftest import AT
from tests.payments.gateways import wechat
from tests.payments.gateways.wechat import TRANSACTION, VECTORS, Letter, letter

READ_AT = datetime(2026, 1, 1, 4, 0, 6, tzinfo=UTC)


def read(given: Letter, *, at: datetime = AT) -> Notice:
    return read_notice(wechat.api(wechat.answering({})), *given, at=at)


def read_vector(name: str) -> Notice:
    vector = VECTORS[name]
    public = load_der_public_key(b64decode(VECTORS["synthetic_public_key_spki_der_b64"]))
    assert isinstance(public, RSAPublicKey)
    keys = msgspec.structs.replace(
        wechat.KEYS,
        mchid="1900007291",
        appid="wxd678efh567hg6787",
        platform_keys={vector["headers"]["Wechatpay-Serial"]: public},
        apiv3_key=vector["apiv3_key"].encode(),
    )
    api = wechat.api(wechat.answering({}), keys)
    return read_notice(api, vector["headers"], vector["body"].encode(), at=READ_AT)


class TestGenuine:
    def test_a_payment_becomes_a_receipt(self) -> None:
        notice = read_vector("synthetic_wxpay_transaction_callback")

        event = notice.event
        assert isinstance(event, Receipt)
        assert (event.number, event.amount_fen) == ("1217752501201407033233368018", 100)
        assert event.paid_at == READ_AT - timedelta(seconds=1)
        assert notice.event_id == "EV-2018022511223320873"

    def test_a_refund_becomes_a_report(self) -> None:
        event = read_vector("synthetic_wxpay_refund_callback").event

        assert isinstance(event, RefundReport)
        assert (event.refund_no, event.state) == ("R1217752501201407033233368018", "SUCCESS")

    def test_a_transfer_becomes_a_report(self) -> None:
        event = read_vector("synthetic_wxpay_transfer_callback").event

        assert isinstance(event, Transfer)
        assert (event.number, event.state) == ("plfk2020042013", TransferState.PAID)
        assert (event.amount_fen, event.merchant) == (2000, "1900007291")

    def test_a_coupon_does_not_change_the_price(self) -> None:
        """B10: what the payer paid may be less than what the order was."""
        amount = TRANSACTION["amount"] | {"payer_total": 7500}

        event = read(letter(TRANSACTION | {"amount": amount})).event

        assert isinstance(event, Receipt)
        assert event.amount_fen == 8000

    def test_a_payment_that_is_none_says_so(self) -> None:
        event = read(letter(TRANSACTION | {"trade_state": "CLOSED"})).event

        assert isinstance(event, NotPaid)
        assert event.state is PayState.CLOSED

    def test_what_is_genuine_and_new_to_us_is_kept_too(self) -> None:
        body = wechat.envelope(wechat.sealed(b"{}"), "COMPLAINT.CREATE")

        assert isinstance(read((wechat.signed(body), body)).event, Unfamiliar)

    @pytest.mark.parametrize("seconds", [-299, 299])
    def test_just_inside_the_window_it_is_taken(self, seconds: int) -> None:
        """B12."""
        assert read(letter(), at=AT + timedelta(seconds=seconds)).merchant == wechat.KEYS.mchid


def without(fields: Mapping[str, Any], path: str) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    left = {name: value for name, value in fields.items() if name != first}
    return left | ({first: without(fields[first], rest)} if rest else {})


def forgeries() -> Iterator[Any]:
    headers, body = letter()
    for name in headers:
        yield pytest.param((without(headers, name), body), id=f"no header {name}")
    for path in (
        "mchid",
        "appid",
        "out_trade_no",
        "transaction_id",
        "trade_type",
        "trade_state",
        "success_time",
        "payer",
        "payer.openid",
        "amount",
        "amount.total",
        "amount.payer_total",
        "amount.currency",
        "amount.payer_currency",
    ):
        yield pytest.param(letter(without(TRANSACTION, path)), id=f"no {path}")
    whole = json.loads(body)
    for path in (
        "id",
        "create_time",
        "event_type",
        "resource_type",
        "resource",
        "resource.algorithm",
        "resource.original_type",
        "resource.ciphertext",
        "resource.nonce",
        "resource.associated_data",
    ):
        cut = json.dumps(without(whole, path)).encode()
        yield pytest.param((wechat.signed(cut), cut), id=f"no {path}")
    yield pytest.param(letter(TRANSACTION | {"mchid": "1900000999"}), id="another merchant")
    yield pytest.param(letter(TRANSACTION | {"appid": "wx9"}), id="another appid")
    yield pytest.param(letter(by=wechat.MERCHANT_KEY), id="signed by ourselves")
    yield pytest.param(letter(by=wechat.OLD_PLATFORM_KEY), id="signed by the other key")
    yield pytest.param(letter(serial="PUB_KEY_ID_9"), id="unknown serial")
    yield pytest.param((headers, body + b" "), id="changed on the way")
    yield pytest.param(({}, b""), id="empty")


def bad_headers() -> Iterator[Any]:
    headers, body = letter()
    for name, value in (
        ("wechatpay-timestamp", "9" * 400),
        ("wechatpay-timestamp", "-1"),
        ("wechatpay-timestamp", "１７６７２４０００６"),
        ("wechatpay-signature", "WECHATPAY/SIGNTEST/" + headers["wechatpay-signature"][19:]),
        ("wechatpay-signature", "WECHATPAY/SIGNTEST/abc"),
        ("wechatpay-signature", "费"),
        ("wechatpay-nonce", "other"),
    ):
        yield pytest.param((headers | {name: value}, body), id=f"{name} {value[:19]}")


def bad_resources() -> Iterator[Any]:
    plain = json.dumps(TRANSACTION).encode()
    good = wechat.sealed(plain)
    flipped = bytearray(b64decode(good["ciphertext"]))
    flipped[-1] ^= 1
    short = wechat.sealed(plain, nonce="0" * 11)
    for name, resource in {
        "tag flipped": good | {"ciphertext": b64encode(bytes(flipped)).decode()},
        "not base64": good | {"ciphertext": "费"},
        "nonce of eleven": short,
        "key of before": wechat.sealed(plain, key=b"o" * 32),
        "other associated data": good | {"associated_data": "refund"},
        "not JSON": wechat.sealed(b"\xff\xfe"),
        "a list": wechat.sealed(b"[]"),
        "deep": wechat.sealed(b"[" * 100_000),
        "amount as text": wechat.sealed(plain.replace(b": 8000", b': "8000"')),
        "amount of 1e400": wechat.sealed(plain.replace(b": 8000", b": 1e400")),
        "a time without zone": wechat.sealed(plain.replace(b"+08:00", b"")),
    }.items():
        body = wechat.envelope(resource)
        yield pytest.param((wechat.signed(body), body), id=name)


class TestForged:
    @pytest.mark.parametrize("forged", [*forgeries(), *bad_headers()])
    def test_what_does_not_hold_is_refused(self, forged: Letter) -> None:
        """B11, B14: each field left out, other keys, other merchants, the provider's own probe."""
        with pytest.raises(NoticeRejected):
            read(forged)

    @pytest.mark.parametrize("forged", [*bad_resources()])
    def test_what_does_not_open_is_refused(self, forged: Letter) -> None:
        """B15."""
        with pytest.raises(NoticeRejected):
            read(forged)

    @pytest.mark.parametrize("seconds", [-600, -301, -300, 300, 301, 600])
    def test_outside_the_window_it_is_refused(self, seconds: int) -> None:
        """B12: also when a true one is replayed after ten minutes."""
        with pytest.raises(NoticeRejected):
            read(letter(), at=AT + timedelta(seconds=seconds))
