"""What can be said, by kind: the wording, and which granted template of a provider carries it."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files

import msgspec
import yaml
from msgspec import Struct

from core.clock import CHINA

VALUE_LIMIT = 120


class WechatWording(Struct, frozen=True, forbid_unknown_fields=True):
    """Which subscription template says it, and what goes into its keys."""

    template: str
    values: dict[str, str]
    page: str = ""


class EnglishWording(Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    text: str


class MessageKind(Struct, frozen=True, forbid_unknown_fields=True):
    """What `follows` also reaches who may act for the recipient."""

    title: str
    text: str
    plain: str
    en: EnglishWording | None = None
    urgent: bool = False
    follows: bool = True
    wechat: WechatWording | None = None


@cache
def known_kinds() -> Mapping[str, MessageKind]:
    text = files("notifications").joinpath("templates.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), dict[str, MessageKind])


def fill(wording: str, values: Mapping[str, str]) -> str:
    """The wording with its values. A value is put in as it is: braces in it mean nothing."""
    return wording.format_map(values)


def clean(value: str) -> str:
    """One line of visible characters: no control, direction or private ones, and an end."""
    text = " ".join(unicodedata.normalize("NFC", value).split())
    visible = (char for char in text if unicodedata.category(char)[0] != "C")
    return "".join(visible).strip()[:VALUE_LIMIT]


def written_time(at: datetime) -> str:
    """A moment as people here and WeChat's `time` keys write it: 2026年11月22日 10:00."""
    local = at.astimezone(CHINA)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
