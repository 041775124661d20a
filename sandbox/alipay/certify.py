"""alipay.user.certify.open: is the face before the phone that of the named person? 身份认证"""

from datetime import timedelta
from typing import Any

from sandbox.alipay.calls import Call, checked
from sandbox.city import Person
from sandbox.clock import moment, stamp
from sandbox.crypto import random_digits
from sandbox.refusals import AlipayRefusal, PhoneRefusal
from sandbox.world import AlipayApp, World

LASTS = timedelta(hours=23)


def initialize(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """Begin once for an order number; what the client starts is named by certify_id."""
    number = call.text("outer_order_no", r"[0-9A-Za-z_]{1,32}")
    call.text("biz_code", "FACE|CERT_PHOTO_FACE|SMART_FACE")
    asked = call.content.get("identity_param") or {}
    checked(asked, "identity_type", "CERT_INFO")
    checked(asked, "cert_type", "IDENTITY_CARD")
    checked(call.content.get("merchant_config") or {}, "return_url", required=False)
    at = world.clock.now()
    certify_id = f"{at:%Y%m%d}{random_digits(24)}"
    made = world.book.write(
        "INSERT OR IGNORE INTO alipay_certifications (certify_id, app_id, outer_order_no,"
        " cert_name, cert_no, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        certify_id,
        app.app_id,
        number,
        checked(asked, "cert_name"),
        checked(asked, "cert_no"),
        stamp(at),
    )
    if not made:
        raise AlipayRefusal("40004", "OUTER_ORDER_NO_REPEAT", "商户请求号重复")
    return {"certify_id": certify_id}


def query(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    query = "SELECT * FROM alipay_certifications WHERE certify_id = ? AND app_id = ?"
    known = world.book.row(query, call.text("certify_id"), app.app_id)
    if known is None:
        raise AlipayRefusal("40004", "CERTIFY_ID_NOT_EXIST", "认证单据不存在")
    passed = known["passed"] or "F"
    return {"passed": passed} | ({} if passed == "T" else {"fail_reason": known["fail_reason"]})


def show_face(
    world: World, person: Person, certify_id: str, *, is_alive: bool, is_guest: bool = False
) -> str:
    """What my.startAPVerify calls back with. One pass or one failure decides it.

    Whoever is named may look into another's phone: a guest there.
    """
    query = "SELECT * FROM alipay_certifications WHERE certify_id = ?"
    known = world.book.row(query, certify_id)
    if known is None or world.clock.now() - moment(known["created_at"]) > LASTS:
        raise PhoneRefusal("no such certification, or it is over", status=404)
    if known["passed"] is not None:
        return "9000" if known["passed"] == "T" else "4000"
    named = (known["cert_name"], known["cert_no"])
    is_named = is_guest or (person.name, person.id_number) == named
    reason = "" if is_named and is_alive else "人脸比对不一致" if is_alive else "活体检测未通过"
    world.book.write(
        "UPDATE alipay_certifications SET passed = ?, fail_reason = ?, decided_at = ?"
        " WHERE certify_id = ?",
        "F" if reason else "T",
        reason,
        stamp(world.clock.now()),
        certify_id,
    )
    return "4000" if reason else "9000"
