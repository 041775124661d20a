"""What is to be drawn, in words only. Whoever makes a Face has decided what may be seen. 证照面"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from licences.kinds import LicenceStatus

VALID_UNTIL, NAME, NUMBER = "valid_until", "name", "number"

STATUS_WORDS = {
    LicenceStatus.VALID: "有效",
    LicenceStatus.NOT_YET_VALID: "未生效",
    LicenceStatus.EXPIRED: "已过期",
    LicenceStatus.SUSPENDED: "已暂扣",
    LicenceStatus.REVOKED: "已注销",
}
STATUS_COLOURS = {
    LicenceStatus.NOT_YET_VALID: "#4a5568",
    LicenceStatus.EXPIRED: "#5b6470",
    LicenceStatus.SUSPENDED: "#a3480b",
    LicenceStatus.REVOKED: "#a11d1d",
}
"""A valid one has the colour of its design."""


class FaceForm(StrEnum):
    """As a card, or with large letters for who sees badly."""

    CARD = "card"
    LARGE = "large"


class FaceField(Struct, frozen=True):
    key: str
    label: str
    value: str


class Face(Struct, frozen=True, kw_only=True):
    """Everything that stands on one picture. `until` is a day or 长期; `stale` says since when."""

    licence_type: str
    title: str
    issuer: str
    status: LicenceStatus
    until: str
    fields: Sequence[FaceField]
    watermark: str
    masked: bool = True
    stale: str = ""
    region: str = ""
    notice: str = ""
    portrait: bytes | None = None
    form: FaceForm = FaceForm.CARD

    def value(self, *keys: str) -> str:
        """The value of the first of these fields that it has; empty without one."""
        found = {field.key: field.value for field in self.fields}
        return next((found[key] for key in keys if found.get(key)), "")

    def label(self, key: str) -> str:
        return next((field.label for field in self.fields if field.key == key), "")

    def others(self, *keys: str) -> list[FaceField]:
        """The fields that stand nowhere of their own."""
        return [field for field in self.fields if field.key not in keys and field.value]
