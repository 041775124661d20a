"""Codes of the interface as a reader of the transcript says them."""

WORDS = {
    "view": "查看",
    "pay": "缴费",
    "apply": "申请与确认",
    "guardian": "监护人",
    "helper": "帮办人",
    "representative": "法定代表人",
    "agent": "受托代办人",
    "confirmer": "可确认",
    "preparer": "只能经办",
    "editor": "编辑",
    "approver": "审批",
    "publisher": "发布",
    "window_officer": "窗口",
    "security_admin": "安全管理",
    "elder-card": "老年人优待证",
    "disability-card": "残疾人证",
    "driving": "机动车驾驶证",
}


def said(*codes: str) -> str:
    """Codes in words, one after the other; one without a word stands as it is."""
    return "、".join(WORDS.get(code, code) for code in codes)


def yuan(amount_fen: int) -> str:
    """8000 → "80.00"."""
    return f"{amount_fen // 100}.{amount_fen % 100:02d}"
