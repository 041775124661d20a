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
    """A form as another standard prescribes it, each field once and none unknown."""
    try:
        pairs = parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=MAX_FIELDS)
        if len({name for name, _ in pairs}) != len(pairs):
            raise FormInvalid()
        return msgspec.convert(dict(pairs), kind)
    except (ValueError, msgspec.MsgspecError):
        raise FormInvalid() from None
