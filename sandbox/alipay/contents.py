"""What may stand in the biz_content of alipay.trade.create. Fields not known are ignored."""

import re
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from sandbox.alipay.calls import FieldInvalid, amount_of, checked
from sandbox.city import Person
from sandbox.clock import CHINA
from sandbox.refusals import AlipayRefusal
from sandbox.world import AlipayApp, World

LONGEST, UNITS = timedelta(days=15), {"m": "minutes", "h": "hours", "d": "days"}
LARGEST_FEN = 100_000_000_00
BUYERS = ("buyer_open_id", "buyer_id", "op_buyer_open_id")


class TradeContent(Struct):
    out_trade_no: str
    amount_fen: int
    subject: str
    body: str
    passback_params: str
    op_app_id: str
    buyer: Person
    expires_at: datetime


def read_trade(world: World, app: AlipayApp, content: dict[str, Any]) -> TradeContent:
    """Raises FieldInvalid, or says that it is too much."""
    text = {name: value for name, value in content.items() if isinstance(value, str)}
    checked(content, "product_code", "JSAPI_PAY")
    checked(content, "seller_id", app.seller_id, required=False)
    op_app_id = text.get("op_app_id", "")
    if op_app_id not in world.alipay_apps:
        raise FieldInvalid("op_app_id")
    return TradeContent(
        out_trade_no=checked(content, "out_trade_no", r"[0-9A-Za-z_]{1,64}"),
        amount_fen=_amount_of(content),
        subject=checked(content, "subject", r"[^/=&]{1,256}"),
        body=checked(content, "body", r".{0,128}", required=False),
        passback_params=checked(content, "passback_params", r".{0,512}", required=False),
        op_app_id=op_app_id,
        buyer=_buyer(world, app, op_app_id, text),
        expires_at=_expires_at(world.clock.now(), text),
    )


def _amount_of(content: dict[str, Any]) -> int:
    amount_fen = amount_of(content, "total_amount")
    if amount_fen > LARGEST_FEN:
        raise AlipayRefusal("40004", "ACQ.TOTAL_FEE_EXCEED", "订单总金额超过限额")
    return amount_fen


def _buyer(world: World, app: AlipayApp, op_app_id: str, text: dict[str, str]) -> Person:
    given = [name for name in BUYERS if text.get(name)]
    if len(given) != 1:
        raise FieldInvalid("buyer_open_id, buyer_id: 必须且只能传一个")
    # An open_id is nobody outside its app; only op_buyer_open_id is of the mini-program's.
    home = op_app_id if given[0] == "op_buyer_open_id" else app.app_id
    subject = text[given[0]]
    person = world.identities.person(home, subject)
    if person is None or subject.startswith("2088") != (given[0] == "buyer_id"):
        raise FieldInvalid(given[0])
    return person


def _expires_at(at: datetime, text: dict[str, str]) -> datetime:
    if "time_expire" in text:
        try:
            end = datetime.strptime(text["time_expire"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
        except ValueError as error:
            raise FieldInvalid("time_expire") from error
        if not at < end <= at + LONGEST:
            raise FieldInvalid("time_expire")
        return end
    told = text.get("timeout_express", "15d")
    if told == "1c":
        return at.astimezone(CHINA).replace(hour=23, minute=59, second=59)
    match = re.fullmatch(r"([1-9]\d{0,4})([mhd])", told)
    if match is None:
        raise FieldInvalid("timeout_express")
    end = at + timedelta(**{UNITS[match[2]]: int(match[1])})
    if end > at + LONGEST:
        raise FieldInvalid("timeout_express")
    return end
