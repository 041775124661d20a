"""What may stand in the biz_content of alipay.trade.create. Fields not known are ignored."""

import re
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

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
    """Raises ACQ.INVALID_PARAMETER, naming the field."""
    text = {name: value for name, value in content.items() if isinstance(value, str)}
    _check(text, "out_trade_no", r"[0-9A-Za-z_]{1,64}")
    _check(text, "total_amount", r"(0|[1-9]\d{0,8})(\.\d{1,2})?")
    _check(text, "subject", r"[^/=&]{1,256}")
    _check(text, "product_code", "JSAPI_PAY")
    _check(text, "body", r".{0,128}", required=False)
    _check(text, "passback_params", r".{0,512}", required=False)
    _check(text, "seller_id", app.seller_id, required=False)
    op_app_id = text.get("op_app_id", "")
    if op_app_id not in world.alipay_apps:
        raise _invalid("op_app_id")
    return TradeContent(
        out_trade_no=text["out_trade_no"],
        amount_fen=_fen(text["total_amount"]),
        subject=text["subject"],
        body=text.get("body", ""),
        passback_params=text.get("passback_params", ""),
        op_app_id=op_app_id,
        buyer=_buyer(world, app, op_app_id, text),
        expires_at=_expires_at(world.clock.now(), text),
    )


def _check(text: dict[str, str], name: str, pattern: str, *, required: bool = True) -> None:
    value = text.get(name)
    if value is None and not required:
        return
    if value is None or not re.fullmatch(pattern, value):
        raise _invalid(name)


def _fen(amount: str) -> int:
    yuan, _, rest = amount.partition(".")
    fen = int(yuan) * 100 + int(rest.ljust(2, "0"))
    if not 1 <= fen <= LARGEST_FEN:
        raise _invalid("total_amount")
    return fen


def _buyer(world: World, app: AlipayApp, op_app_id: str, text: dict[str, str]) -> Person:
    given = [name for name in BUYERS if text.get(name)]
    if len(given) != 1:
        raise _invalid("buyer_open_id, buyer_id: 必须且只能传一个")
    # An open_id is nobody outside its app; only op_buyer_open_id is of the mini-program's.
    home = op_app_id if given[0] == "op_buyer_open_id" else app.app_id
    subject = text[given[0]]
    person = world.identities.person(home, subject)
    if person is None or subject.startswith("2088") != (given[0] == "buyer_id"):
        raise _invalid(given[0])
    return person


def _expires_at(at: datetime, text: dict[str, str]) -> datetime:
    if "time_expire" in text:
        try:
            end = datetime.strptime(text["time_expire"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
        except ValueError as error:
            raise _invalid("time_expire") from error
        if not at < end <= at + LONGEST:
            raise _invalid("time_expire")
        return end
    told = text.get("timeout_express", "15d")
    if told == "1c":
        return at.astimezone(CHINA).replace(hour=23, minute=59, second=59)
    match = re.fullmatch(r"([1-9]\d{0,4})([mhd])", told)
    if match is None:
        raise _invalid("timeout_express")
    end = at + timedelta(**{UNITS[match[2]]: int(match[1])})
    if end > at + LONGEST:
        raise _invalid("timeout_express")
    return end


def _invalid(name: str) -> AlipayRefusal:
    return AlipayRefusal("40004", "ACQ.INVALID_PARAMETER", f"参数无效: {name}")
