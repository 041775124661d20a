"""The small sets of words that policies and entitlements are made of, and their steps."""

from collections.abc import Mapping
from enum import StrEnum


class Mode(StrEnum):
    DIRECT = "DIRECT"  # 免申即享
    CONFIRM = "CONFIRM"  # 意愿确认
    PLEDGE = "PLEDGE"  # 承诺兑现


class Delivery(StrEnum):
    PAID = "paid"  # 由我们兑付
    INFO = "info"  # 由其他部门兑现，仅告知


class VersionStatus(StrEnum):
    DRAFT = "draft"  # 草稿
    PUBLISHED = "published"  # 已发布
    REPLACED = "replaced"  # 已被新版本取代


class EntitlementStatus(StrEnum):
    NEEDS_FACTS = "needs_facts"  # 待补充信息
    NOT_ELIGIBLE = "not_eligible"  # 暂不符合
    MATCHED = "matched"  # 已匹配
    NOTIFIED = "notified"  # 已告知
    CONFIRMED = "confirmed"  # 已确认
    DECLINED = "declined"  # 已放弃
    WAITING_BUDGET = "waiting_budget"  # 待资金
    HELD = "held"  # 暂缓，待人工处理
    STOPPED = "stopped"  # 已停止
    PAYING = "paying"  # 兑付中
    PAID = "paid"  # 已兑付
    FAILED = "failed"  # 兑付未成功


_S = EntitlementStatus

NEXT: Mapping[EntitlementStatus, set[EntitlementStatus]] = {
    _S.NEEDS_FACTS: {_S.MATCHED, _S.NOT_ELIGIBLE},
    _S.NOT_ELIGIBLE: {_S.MATCHED, _S.NEEDS_FACTS},
    _S.MATCHED: {_S.NOTIFIED},
    _S.NOTIFIED: {_S.CONFIRMED, _S.DECLINED},
    _S.CONFIRMED: {_S.PAYING, _S.WAITING_BUDGET, _S.HELD, _S.STOPPED, _S.DECLINED},
    _S.WAITING_BUDGET: {_S.PAYING, _S.HELD, _S.STOPPED, _S.DECLINED},
    _S.HELD: {_S.CONFIRMED, _S.DECLINED},
    _S.PAYING: {_S.PAID, _S.FAILED},
    _S.PAID: {_S.FAILED},  # the bank returned it afterwards
}
"""What is not here does not happen: nothing follows DECLINED, STOPPED and FAILED."""

UNDECIDED = frozenset({_S.NEEDS_FACTS, _S.NOT_ELIGIBLE})
"""A later match may decide these again."""

TO_PAY = frozenset({_S.CONFIRMED, _S.WAITING_BUDGET})
