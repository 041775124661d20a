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


class Scope(StrEnum):
    """What an agent may do: make things ready, or also say yes."""

    PREPARER = "preparer"  # 经办
    CONFIRMER = "confirmer"  # 确认


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
