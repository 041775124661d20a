"""Transfers to users, who confirm them (scene 1002). 商家转账"""

import secrets
from base64 import b64encode
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct

from sandbox.city import Person
from sandbox.clock import rfc3339, stamp
from sandbox.crypto import open_oaep, random_digits
from sandbox.refusals import PayRefusal
from sandbox.wechat_pay.fields import TransferRequest, check_notify_url
from sandbox.wechat_pay.notices import announce
from sandbox.world import Merchant, World

CONFIRM_WITHIN = timedelta(hours=24)
SMALLEST_FEN = 10
NAME_NEEDED_FROM_FEN = 2000_00
PERCEPTIONS = ("", "行政补贴", "行政奖励")
REPORTED = "补贴类型"
FINAL = ("SUCCESS", "FAIL", "CANCELLED")
QUERY_ONLY = ("appid", "transfer_remark")


class Bill(Struct):
    """One row of wechat_pay_transfers."""

    mchid: str
    out_bill_no: str
    transfer_bill_no: str
    appid: str
    openid: str
    person: str
    amount_fen: int
    remark: str
    notify_url: str
    request: str
    package_info: str
    state: str
    fail_reason: str
    created_at: str
    updated_at: str


def transfer(world: World, merchant: Merchant, asked: TransferRequest, serial: str) -> Bill:
    """The bill of this number: made now, or as it stands when asked again with the same."""
    user_name = _user_name(merchant, asked, serial)
    person = _check_request(world, asked)
    plain = msgspec.structs.replace(asked, user_name=user_name)
    canonical = msgspec.json.encode(plain, order="sorted").decode()
    with world.book.together():
        known = find_bill(world, merchant.mchid, asked.out_bill_no)
        if known is None:
            return _create(world, merchant, plain, person, canonical)
        if known.request != canonical:
            raise PayRefusal(400, "ALREADY_EXISTS", "商户单号已存在，且参数与首次请求不一致")
        return known


def find_bill(world: World, mchid: str, out_bill_no: str) -> Bill | None:
    """The bill as it stands now: one nobody confirmed in a day is found failed."""
    close_overdue(world)
    query = "SELECT * FROM wechat_pay_transfers WHERE mchid = ? AND out_bill_no = ?"
    return world.book.find(Bill, query, mchid, out_bill_no)


def find_bill_by_id(world: World, mchid: str, transfer_bill_no: str) -> Bill | None:
    close_overdue(world)
    query = "SELECT * FROM wechat_pay_transfers WHERE mchid = ? AND transfer_bill_no = ?"
    return world.book.find(Bill, query, mchid, transfer_bill_no)


def created(bill: Bill) -> dict[str, Any]:
    """What the request for a transfer answers; package_info only while it can be confirmed."""
    answer = {
        "out_bill_no": bill.out_bill_no,
        "transfer_bill_no": bill.transfer_bill_no,
        "create_time": rfc3339(bill.created_at),
        "state": bill.state,
    }
    if bill.fail_reason:
        answer["fail_reason"] = bill.fail_reason
    if bill.state == "WAIT_USER_CONFIRM":
        answer["package_info"] = bill.package_info
    return answer


def describe(bill: Bill | None) -> dict[str, Any]:
    """What a query answers and a notice holds."""
    if bill is None:
        raise PayRefusal(404, "NOT_FOUND", "记录不存在")
    known = {
        "mch_id": bill.mchid,
        "out_bill_no": bill.out_bill_no,
        "transfer_bill_no": bill.transfer_bill_no,
        "appid": bill.appid,
        "state": bill.state,
        "transfer_amount": bill.amount_fen,
        "transfer_remark": bill.remark,
        "openid": bill.openid,
        "create_time": rfc3339(bill.created_at),
        "update_time": rfc3339(bill.updated_at),
    }
    return known | {"fail_reason": bill.fail_reason} if bill.fail_reason else known


def cancel(world: World, merchant: Merchant, out_bill_no: str) -> dict[str, Any]:
    """Begin to take back what the user has not confirmed; it is cancelled a moment later."""
    bill = find_bill(world, merchant.mchid, out_bill_no)
    if bill is None:
        raise PayRefusal(404, "NOT_FOUND", "记录不存在")
    if bill.state == "WAIT_USER_CONFIRM":
        move(world, bill, to="CANCELING")
    elif bill.state not in ("CANCELING", "CANCELLED"):
        raise PayRefusal(400, "INVALID_REQUEST", "当前单据状态不支持撤销")
    bill = find_bill(world, merchant.mchid, out_bill_no)
    known = describe(bill)
    return {
        name: known[name] for name in ("out_bill_no", "transfer_bill_no", "state", "update_time")
    }


def confirm(world: World, bill: Bill) -> None:
    """The user took it: their balance grows, and the merchant is told."""
    with world.book.together():
        world.book.put(bill.person, "wechat", bill.amount_fen)
        move(world, bill, to="SUCCESS")


def move(world: World, bill: Bill, *, to: str, fail_reason: str = "") -> None:
    """Change a bill's state; money held for one that fails goes back to the merchant."""
    with world.book.together():
        world.book.write(
            "UPDATE wechat_pay_transfers SET state = ?, fail_reason = ?, updated_at = ?"
            " WHERE transfer_bill_no = ?",
            to,
            fail_reason,
            stamp(world.clock.now()),
            bill.transfer_bill_no,
        )
        if to in ("FAIL", "CANCELLED"):
            world.book.move_merchant(bill.mchid, bill.amount_fen)
        if to in FINAL:
            _announce(world, bill)


