"""Asynchronous notifications: a signed form, the same notify_id at every try. 异步通知"""

import json
import secrets
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.clock import beijing, stamp
from sandbox.crypto import random_digits, sign
from sandbox.posting import Callback, post_callback
from sandbox.world import AlipayApp, World


def announce_payment(world: World, trade_no: str) -> None:
    """Put trade_status_sync for a paid trade into the book."""
    trade = world.book.row("SELECT * FROM alipay_trades WHERE trade_no = ?", trade_no) or {}
    notify_id = (
        f"{trade['paid_at'][:10].replace('-', '')}00222{random_digits(6)}{secrets.token_hex(8)}"
    )
    callback = Callback(
        event_id=notify_id,
        provider="alipay",
        merchant=trade["app_id"],
        event_type="trade_status_sync",
        number=trade["out_trade_no"],
        url=trade["notify_url"],
        body=json.dumps(_fields(trade, notify_id), ensure_ascii=False),
    )
    post_callback(world, callback)


def letter(app: AlipayApp, body: str, *, at: datetime) -> tuple[dict[str, str], bytes]:
    """Headers and content of one try. sign_type is sent, and is not part of what is signed."""
    params: dict[str, str] = json.loads(body) | {"notify_time": beijing(stamp(at))}
    kept = sorted((name, value) for name, value in params.items() if value)
    message = "&".join(f"{name}={value}" for name, value in kept)
    signed = dict(kept) | {"sign": sign(app.alipay_key, message.encode()), "sign_type": "RSA2"}
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return headers, urlencode(signed).encode()


def is_acknowledged(status: int, answer: bytes) -> bool:
    return status == 200 and answer == b"success"


def _fields(trade: dict[str, Any], notify_id: str) -> dict[str, str]:
    amount = f"{trade['amount_fen'] // 100}.{trade['amount_fen'] % 100:02d}"
    fund = [{"amount": amount, "fundChannel": "ALIPAYACCOUNT"}]
    return {
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
        "total_amount": amount,
        "receipt_amount": amount,
        "invoice_amount": amount,
        "buyer_pay_amount": amount,
        "point_amount": "0.00",
        "subject": trade["subject"],
        "body": trade["body"],
        "gmt_create": beijing(trade["created_at"]),
        "gmt_payment": beijing(trade["paid_at"]),
        "fund_bill_list": json.dumps(fund, separators=(",", ":")),
        "passback_params": trade["passback_params"],
    }
