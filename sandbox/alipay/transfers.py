"""alipay.fund.trans.uni.transfer: money to a person's wallet, at once. 单笔转账"""

import json
from datetime import timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct

from sandbox.alipay.calls import Call, FieldInvalid, amount_of, checked, yuan_of
from sandbox.city import Person
from sandbox.clock import beijing, stamp
from sandbox.crypto import random_digits
from sandbox.refusals import AlipayRefusal
from sandbox.world import AlipayApp, World

FIXED = {"product_code": "TRANS_ACCOUNT_NO_PWD", "biz_scene": "DIRECT_TRANSFER"}
SCENES = (
    "现金营销",
    "企业退款",
    "佣金报酬",
    "业务结算",
    "二手回收",
    "公益补助",
    "行政补贴和退款",
    "保险理赔",
)
WHY_FAILED = {"error_code": "PAYEE_ACCOUNT_STATUS_ERROR", "fail_reason": "收款账户状态异常"}
SMALLEST_FEN, LARGEST_FEN, REMARK_NEEDED_FROM_FEN = 10, 100_000_000_00, 50_000_00


class Pace(Struct, frozen=True):
    """How transfers go at present: done at once, or `DEALING` for a while and then ending so."""

    seconds: float = 0
    ends: Literal["SUCCESS", "FAIL", "REFUND"] = "SUCCESS"


class Transfer(Struct):
    """One row of alipay_transfers."""

    seller_id: str
    out_biz_no: str
    order_id: str
    pay_fund_order_id: str
    app_id: str
    person: str
    amount_fen: int
    title: str
    remark: str
    request: str
    state: str
    ends: str
    created_at: str
    done_at: str


