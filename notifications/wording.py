"""A message in the words that whoever reads it prefers. 适老与语言"""

from msgspec import Struct

from core.speech import spoken
from core.texts import ENGLISH
from notifications.kinds import EnglishWording, fill, known_kinds
from notifications.models import Message


class Shown(Struct, frozen=True, kw_only=True):
    """`text` is the one to show: the plain one in elder mode. `speech` is to be read aloud."""

    title: str
    text: str
    plain: str
    speech: str
    language: str


def show(message: Message, *, language: str, elder_mode: bool) -> Shown:
    """As it was worded then; in English, as its kind says it now, with the values of then."""
    english = _english(message) if language == ENGLISH else None
    if english is not None:
        text = fill(english.text, message.values)
        title = fill(english.title, message.values)
        return Shown(title=title, text=text, plain=text, speech=text, language=ENGLISH)
    return Shown(
        title=message.title,
        text=message.plain if elder_mode else message.text,
        plain=message.plain,
        speech=spoken(message.plain),
        language="zh-CN",
    )


def title(message: Message, *, language: str) -> str:
    """No more than a list shows."""
    english = _english(message) if language == ENGLISH else None
    return message.title if english is None else fill(english.title, message.values)


def _english(message: Message) -> EnglishWording | None:
    """None when another release told it, with other values."""
    kind = known_kinds().get(message.kind)
    if kind is None or kind.en is None:
        return None
    try:
        fill(kind.en.text, message.values)
    except KeyError:
        return None
    return kind.en