def close_overdue(world: World) -> None:
    """Fail what nobody confirmed in time, and finish what is being cancelled."""
    before = stamp(world.clock.now() - CONFIRM_WITHIN)
    query = (
        "SELECT * FROM wechat_pay_transfers WHERE state = 'WAIT_USER_CONFIRM' AND created_at < ?"
    )
    for bill in world.book.find_all(Bill, query, before):
        move(world, bill, to="FAIL", fail_reason="OVERDUE_CLOSE")


def finish_cancelling(world: World) -> None:
    query = "SELECT * FROM wechat_pay_transfers WHERE state = 'CANCELING'"
    for bill in world.book.find_all(Bill, query):
        move(world, bill, to="CANCELLED", fail_reason="MCH_CANCEL")


def _user_name(merchant: Merchant, asked: TransferRequest, serial: str) -> str:
    if not asked.user_name:
        if asked.transfer_amount >= NAME_NEEDED_FROM_FEN:
            raise PayRefusal(400, "PARAM_ERROR", "转账金额大于等于2000元时，收款用户姓名必填")
        return ""
    if serial != merchant.platform_key_id:
        raise PayRefusal(400, "PARAM_ERROR", "Http头Wechatpay-Serial有误")
    try:
        return open_oaep(merchant.platform_key, asked.user_name)
    except ValueError as error:
        raise PayRefusal(400, "PARAM_ERROR", "user_name解密失败") from error


def _check_request(world: World, asked: TransferRequest) -> Person:
    if asked.notify_url:
        check_notify_url(asked.notify_url, plain_allowed=False)
    if asked.appid != world.city.platforms.wechat.appid:
        raise PayRefusal(400, "INVALID_REQUEST", "商户号和APPID没有绑定关系")
    if asked.transfer_scene_id != world.city.platforms.wechat_pay.transfer_scene_id:
        raise PayRefusal(400, "INVALID_REQUEST", "你尚未获取该转账场景")
    if asked.user_recv_perception not in PERCEPTIONS:
        raise PayRefusal(400, "INVALID_REQUEST", "暂不支持展示当前传入的用户收款感知")
    if [info.info_type for info in asked.transfer_scene_report_infos] != [REPORTED]:
        raise PayRefusal(400, "PARAM_ERROR", "未完整填写所需的转账场景报备信息")
    person = world.identities.person(asked.appid, asked.openid)
    if person is None:
        raise PayRefusal(400, "PARAM_ERROR", "appid和openid不匹配")
    return person


def _create(
    world: World, merchant: Merchant, asked: TransferRequest, person: Person, canonical: str
) -> Bill:
    if not world.book.move_merchant(merchant.mchid, -asked.transfer_amount):
        raise PayRefusal(403, "NOT_ENOUGH", "资金不足")
    now = stamp(world.clock.now())
    bill = Bill(
        mchid=merchant.mchid,
        out_bill_no=asked.out_bill_no,
        transfer_bill_no=f"1330{random_digits(36)}",
        appid=asked.appid,
        openid=asked.openid,
        person=person.key,
        amount_fen=asked.transfer_amount,
        remark=asked.transfer_remark,
        notify_url=asked.notify_url,
        request=canonical,
        package_info=b64encode(secrets.token_bytes(48)).decode(),
        state="WAIT_USER_CONFIRM",
        fail_reason="",
        created_at=now,
        updated_at=now,
    )
    world.book.write(
        "INSERT INTO wechat_pay_transfers (mchid, out_bill_no, transfer_bill_no, appid, openid,"
        " person, amount_fen, remark, notify_url, request, package_info, state, fail_reason,"
        " created_at, updated_at) VALUES (:mchid, :out_bill_no, :transfer_bill_no, :appid,"
        " :openid, :person, :amount_fen, :remark, :notify_url, :request, :package_info, :state,"
        " :fail_reason, :created_at, :updated_at)",
        **msgspec.structs.asdict(bill),
    )
    reason = _reason_to_fail(asked, person)
    if reason:
        move(world, bill, to="FAIL", fail_reason=reason)
        return msgspec.structs.replace(bill, state="FAIL", fail_reason=reason)
    return bill


def _reason_to_fail(asked: TransferRequest, person: Person) -> str:
    if asked.transfer_amount < SMALLEST_FEN:
        return "TRANSFER_QUOTA_EXCEED"
    if asked.user_name and asked.user_name != person.name:
        return "NAME_NOT_CORRECT"
    return ""


def _announce(world: World, bill: Bill) -> None:
    query = "SELECT * FROM wechat_pay_transfers WHERE transfer_bill_no = ?"
    known = describe(world.book.find(Bill, query, bill.transfer_bill_no))
    announce(
        world,
        world.merchants[bill.mchid],
        event_type="MCHTRANSFER.BILL.FINISHED",
        original_type="mch_payment",
        summary="商家转账单据终态通知",
        number=bill.out_bill_no,
        url=bill.notify_url,
        resource={name: value for name, value in known.items() if name not in QUERY_ONLY},
    )
