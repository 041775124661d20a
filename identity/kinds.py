"""The small sets of words that identity's rows are made of."""

from enum import IntEnum, StrEnum


class PartyKind(StrEnum):
    PERSON = "person"  # 自然人
    ENTITY = "entity"  # 法人


class ProviderName(StrEnum):
    WECHAT = "wechat"
    ALIPAY = "alipay"
    PHONE = "phone"
    UNIFIED = "unified"  # 统一身份认证


class Level(IntEnum):
    """How well we know who holds an account. 认证等级"""

    NONE = 0
    PHONE = 1
    REAL_NAME = 2
    FACE = 3


class Sex(StrEnum):
    MALE = "male"
    FEMALE = "female"


class RealNameStatus(StrEnum):
    UNCHECKED = "unchecked"  # 未核对
    CONFIRMED = "confirmed"  # 已与人口库一致
    CONFLICT = "conflict"  # 与人口库不一致，待人工


class EntityStatus(StrEnum):
    ACTIVE = "active"  # 存续
    SUSPENDED = "suspended"  # 停业
    CLOSED = "closed"  # 注销


class GrantKind(StrEnum):
    GUARDIAN = "guardian"  # 监护
    AGENT = "agent"  # 委托代办
    HELPER = "helper"  # 长辈同意的帮办人


class Scope(StrEnum):
    """What an agent may do: make things ready, or also say yes; a helper, what was agreed."""

    PREPARER = "preparer"  # 经办
    CONFIRMER = "confirmer"  # 确认
    HELPER = "helper"  # 帮办


class Right(StrEnum):
    """What an elder may agree to, one by one."""

    VIEW = "view"  # 查看
    PAY = "pay"  # 缴费
    APPLY = "apply"  # 申请与确认


EVERY_RIGHT: frozenset[str] = frozenset(Right)


class ConsentWay(StrEnum):
    """How a party let somebody act for it."""

    OWN_PHONE = "own_phone"  # 在自己手机上同意
    FACE = "face"  # 在帮办人手机上刷脸同意
    COUNTER = "counter"  # 在窗口当面同意


class InvitationKind(StrEnum):
    AGENT = "agent"  # 单位邀请代办人
    HELPER = "helper"  # 长辈邀请帮办人
    CARE = "care"  # 请长辈同意帮办


class DocumentKind(StrEnum):
    """By what an officer recognised who was there."""

    READER = "reader"  # 身份证阅读器
    ID_CARD = "id_card"  # 目视核对身份证
    TEMPORARY = "temporary_id_card"  # 临时身份证
    PERMIT = "residence_permit"  # 居留证件


class Role(StrEnum):
    EDITOR = "editor"
    APPROVER = "approver"
    PUBLISHER = "publisher"
    FINANCE = "finance"
    DATA_STEWARD = "data_steward"
    WINDOW_OFFICER = "window_officer"
    AUDITOR = "auditor"
    SECURITY_ADMIN = "security_admin"
    SYSTEM_ADMIN = "system_admin"


class DocumentType(StrEnum):
    """With what somebody proves who they are. 证件类型"""

    RESIDENT_ID = "resident_id"  # 居民身份证
    HMT_RESIDENCE = "hmt_residence_permit"  # 港澳台居民居住证
    HM_TRAVEL = "hm_travel_permit"  # 港澳居民来往内地通行证
    TW_TRAVEL = "tw_travel_permit"  # 台湾居民来往大陆通行证
    FOREIGN_RESIDENCE = "foreign_permanent_residence"  # 外国人永久居留身份证


class ClaimKind(StrEnum):
    """What of an account's proof did not fit what was known."""

    SECOND_PERSON = "second_person"  # 账号已属另一人
    NAME_DIFFERS = "name_differs"  # 号码下是另一姓名
    TWO_RECORDS = "two_records"  # 一人两条记录


class ExportStatus(StrEnum):
    REQUESTED = "requested"  # 生成中
    READY = "ready"  # 可下载
    EXPIRED = "expired"  # 已过期
    FAILED = "failed"  # 未能生成
