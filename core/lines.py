"""What somebody types and everybody reads: one line of visible text. 单行文字

A title of spaces alone is no title; a line break forges a second line, and marks of direction turn
the text around, so that it reads otherwise than it was written.
"""

from typing import Annotated

from msgspec import Meta

_UNSEEN = r"\x00-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
"""Control characters, line breaks, marks of direction and of width nought."""

Line = Annotated[str, Meta(pattern=rf"\A(?=.*\S)[^{_UNSEEN}]+\Z")]
"""Something to see, and nothing else. A field says its length: `Annotated[Line, Meta(…)]`."""

OptionalLine = Annotated[str, Meta(pattern=rf"\A[^{_UNSEEN}]*\Z")]
"""The same, where nothing may stand as well."""
