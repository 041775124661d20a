"""Money is whole fen. It never passes through a float, not even to be printed."""

import re
from typing import NewType

Fen = NewType("Fen", int)

_YUAN = re.compile(r"(0|[1-9][0-9]{0,12})\.([0-9]{2})")


def yuan(amount_fen: int) -> str:
    """Fen as people and Alipay read them: 8000 → "80.00", -5 → "-0.05"."""
    sign, size = ("-", -amount_fen) if amount_fen < 0 else ("", amount_fen)
    return f"{sign}{size // 100}.{size % 100:02d}"


def fen_from_yuan(text: str) -> Fen:
    """ "80.00" → 8000. Anything but digits, a point and two digits is a ValueError."""
    match = _YUAN.fullmatch(text)
    if match is None:
        raise ValueError("not an amount in yuan with two decimals")
    return Fen(int(match[1]) * 100 + int(match[2]))
