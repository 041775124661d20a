"""Log lines as JSON, each with the request's id, none with personal data. 日志

Code logs ids and codes only. What slips through all the same, in an exception's text say, is
blotted out here: numbers of identity cards, phones and accounts, tokens, values of unique keys.
"""

import logging
import re
import sys
import time
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from msgspec import Struct

from web.tracing import trace_id

BLOT = "…"
SECRET_NAMES = frozenset(
    {
        *("access_token", "refresh_token", "token", "session_key", "authorization", "cookie"),
        *("password", "secret", "code", "openid", "unionid", "phone", "phone_number"),
        *("id_number", "full_name", "account_no"),
    }
)
_PATTERNS = (
    re.compile(r"(?<![0-9A-Za-z-])\d{16,19}(?![0-9A-Za-z])"),  # accounts, identity cards
    re.compile(r"(?<![0-9A-Za-z-])\d{17}[Xx](?![0-9A-Za-z])"),
    re.compile(r"(?<![0-9A-Za-z-])(?:\+?86)?1[3-9]\d{9}(?![0-9A-Za-z])"),
    re.compile(r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"),
    re.compile(r"(?<=\)=\()[^\n]*?(?=\))"),  # Key (column)=(value) already exists
)
_QUIET = ("/health/live", "/health/ready", "/metrics")

log = logging.getLogger(__name__)


def configure_logging(level: str = "info", *, stream: TextIO | None = None) -> None:
    """Every logger of this process writes JSON lines, to standard error unless told otherwise."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    finish: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        blot,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        _Formatter(foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()], processors=finish)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("httpx", "httpcore", "tortoise", "procrastinate", "asyncio"):
        logging.getLogger(chatty).setLevel(max(root.level, logging.WARNING))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def blot(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """A structlog processor: the event without what must not stand in a log."""
    return {name: _blotted(name, value) for name, value in event.items()}


class _AccessLine(Struct, frozen=True, kw_only=True):
    """Nothing in it is anybody's: it need not be looked through, as all other lines are."""

    method: str
    route: str
    status: int
    ms: float
    event: str = "request"
    trace_id: str
    logger: str = __name__
    level: str = "info"
    timestamp: datetime


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Access lines are most of a log. They are written straight away."""

    def format(self, record: logging.LogRecord) -> str:
        line = getattr(record, "access_line", None)
        return super().format(record) if line is None else msgspec.json.encode(line).decode()


class AccessLog:
    """Around a whole ASGI application: one line for each request, by its route and not its path.

    A path holds numbers of orders and codes; the route's template does not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["path"] not in _QUIET:
            await self._watch(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _watch(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        structlog.contextvars.clear_contextvars()
        began, status = time.perf_counter(), 499

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            scope.setdefault("state", {})
            method = str(scope["method"])
            line = _AccessLine(
                method=method if method.isalpha() else BLOT,
                route=scope.get("path_template", ""),
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 1),
                trace_id=trace_id(scope),
                timestamp=datetime.now(UTC),
            )
            log.info("request", extra={"access_line": line})


def _blotted(name: str, value: Any) -> Any:
    if name.lower() in SECRET_NAMES:
        return value if _is_code(name, value) else BLOT
    if isinstance(value, str):
        for pattern in _PATTERNS:
            value = pattern.sub(BLOT, value)
        return value
    if isinstance(value, Mapping):
        return {key: _blotted(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_blotted("", inner) for inner in value]
    if isinstance(value, int | float | bool | None):
        return value
    return _blotted("", str(value))


def _is_code(name: str, value: Any) -> bool:
    """A refusal's `code` is a word of ours; a login `code` is a secret."""
    return (
        name == "code" and isinstance(value, str) and re.fullmatch(r"[a-z_.]+", value) is not None
    )
