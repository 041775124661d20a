"""One call of the gateway, as its methods see it."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class FieldInvalid(Exception):
    """A field of the content that cannot be: refused in the words of the method's family."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Call(Struct, frozen=True):
    """Its signature held. `content` is biz_content opened; `host` is where the caller found us."""

    params: Mapping[str, str]
    content: dict[str, Any]
    host: str

    def text(self, name: str, pattern: str = r".*", *, required: bool = True) -> str:
        """A text of the content, or FieldInvalid."""
        return checked(self.content, name, pattern, required=required)


def checked(
    content: Mapping[str, Any], name: str, pattern: str = r".*", *, required: bool = True
) -> str:
    value = content.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or not re.fullmatch(pattern, value) or (required and not value):
        raise FieldInvalid(name)
    return value


def amount_of(content: Mapping[str, Any], name: str) -> int:
    """A text of yuan as fen, from one fen on, or FieldInvalid."""
    text = checked(content, name, r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?")
    yuan, _, rest = text.partition(".")
    fen = int(yuan) * 100 + int(rest.ljust(2, "0"))
    if fen < 1:
        raise FieldInvalid(name)
    return fen


def yuan_of(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
