"""How a refusal looks on the wire: RFC 9457 problem details, with our `code` and a plain form.

Litestar's own refusals get stable codes of ours here; a caller's input never ends in a 500.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import Scope
from msgspec import UNSET, Struct, UnsetType

from core import broken_seals
from core.database import DatabaseGone
from core.errors import (
    Conflict,
    DomainError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Rejected,
    TooMany,
    UpstreamFailed,
)
from core.sealing import SealBroken
from core.texts import CHINESE, ENGLISH, find_texts
from identity.callers import Caller
from web.tracing import trace_id

AnyRequest = Request[Any, Any, Any]
PROBLEM_TYPE = "application/problem+json"

log = logging.getLogger(__name__)


class Malformed(DomainError):
    """The request cannot be read as what the route takes; sending it again will not help."""


STATUS: Mapping[type[DomainError], int] = {
    Malformed: 400,
    NotSignedIn: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Rejected: 422,
    TooMany: 429,
    UpstreamFailed: 503,
}

HTTP_TITLES: Mapping[int, tuple[str, str]] = {
    400: ("web.request_invalid", "请求内容有误"),
    401: ("web.not_signed_in", "请先登录"),
    403: ("web.not_allowed", "您没有权限进行此操作"),
    404: ("web.not_found", "没有找到您访问的内容"),
    405: ("web.method_not_allowed", "不支持这种请求方式"),
    406: ("web.not_acceptable", "无法提供您要求的格式"),
    408: ("web.request_too_slow", "上传超时，请检查网络后重试"),
    413: ("web.body_too_large", "提交的内容过大"),
    415: ("web.media_type_unsupported", "不支持这种内容格式"),
    429: ("web.too_many_requests", "操作过于频繁，请稍后再试"),
    431: ("web.headers_too_large", "请求头过大"),
    503: ("web.unavailable", "服务暂时不可用，请稍后再试"),
}
BODY_MISSING = ("web.body_missing", "缺少请求内容")
PARAMETERS_INVALID = ("web.parameters_invalid", "请求参数有误")
CRASH = ("web.internal", "系统繁忙，请稍后再试")


class Problem(Struct, frozen=True, kw_only=True):
    """A refusal. Clients match on `code`; `title` is for everybody, `plain` for elders.

    Both are in the language that the account prefers; in elder mode the title is the plain one.
    """

    status: int
    code: str
    title: str
    plain: str | UnsetType = UNSET
    details: dict[str, Any] | UnsetType = UNSET
    trace_id: str


def domain_problem(request: AnyRequest, error: DomainError) -> Response[Problem]:
    """A refusal in the code and words of its class. One of no known kind is our own failure."""
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)
    log.log(
        logging.ERROR if status == 500 else logging.INFO,
        "refused",
        extra={"code": error.code, "context": error.context, "trace_id": trace_id(request.scope)},
    )
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return _reply(request, status, error.code, error.message, error.details(), headers)


async def report_broken_seal(error: Exception, scope: Scope) -> None:
    """Besides the 500 that it is: have a person look at the row. It never changes the answer."""
    if isinstance(error, SealBroken):
        try:
            await broken_seals.report(error)
        except DatabaseGone as gone:
            log.error("seal not reported", exc_info=gone, extra={"trace_id": trace_id(scope)})


def http_problem(request: AnyRequest, error: HTTPException) -> Response[Problem]:
    """A refusal by Litestar itself, in our words: its own are for programmers, in English."""
    status = error.status_code
    if status == HTTPStatus.INTERNAL_SERVER_ERROR or status not in HTTP_TITLES:
        return crash_problem(request, error)
    code, title = HTTP_TITLES[status]
    details: dict[str, Any] = {}
    if isinstance(error, ValidationException):
        code, title, details = _invalid_parameters(error)
    allowed = next((v for name, v in (error.headers or {}).items() if name.lower() == "allow"), "")
    headers = {"Allow": allowed} if allowed else {}
    return _reply(request, status, code, title, details, headers)


def crash_problem(request: AnyRequest, error: Exception) -> Response[Problem]:
    """A bug. The caller learns nothing of it; the log learns all."""
    log.error("crashed", exc_info=error, extra={"trace_id": trace_id(request.scope)})
    return _reply(request, 500, *CRASH)


def _invalid_parameters(error: ValidationException) -> tuple[str, str, dict[str, Any]]:
    """Name the fields that did not fit, without repeating what was sent."""
    extra = error.extra if isinstance(error.extra, list) else []
    fields = [str(item["key"]) for item in extra if isinstance(item, dict) and "key" in item]
    if "data" in fields:
        return *BODY_MISSING, {}
    return *PARAMETERS_INVALID, {"fields": fields} if fields else {}


def _reply(
    request: AnyRequest,
    status: int,
    code: str,
    title: str,
    details: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[Problem]:
    texts = find_texts(code)
    language, elder_mode = _wanted(request)
    problem = Problem(
        status=status,
        code=code,
        title=texts.title(title, language=language, elder_mode=elder_mode) if texts else title,
        plain=texts.shortly(language) if texts else UNSET,
        details=dict(details) if details else UNSET,
        trace_id=trace_id(request.scope),
    )
    return Response(
        problem,
        status_code=status,
        media_type=PROBLEM_TYPE,
        headers={"Cache-Control": "no-store", "Content-Language": language, **(headers or {})},
    )


def _wanted(request: AnyRequest) -> tuple[str, bool]:
    """How whoever asks wants to be spoken to: as they prefer, else as their browser says."""
    user = request.scope.get("user")
    if isinstance(user, Caller):
        return user.language, user.elder_mode
    first = request.headers.get("accept-language", "").partition(",")[0].strip().lower()
    return (ENGLISH if first.split("-")[0] == ENGLISH else CHINESE), False
