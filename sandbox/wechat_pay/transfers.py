"""Transfers to users, who confirm them (scene 1002). 商家转账"""

import secrets
from base64 import b64encode
from typing import Any

import msgspec

from sandbox.city import Person
from sandbox.clock import rfc3339, stamp
from sandbox.crypto import open_oaep, random_digits
from sandbox.refusals import PayRefusal
from sandbox.wechat_pay.bills import Bill, add_bill, describe, find_bill, move
from sandbox.wechat_pay.fields import TransferRequest, check_notify_url
from sandbox.wechat_pay.platform_keys import find_key
from sandbox.wechat_pay.transfer_courses import course_of
from sandbox.world import Merchant, World

SMALLEST_FEN = 10
NAME_NEEDED_FROM_FEN = 2000_00
UNCONFIRMED = ("ACCEPTED", "PROCESSING", "WAIT_USER_CONFIRM")
PERCEPTIONS = ("", "行政补贴", "行政奖励")
REPORTED = "补贴类型"


def transfer(world: World, merchant: Merchant, asked: TransferRequest, serial: str) -> Bill:
    """The bill of this number: made now, or as it stands when asked again with the same."""
    user_name = _user_name(world, merchant, asked, serial)
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


def cancel(world: World, merchant: Merchant, out_bill_no: str) -> dict[str, Any]:
    """Begin to take back what the user has not confirmed; it is cancelled a moment later."""
    bill = find_bill(world, merchant.mchid, out_bill_no)
    if bill is None:
        raise PayRefusal(404, "NOT_FOUND", "记录不存在")
    if bill.state in UNCONFIRMED:
        move(world, bill, to="CANCELING")
    elif bill.state not in ("CANCELING", "CANCELLED"):
        raise PayRefusal(400, "INVALID_REQUEST", "当前单据状态不支持撤销")
    bill = find_bill(world, merchant.mchid, out_bill_no)
    known = describe(bill)
    return {
        name: known[name] for name in ("out_bill_no", "transfer_bill_no", "state", "update_time")
    }


def _user_name(world: World, merchant: Merchant, asked: TransferRequest, serial: str) -> str:
    if not asked.user_name:
        if asked.transfer_amount >= NAME_NEEDED_FROM_FEN:
            raise PayRefusal(400, "PARAM_ERROR", "转账金额大于等于2000元时，收款用户姓名必填")
        return ""
    key = find_key(world, merchant, serial)
    if key is None:
        raise PayRefusal(400, "PARAM_ERROR", "Http头Wechatpay-Serial有误")
    try:
        return open_oaep(key.key, asked.user_name)
    except ValueError as error:
        raise PayRefusal(400, "PARAM_ERROR", "user_name解密失败") from error


def _check_request(world: World, asked: TransferRequest) -> Person:
    if asked.notify_url:
        check_notify_url(asked.notify_url, plain_allowed=False)
    if asked.appid not in world.city.platforms.wechat.appids():
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
    at, course = world.clock.now(), course_of(world, asked.out_bill_no)
    due = stamp(at + course.half_the_queue / world.time_scale) if course.half_the_queue else None
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
        state="ACCEPTED" if due else "WAIT_USER_CONFIRM",
        fail_reason="",
        created_at=stamp(at),
        updated_at=stamp(at),
        due_at=due,
    )
    add_bill(world, bill)
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
