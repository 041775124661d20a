"""The small sets of words that payments' rows are made of, and the steps between them."""

from collections.abc import Mapping
from enum import StrEnum


class OrderStatus(StrEnum):
    OPEN = "open"  # 待支付
    PAID = "paid"  # 已支付
    CLOSED = "closed"  # 已关闭


class AttemptStatus(StrEnum):
    """How far one try to pay has come. Unknown is shown as 确认中, never as failed."""

    REQUESTED = "requested"  # 准备中
    READY = "ready"  # 待付款
    UNKNOWN = "unknown"  # 确认中
    PAID = "paid"  # 已付款
    CLOSED = "closed"  # 已关闭


LIVE_ATTEMPTS = (AttemptStatus.REQUESTED, AttemptStatus.READY, AttemptStatus.UNKNOWN)


class ReceiptOutcome(StrEnum):
    """What money that arrived did to its order."""

    SETTLED = "settled"  # 已入账
    EXCESS = "excess"  # 重复支付，待退
    DIFFERS = "differs"  # 金额不符，待人工
    FOREIGN = "foreign"  # 币种不符，待人工
    REFUNDED = "refunded"  # 渠道已退回，待人工


class NoticeStatus(StrEnum):
    KEPT = "kept"  # 已收到
    APPLIED = "applied"  # 已处理
    EXCEPTION = "exception"  # 转人工


class PayoutChannel(StrEnum):
    WECHAT = "wechat_transfer"  # 微信零钱
    ALIPAY = "alipay_transfer"  # 支付宝余额
    BANK = "bank"  # 对公账户


class DisbursementStatus(StrEnum):
    REQUESTED = "requested"  # 待拨付
    HELD = "held"  # 无收款渠道
    UNKNOWN = "unknown"  # 确认中
    ACCEPTED = "accepted"  # 处理中
    WAITING_USER = "waiting_user"  # 待本人确认收款
    PAID = "paid"  # 已拨付
    FAILED = "failed"  # 未成功
    RETURNED = "returned"  # 已退回


_D = DisbursementStatus

TO_BE_ASKED = (_D.REQUESTED, _D.HELD, _D.UNKNOWN)
UNDER_WAY = (_D.ACCEPTED, _D.WAITING_USER)

NEXT_DISBURSEMENT: Mapping[DisbursementStatus, set[DisbursementStatus]] = {
    _D.REQUESTED: {_D.UNKNOWN},
    _D.HELD: {_D.UNKNOWN, _D.ACCEPTED, _D.WAITING_USER, _D.PAID, _D.FAILED},
    _D.UNKNOWN: {_D.HELD, _D.ACCEPTED, _D.WAITING_USER, _D.PAID, _D.FAILED},
    _D.ACCEPTED: {_D.WAITING_USER, _D.PAID, _D.FAILED},
    _D.WAITING_USER: {_D.ACCEPTED, _D.PAID, _D.FAILED},
    _D.PAID: {_D.RETURNED},
}
"""Nobody is asked before `unknown` was written: that is what a killed process leaves. What is held
may have been asked for before, so an answer about it is taken."""
