"""Which code stands above a sub_code, and what the gateway says with it. 公共错误码"""

from sandbox.refusals import AlipayRefusal

MEANS = {
    "20000": "Service Currently Unavailable",
    "20001": "Insufficient Token Permissions",
    "40001": "Missing Required Arguments",
    "40002": "Invalid Arguments",
    "40003": "Insufficient Conditions",
    "40004": "Business Failed",
    "40005": "Call Limited",
    "40006": "Insufficient Permissions",
}
ABOVE = {
    "isp.unknow-error": "20000",
    "aop.unknow-error": "20000",
    "isv.app-call-limited": "40005",
    "isv.method-call-limited": "40005",
    "isv.missing-signature-config": "40003",
    "isv.invalid-auth-relations": "40003",
    "isv.self-invoke-forbidden": "40006",
    "isv.code-invalid": "40002",
}
BEGINNINGS = {
    "aop.": "20001",
    "isv.missing-": "40001",
    "isv.decryption-error-missing-": "40001",
    "isv.invalid-": "40002",
    "isv.decryption-error-": "40002",
    "isv.insufficient-": "40006",
}
SHORT = {"sign": "signature", "sign_type": "signature-type"}


def code_above(sub_code: str) -> str:
    """The code that a sub_code comes under; what the gateway does not name is of the business."""
    if sub_code in ABOVE:
        return ABOVE[sub_code]
    begins = (code for start, code in BEGINNINGS.items() if sub_code.startswith(start))
    return next(begins, "40004")


def missing(name: str) -> AlipayRefusal:
    return AlipayRefusal("40001", f"isv.missing-{_worded(name)}", f"缺少参数{name}")


def not_valid(name: str) -> AlipayRefusal:
    return AlipayRefusal("40002", f"isv.invalid-{_worded(name)}", f"{name}不正确")


def field_invalid(method: str, name: str) -> AlipayRefusal:
    """Each family of methods has a word of its own for a field that cannot be."""
    said = f"参数无效: {name}"
    if method.startswith("alipay.trade."):
        return AlipayRefusal("40004", "ACQ.INVALID_PARAMETER", said)
    if method.startswith("alipay.fund."):
        return AlipayRefusal("40004", "INVALID_PARAMETER", said)
    return AlipayRefusal("40002", "isv.invalid-parameter", said)


def _worded(name: str) -> str:
    return SHORT.get(name, name.replace("_", "-"))
