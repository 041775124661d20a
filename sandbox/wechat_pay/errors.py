"""What an error of API v3 holds besides its code: the field, and the number within. 错误码"""

import re
from typing import Any

from sandbox.refusals import PayRefusal

NUMBERS = {
    "ORDER_NOT_EXIST": 268512771,
    "FREQUENCY_LIMITED": 268447840,
    "PARAM_ERROR": 268435461,
    "ORDER_PAID": 268449538,
    "ORDER_CLOSED": 268447914,
    "SIGN_ERROR": 268443699,
    "APPID_MCHID_NOT_MATCH": 268445527,
    "OPENID_MISMATCH": 268501013,
}
REENTRY, UNKNOWN_FIELD = "请求重入时", "unknown field"
REENTRY_NUMBER, UNKNOWN_FIELD_NUMBER, OTHER_NUMBER = 268498688, 270924358, 268435456


def internal_number(refusal: PayRefusal) -> int:
    """What stands behind the last `-` of Request-ID, for asking the platform's support."""
    if REENTRY in refusal.message:
        return REENTRY_NUMBER
    if UNKNOWN_FIELD in refusal.message:
        return UNKNOWN_FIELD_NUMBER
    return NUMBERS.get(refusal.code, OTHER_NUMBER)


def described(refusal: PayRefusal) -> dict[str, Any]:
    """The body. Its detail names the field, where one is to blame."""
    field = re.search(r"at `\$\.?([^`]*)`", refusal.message)
    detail = {}
    if refusal.code == "PARAM_ERROR" and field:
        place = "/" + re.sub(r"\[\.\.\.\]|\.", "/", field[1]).strip("/")
        detail = {"location": "body", "field": place, "issue": refusal.message}
    return {"code": refusal.code, "message": refusal.message, "detail": detail}