def transfer(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """The transfer of this number: made now, or as it stands when asked again with the same."""
    amount_fen = _check_content(call)
    request = json.dumps(call.content, ensure_ascii=False, sort_keys=True)
    with world.book.together():
        known = _find(world, app, out_biz_no=call.text("out_biz_no"))
        if known is not None and known.request != request:
            raise _no("PAYMENT_INFO_INCONSISTENCY", "两次请求商户单号一样，但是参数不一致")
        if known is None:
            payee = _payee(world, app, call)
            _create(world, app, call, payee, amount_fen, request)
        made = _find(world, app, out_biz_no=call.text("out_biz_no"))
    assert made is not None
    return {
        "out_biz_no": made.out_biz_no,
        "order_id": made.order_id,
        "pay_fund_order_id": made.pay_fund_order_id,
        "status": made.state,
        "trans_date": beijing(made.created_at),
    }


def query(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    for name, value in FIXED.items():
        call.text(name, value, required=False)
    numbers = {name: str(call.content.get(name, "")) for name in ("out_biz_no", "order_id")}
    if not any(numbers.values()):
        raise _no("INVALID_PARAMETER", "参数有误: out_biz_no, order_id")
    made = _find(world, app, **numbers)
    if made is None:
        raise _no("ORDER_NOT_EXIST", "转账订单不存在")
    answer = {
        "out_biz_no": made.out_biz_no,
        "order_id": made.order_id,
        "pay_fund_order_id": made.pay_fund_order_id,
        "status": made.state,
        "trans_amount": yuan_of(made.amount_fen),
    }
    if made.state in ("FAIL", "REFUND"):
        return answer | {
            "error_code": "PAYEE_ACCOUNT_STATUS_ERROR",
            "fail_reason": "收款账户状态异常",
        }
    if made.state == "SUCCESS":
        return answer | {"pay_date": beijing(made.done_at), "order_fee": "0.00"}
    return answer


def query_account(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """What the seller has left; of nobody else is it told."""
    checked(call.content, "account_type", "ACCTRANS_ACCOUNT")
    if call.text("alipay_user_id") != app.seller_id:
        raise AlipayRefusal("40006", "isv.insufficient-user-permissions", "用户未授权")
    query = "SELECT balance_fen FROM merchants WHERE merchant = ?"
    row = world.book.row(query, app.seller_id) or {"balance_fen": 0}
    return {"available_amount": yuan_of(row["balance_fen"]), "freeze_amount": "0.00"}


def set_pace(world: World, pace: Pace) -> None:
    """From the next transfer on."""
    world.book.write(
        "INSERT OR REPLACE INTO switches (name, value) VALUES ('alipay_transfers', ?)",
        msgspec.json.encode(pace).decode(),
    )


def end_transfers(world: World) -> None:
    """End those whose time has come: the money is the payee's, or the seller's again."""
    query = "SELECT * FROM alipay_transfers WHERE state = 'DEALING' AND done_at <= ?"
    with world.book.together():
        for made in world.book.find_all(Transfer, query, stamp(world.clock.now())):
            world.book.write(
                "UPDATE alipay_transfers SET state = ? WHERE order_id = ?", made.ends, made.order_id
            )
            if made.ends == "SUCCESS":
                world.book.put(made.person, "alipay", made.amount_fen)
            else:
                world.book.move_merchant(made.seller_id, made.amount_fen)


def _check_content(call: Call) -> int:
    for name, value in FIXED.items():
        checked(call.content, name, value)
    call.text("out_biz_no", r"[0-9A-Za-z_]{1,64}")
    call.text("order_title", r".{1,128}")
    remark = call.text("remark", r".{0,200}", required=False)
    amount_fen = amount_of(call.content, "trans_amount")
    if amount_fen < SMALLEST_FEN:
        raise _no("EXCEED_LIMIT_SM_MIN_AMOUNT", "转账金额过低")
    if amount_fen > LARGEST_FEN:
        raise _no("EXCEED_LIMIT_SM_AMOUNT", "单笔转账金额超限")
    if amount_fen >= REMARK_NEEDED_FROM_FEN and not remark:
        raise _no("MEMO_REQUIRED_IN_TRANSFER_ERROR", "单笔转账达到50000元时，转账备注不能为空")
    if call.content.get("transfer_scene_name") not in SCENES:
        raise FieldInvalid("transfer_scene_name")
    reported = call.content.get("transfer_scene_report_infos")
    if not isinstance(reported, list) or not reported:
        raise FieldInvalid("transfer_scene_report_infos")
    for info in reported:
        checked(info, "info_type")
        checked(info, "info_content")
    return amount_fen


def _payee(world: World, app: AlipayApp, call: Call) -> Person:
    told = call.content.get("payee_info")
    if not isinstance(told, dict):
        raise FieldInvalid("payee_info")
    identity, kind = checked(told, "identity"), checked(told, "identity_type")
    name = checked(told, "name", required=kind == "ALIPAY_LOGON_ID")
    if kind == "ALIPAY_LOGON_ID":
        everybody = world.city.people.values()
        person = next((one for one in everybody if one.phone == identity), None)
    elif kind in ("ALIPAY_OPEN_ID", "ALIPAY_USER_ID"):
        is_named = identity.startswith("2088") == (kind == "ALIPAY_USER_ID")
        person = world.identities.person(app.app_id, identity) if is_named else None
    else:
        raise FieldInvalid("identity_type")
    if person is None or not person.alipay:
        raise _no("PAYEE_NOT_EXIST", "收款账号不存在")
    if name and name != person.name:
        raise _no("PAYEE_USER_INFO_ERROR", "支付宝账号和姓名不匹配，请确认姓名是否正确")
    return person


def _create(
    world: World, app: AlipayApp, call: Call, payee: Person, amount_fen: int, request: str
) -> None:
    if not world.book.move_merchant(app.seller_id, -amount_fen):
        raise _no("PAYER_BALANCE_NOT_ENOUGH", "付款方余额不足")
    row = world.book.row("SELECT value FROM switches WHERE name = 'alipay_transfers'")
    pace = msgspec.json.decode(row["value"], type=Pace) if row else Pace()
    at = world.clock.now()
    made = Transfer(
        seller_id=app.seller_id,
        out_biz_no=call.text("out_biz_no"),
        order_id=f"{at + timedelta(hours=8):%Y%m%d}110070001502{random_digits(12)}",
        pay_fund_order_id=f"{at + timedelta(hours=8):%Y%m%d}110070001506{random_digits(12)}",
        app_id=app.app_id,
        person=payee.key,
        amount_fen=amount_fen,
        title=call.text("order_title"),
        remark=call.text("remark", required=False),
        request=request,
        state="DEALING",
        ends=pace.ends,
        created_at=stamp(at),
        done_at=stamp(at + timedelta(seconds=pace.seconds / world.time_scale)),
    )
    world.book.write(
        "INSERT INTO alipay_transfers (seller_id, out_biz_no, order_id, pay_fund_order_id, app_id,"
        " person, amount_fen, title, remark, request, state, ends, created_at, done_at) VALUES"
        " (:seller_id, :out_biz_no, :order_id, :pay_fund_order_id, :app_id, :person, :amount_fen,"
        " :title, :remark, :request, :state, :ends, :created_at, :done_at)",
        **msgspec.structs.asdict(made),
    )


def _find(
    world: World, app: AlipayApp, *, out_biz_no: str = "", order_id: str = ""
) -> Transfer | None:
    end_transfers(world)
    return world.book.find(
        Transfer,
        "SELECT * FROM alipay_transfers WHERE seller_id = ?"
        " AND (? = '' OR out_biz_no = ?) AND (? = '' OR order_id = ?)",
        app.seller_id,
        out_biz_no,
        out_biz_no,
        order_id,
        order_id,
    )


def _no(sub_code: str, sub_msg: str) -> AlipayRefusal:
    return AlipayRefusal("40004", sub_code, sub_msg)
