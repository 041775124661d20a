"""The closed sets of words of licences."""

from enum import StrEnum


class LicenceStatus(StrEnum):
    """What a registry says of a licence, and what the calendar adds to it."""

    VALID = "valid"  # 有效
    NOT_YET_VALID = "not_yet_valid"  # 未生效
    EXPIRED = "expired"  # 已过期
    SUSPENDED = "suspended"  # 已暂扣
    REVOKED = "revoked"  # 已注销


class Outcome(StrEnum):
    """What a verifier was told about a code."""

    VALID = "valid"  # 有效
    INVALID = "invalid"  # 证照无效
    ALREADY_USED = "already_used"  # 二维码已使用


class Way(StrEnum):
    """How somebody came to learn of a licence."""

    SHOWN = "shown"  # 持证人出示
    ASKED = "asked"  # 核验方先请求
    USED = "used"  # 用证


class EntryKind(StrEnum):
    """What a place in a status list stands for."""

    OFFLINE = "offline"  # 离线码
    CREDENTIAL = "credential"  # 可验证凭证
