"""The client's side of WeChat Pay: the cashier and the page where a transfer is confirmed."""

import re
from datetime import datetime, timedelta

from msgspec import Struct

from sandbox.city import Person
from sandbox.clock import stamp
from sandbox.crypto import is_signed
from sandbox.refusals import PhoneRefusal
from sandbox.wechat_pay.bills import Bill, close_overdue, confirm
from sandbox.wechat_pay.orders import Order, find_order, receive_payment
from sandbox.world import World

SHEET_LIVES, AHEAD = timedelta(hours=2), timedelta(minutes=5)


class PaySheet(Struct, rename="camel"):
    """What wx.requestPayment is called with, and the appId it adds by itself."""

    app_id: str
    time_stamp: str
    nonce_str: str
    package: str
    sign_type: str
    pay_sign: str


def pay(world: World, person: Person, sheet: PaySheet) -> None:
    """Pay the order of this sheet from the person's balance, if all of it is as it must be."""
    with world.book.together():
        order = _order_of(world, sheet)
        message = "\n".join((sheet.app_id, sheet.time_stamp, sheet.nonce_str, sheet.package, ""))
        key = world.merchants[order.mchid].public_key
        if sheet.sign_type != "RSA" or not is_signed(key, message.encode(), sheet.pay_sign):
            raise _failed("支付验证签名失败")
        _check_time(sheet.time_stamp, world.clock.now())
        if order.appid != sheet.app_id or order.person != person.key:
            raise _failed("订单不属于当前用户")
        if order.state == "SUCCESS":
            raise _failed("该订单已支付")
        if order.state == "CLOSED":
            raise _failed("订单已关闭")
        if not world.book.take(person.key, "wechat", order.amount_fen):
            raise _failed("余额不足")
        receive_payment(world, order)


def confirm_transfer(world: World, person: Person, *, mchid: str, appid: str, package: str) -> None:
    """Take the money of wx.requestMerchantTransfer. Opened again after that, it is fine too."""
    close_overdue(world)
    query = "SELECT * FROM wechat_pay_transfers WHERE package_info = ?"
    bill = world.book.find(Bill, query, package)
    if bill is None or (bill.mchid, bill.appid) != (mchid, appid) or bill.person != person.key:
        raise PhoneRefusal("requestMerchantTransfer:fail package参数错误")
    if bill.state in ("TRANSFERING", "SUCCESS"):
        return
    if bill.state != "WAIT_USER_CONFIRM":
        raise PhoneRefusal("requestMerchantTransfer:fail 转账单已失效")
    confirm(world, bill)


def _order_of(world: World, sheet: PaySheet) -> Order:
    prepay_id = sheet.package.removeprefix("prepay_id=")
    prepay = world.book.row(
        "SELECT * FROM prepays WHERE prepay_id = ? AND expires_at > ?",
        prepay_id,
        stamp(world.clock.now()),
    )
    order = prepay and find_order(world, prepay["mchid"], prepay["out_trade_no"])
    if not order or prepay_id == sheet.package:
        raise _failed("prepay_id无效或已过期")
    return order


def _check_time(timestamp: str, at: datetime) -> None:
    if not re.fullmatch(r"\d{10}", timestamp):
        raise _failed("timeStamp不是秒")
    age = at.timestamp() - int(timestamp)
    if not -AHEAD.total_seconds() <= age <= SHEET_LIVES.total_seconds():
        raise _failed("timeStamp已过期")


def _failed(reason: str) -> PhoneRefusal:
    return PhoneRefusal(f"requestPayment:fail {reason}")
