"""The first screen as somebody would say it aloud: what waits, and whom to call. 首页朗读"""

from msgspec import Struct

from core.speech import spoken
from core.texts import ENGLISH


class Waiting(Struct, frozen=True, kw_only=True):
    """How much waits for somebody."""

    fees: int
    benefits: int
    messages: int


def say_what_waits(waiting: Waiting, *, language: str) -> str:
    """Two sentences: what waits, and where one may ask."""
    return _in_english(waiting) if language == ENGLISH else _in_chinese(waiting)


def _in_chinese(waiting: Waiting) -> str:
    parts = [
        f"{_counted(count)}{what}"
        for count, what in (
            (waiting.fees, "笔费用要交"),
            (waiting.benefits, "项待遇等您确认"),
            (waiting.messages, "条新消息"),
        )
        if count
    ]
    said = f"您有{'，'.join(parts)}。" if parts else "现在没有要办的事。"
    return said + spoken("有疑问请打12345。")


def _counted(count: int) -> str:
    """People say 两笔, not 二笔."""
    return "两" if count == 2 else spoken(str(count))


def _in_english(waiting: Waiting) -> str:
    parts = [
        f"{count} {what}"
        for count, what in (
            (waiting.fees, "to pay"),
            (waiting.benefits, "benefits to confirm"),
            (waiting.messages, "new messages"),
        )
        if count
    ]
    said = f"Waiting for you: {', '.join(parts)}." if parts else "Nothing waits for you."
    return said + " Questions: call 12345."
