"""One call of the gateway, as its methods see it."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from sandbox.refusals import AlipayRefusal


class Call(Struct, frozen=True):
    """Its signature held. `content` is biz_content opened; `host` is where the caller found us."""

    params: Mapping[str, str]
    content: dict[str, Any]
    host: str

    def text(self, name: str, pattern: str = r".*", *, required: bool = True) -> str:
        """A text of the content. Raises INVALID_PARAMETER, naming the field."""
        return checked(self.content, name, pattern, required=required)


def checked(
    content: Mapping[str, Any], name: str, pattern: str = r".*", *, required: bool = True
) -> str:
    value = content.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or not re.fullmatch(pattern, value) or (required and not value):
        raise invalid(name)
    return value


def invalid(name: str) -> AlipayRefusal:
    return AlipayRefusal("40004", "ACQ.INVALID_PARAMETER", f"参数无效: {name}")


def amount_of(content: Mapping[str, Any], name: str, *, largest: int) -> int:
    """A text of yuan as fen, from one fen on. Raises INVALID_PARAMETER."""
    text = checked(content, name, r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?")
    yuan, _, rest = text.partition(".")
    fen = int(yuan) * 100 + int(rest.ljust(2, "0"))
    if not 1 <= fen <= largest:
        raise invalid(name)
    return fen


def yuan_of(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
