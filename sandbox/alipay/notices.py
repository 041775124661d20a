"""Asynchronous notifications: a signed form, the same notify_id at every try. 异步通知"""

import json
import secrets
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.alipay.calls import yuan_of
from sandbox.clock import beijing, stamp
from sandbox.crypto import random_digits, sign
from sandbox.posting import Callback, post_callback
from sandbox.world import AlipayApp, World


def announce_trade(world: World, trade_no: str, *, out_request_no: str = "") -> None:
    """Put trade_status_sync into the book: a trade as it stands, after a refund or without."""
    trade = world.book.row("SELECT * FROM alipay_trades WHERE trade_no = ?", trade_no) or {}
    now = stamp(world.clock.now())
    notify_id = f"{now[:10].replace('-', '')}00222{random_digits(6)}{secrets.token_hex(8)}"
    fields = _fields(trade, notify_id)
    if out_request_no:
        fields |= {
            "refund_fee": yuan_of(trade["refunded_fen"]),
            "gmt_refund": f"{beijing(now)}.000",
            "out_biz_no": out_request_no,
        }
    callback = Callback(
        event_id=notify_id,
        provider="alipay",
        merchant=trade["app_id"],
        event_type="trade_status_sync",
        number=trade["out_trade_no"],
        url=trade["notify_url"],
        body=json.dumps(fields, ensure_ascii=False),
    )
    post_callback(world, callback)


def letter(app: AlipayApp, body: str, *, at: datetime) -> tuple[dict[str, str], bytes]:
    """Headers and content of one try. sign_type is sent, and is not part of what is signed."""
    now = {"notify_time": beijing(stamp(at)), "alipay_cert_sn": app.alipay_cert_sn}
    params: dict[str, str] = json.loads(body) | now
    kept = sorted((name, value) for name, value in params.items() if value)
    message = "&".join(f"{name}={value}" for name, value in kept)
    signed = dict(kept) | {"sign": sign(app.alipay_key, message.encode()), "sign_type": "RSA2"}
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return headers, urlencode(signed).encode()


def is_acknowledged(status: int, answer: bytes) -> bool:
    return status == 200 and answer == b"success"


def _fields(trade: dict[str, Any], notify_id: str) -> dict[str, str]:
    fields = {
        "notify_type": "trade_status_sync",
        "notify_id": notify_id,
        "charset": "utf-8",
        "version": "1.0",
        "app_id": trade["app_id"],
        "auth_app_id": trade["app_id"],
        "trade_no": trade["trade_no"],
        "out_trade_no": trade["out_trade_no"],
        "buyer_open_id": trade["buyer_open_id"],
        "seller_id": trade["seller_id"],
        "trade_status": trade["state"],
        "total_amount": yuan_of(trade["amount_fen"]),
        "subject": trade["subject"],
        "body": trade["body"],
        "gmt_create": beijing(trade["created_at"]),
        "passback_params": trade["passback_params"],
    }
    if trade["paid_at"] is not None:
        fields |= _payment(trade)
    if trade["closed_at"] is not None:
        fields["gmt_close"] = beijing(trade["closed_at"])
    return fields


def _payment(trade: dict[str, Any]) -> dict[str, str]:
    amount = yuan_of(trade["amount_fen"])
    fund = [{"amount": amount, "fundChannel": "ALIPAYACCOUNT"}]
    return {
        "receipt_amount": amount,
        "invoice_amount": amount,
        "buyer_pay_amount": amount,
        "point_amount": "0.00",
        "gmt_payment": beijing(trade["paid_at"]),
        "fund_bill_list": json.dumps(fund, separators=(",", ":")),
    }
