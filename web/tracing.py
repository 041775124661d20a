"""One id for one request, in its answer, its log lines and its problem."""

import re
from typing import Any

from core.ids import new_id

_SAFE = re.compile(rb"[A-Za-z0-9._-]{8,64}\Z")
_KEY = "trace_id"


def trace_id(scope: Any) -> str:
    """The id the client or the proxy sent, when it is harmless; else one of ours."""
    state: dict[str, Any] = scope["state"]
    if _KEY not in state:
        sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        state[_KEY] = sent.decode() if _SAFE.match(sent) else new_id().hex
    found: str = state[_KEY]
    return found
