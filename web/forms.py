"""Forms, where another standard prescribes one instead of JSON (RFC 6749). 表单"""

from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from web.errors import Malformed

MAX_FIELDS = 16

Kind = TypeVar("Kind")


class FormInvalid(Malformed):
    code = "web.form_invalid"
    message = "提交的表单有误"


def read_form(body: bytes, kind: type[Kind]) -> Kind:
    """The fields of a form, each once and none unknown; one left blank is a field too."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=MAX_FIELDS,
        )
        if len({name for name, _ in pairs}) != len(pairs):
            raise FormInvalid()
        return msgspec.convert(dict(pairs), kind)
    except (ValueError, msgspec.MsgspecError):
        raise FormInvalid() from None
