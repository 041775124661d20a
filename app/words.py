"""What people call our own words for states and kinds, where they are told of them. 用语"""

from collections.abc import Mapping
from enum import StrEnum

from identity.kinds import (
    DocumentType,
    ExportStatus,
    GrantKind,
    ProviderName,
    RealNameStatus,
    Scope,
)
from licences.faces.face import STATUS_WORDS
from licences.kinds import LicenceStatus, Outcome
from payments.gateways import Provider
from payments.kinds import AttemptStatus, DisbursementStatus, OrderStatus, PayoutChannel
from proactive.kinds import EntitlementStatus

_E = EntitlementStatus

WORDS: Mapping[type[StrEnum], Mapping[str, str]] = {
    RealNameStatus: {
        RealNameStatus.UNCHECKED: "未核对",
        RealNameStatus.CONFIRMED: "已与人口库一致",
        RealNameStatus.CONFLICT: "与人口库不一致，待人工核对",
    },
    DocumentType: {
        DocumentType.RESIDENT_ID: "居民身份证",
        DocumentType.HMT_RESIDENCE: "港澳台居民居住证",
        DocumentType.HM_TRAVEL: "港澳居民来往内地通行证",
        DocumentType.TW_TRAVEL: "台湾居民来往大陆通行证",
        DocumentType.FOREIGN_RESIDENCE: "外国人永久居留身份证",
    },
    ProviderName: {
        ProviderName.WECHAT: "微信",
        ProviderName.ALIPAY: "支付宝",
        ProviderName.PHONE: "手机号",
        ProviderName.UNIFIED: "统一身份认证",
    },
    Provider: {Provider.WECHAT: "微信支付", Provider.ALIPAY: "支付宝"},
    GrantKind: {
        GrantKind.GUARDIAN: "监护",
        GrantKind.AGENT: "委托代办",
        GrantKind.HELPER: "长辈同意的帮办人",
    },
    Scope: {Scope.PREPARER: "经办", Scope.CONFIRMER: "确认", Scope.HELPER: "帮办"},
    ExportStatus: {
        ExportStatus.REQUESTED: "生成中",
        ExportStatus.READY: "可下载",
        ExportStatus.EXPIRED: "已过期",
        ExportStatus.FAILED: "未能生成",
    },
    LicenceStatus: {status.value: word for status, word in STATUS_WORDS.items()},
    Outcome: {
        Outcome.VALID: "有效",
        Outcome.INVALID: "证照无效",
        Outcome.ALREADY_USED: "二维码已使用",
    },
    OrderStatus: {
        OrderStatus.OPEN: "待支付",
        OrderStatus.PAID: "已支付",
        OrderStatus.CLOSED: "已关闭",
    },
    AttemptStatus: {
        AttemptStatus.REQUESTED: "准备中",
        AttemptStatus.READY: "待付款",
        AttemptStatus.UNKNOWN: "确认中",
        AttemptStatus.PAID: "已付款",
        AttemptStatus.CLOSED: "已关闭",
    },
    PayoutChannel: {
        PayoutChannel.WECHAT: "微信零钱",
        PayoutChannel.ALIPAY: "支付宝余额",
        PayoutChannel.BANK: "对公账户",
    },
    DisbursementStatus: {
        DisbursementStatus.REQUESTED: "待拨付",
        DisbursementStatus.HELD: "暂缓，待处理",
        DisbursementStatus.UNKNOWN: "确认中",
        DisbursementStatus.ACCEPTED: "处理中",
        DisbursementStatus.WAITING_USER: "待本人确认收款",
        DisbursementStatus.PAID: "已拨付",
        DisbursementStatus.FAILED: "未成功",
        DisbursementStatus.RETURNED: "已退回",
    },
    EntitlementStatus: {
        _E.NEEDS_FACTS: "待补充信息",
        _E.NOT_ELIGIBLE: "暂不符合",
        _E.MATCHED: "已匹配",
        _E.NOTIFIED: "已告知",
        _E.CONFIRMED: "已确认",
        _E.DECLINED: "已放弃",
        _E.WAITING_BUDGET: "待资金",
        _E.HELD: "暂缓，待人工处理",
        _E.STOPPED: "已停止",
        _E.PAYING: "兑付中",
        _E.PAID: "已兑付",
        _E.FAILED: "兑付未成功",
    },
}


def in_chinese(word: StrEnum) -> str:
    """What people call it; the word itself where it has no other name here."""
    return WORDS.get(type(word), {}).get(word, word.value)
