"""The description of the interface: what the code knows, completed from the matrix. 接口文档

A route may say more of itself than its signature does, as extra keywords of its decorator:
`example={…}` a request body (a test decodes it), `errors=(OrderNotFound, …)` what it refuses with,
`limit="log_in"` how often (a name in `web.limiter.RULES`; None for no limit at all). A route that
reads its body itself says `receives={"application/json": schema}`, one that answers no JSON of ours
`answers={"application/pdf": schema}`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, Reference, SecurityScheme
from litestar.routes import HTTPRoute

from core.database import DatabaseGone
from core.errors import DomainError
from identity.authentication import SessionEnded
from identity.machine_tokens import AddressNotAllowed, MachineSessionEnded, QuotaSpent
from identity.operator_sessions import OperatorSessionEnded
from identity.tokens import TokenRefused
from web.auth import RoleRequired, ScopeRequired, SignInRequired, StepUpRequired
from web.body import BODY_REFUSALS
from web.doors import OPERATOR_COOKIE, SAFE_METHODS, CrossSiteRefused
from web.edge import AddressInvalid
from web.errors import (
    BODY_MISSING,
    HTTP_TITLES,
    PARAMETERS_INVALID,
    PROBLEM_TYPE,
    STATUS,
    Problem,
)
from web.limiter import RULES, LimiterUnavailable, TooManyRequests
from web.matrix import Access, Audience, Matrix
from web.pages import BadCursor
from web.replies import ACTING_FOR
from web.requests import BodyCutShort

DESCRIPTION = """掌上办：一键登录、缴费与拨付、亮证与核验、免申即享。

- 居民端 `/v1`，工作人员端 `/operator/v1`，机构与核验端 `/agency/v1`，平台回调 `/callbacks`。
- 只使用 GET、POST、PUT、DELETE；同一版本内字段只增不减，枚举可能增加新值，请按“其他”处理。
- 出错时返回 `application/problem+json`：`code` 供程序判断，`title` 供展示，`plain` 为适老化短句，\
`trace_id` 供查询日志。
- 列表按时间倒序，用 `next_cursor` 翻页；长轮询用 `wait` 参数，最多 25 秒。
- 金额一律为以分为单位的整数。
- 替他人或单位办理时，每个答复都带 `X-Acting-For`，写明代办对象和权限。
"""
COOKIE, CONSOLE = "operator_cookie", "operator_console"
SCHEMES: dict[str, SecurityScheme | Reference] = {
    Audience.RESIDENT: SecurityScheme(
        "http", "居民访问令牌，10 分钟有效", scheme="bearer", bearer_format="JWT"
    ),
    Audience.VERIFIER: SecurityScheme(
        "http", "核验员访问令牌，10 分钟有效", scheme="bearer", bearer_format="JWT"
    ),
    Audience.MACHINE: SecurityScheme(
        "http", "机构系统访问令牌，10 分钟有效", scheme="bearer", bearer_format="JWT"
    ),
    Audience.OPERATOR: SecurityScheme("http", "程序登录得到的工作人员令牌", scheme="bearer"),
    COOKIE: SecurityScheme(
        "apiKey",
        "浏览器登录得到的会话 Cookie，只有本站页面的请求才被接受",
        name=OPERATOR_COOKIE,
        security_scheme_in="cookie",
    ),
    CONSOLE: SecurityScheme(
        "apiKey",
        "固定为 1。使用 Cookie 时，GET 以外的请求都要带，其他网站的页面发不出",
        name="X-Zhangban-Console",
        security_scheme_in="header",
    ),
}

_AT_THE_DOOR: Mapping[Audience, Sequence[type[DomainError]]] = {
    Audience.ANYONE: (),
    Audience.RESIDENT: (SignInRequired, TokenRefused, SessionEnded, TooManyRequests),
    Audience.VERIFIER: (SignInRequired, TokenRefused, SessionEnded, TooManyRequests),
    Audience.MACHINE: (
        SignInRequired,
        TokenRefused,
        MachineSessionEnded,
        AddressNotAllowed,
        ScopeRequired,
        QuotaSpent,
        TooManyRequests,
    ),
    Audience.OPERATOR: (
        SignInRequired,
        OperatorSessionEnded,
        RoleRequired,
        CrossSiteRefused,
        TooManyRequests,
    ),
}

Document = dict[str, Any]

_ACTING_HEADER: Document = {
    "description": "替他人或单位办理时才有：代办对象的编号和权限，如 `<party_id>; scope=helper`",
    "schema": {"type": "string"},
}


def openapi_config(version: str, render_plugins: Sequence[OpenAPIRenderPlugin]) -> OpenAPIConfig:
    return OpenAPIConfig(
        title="掌上办接口",
        version=version,
        description=DESCRIPTION,
        path="/docs",
        components=Components(security_schemes=SCHEMES),
        render_plugins=render_plugins,
    )


def describe(app: Litestar, matrix: Matrix) -> Document:
    """The whole document: who may call each operation, how, and every way it refuses."""
    document: Document = msgspec.to_builtins(app.openapi_schema.to_schema())
    components = document["components"].setdefault("schemas", {})
    (_, problem), schemas = _problem_schema()
    components.update(schemas | {"Problem": problem})
    for path, method, handler in _operations(app):
        access = matrix.find(method, path)
        if access is not None:
            operation = document["paths"][path][method.lower()]
            _complete(operation, handler, access)
            if access.audience is not Audience.ANYONE:
                operation["security"] = _ways_in(access.audience, method)
    _write_patterns_for_clients(document)
    return document


def refusals(
    operation: Document, handler: HTTPRouteHandler, access: Access
) -> dict[int, list[Any]]:
    """By status: pairs of code and title that this operation may answer with."""
    found: dict[int, list[Any]] = {}
    for error in (*_general(operation, handler), *_AT_THE_DOOR[access.audience]):
        _add(found, error)
    if access.step_up:
        _add(found, StepUpRequired)
    if any(_is_checked(one) for one in operation.get("parameters", ())):
        found.setdefault(400, []).append(PARAMETERS_INVALID)
    if any(_is_read_by_the_router(one) for one in operation.get("parameters", ())):
        found.setdefault(404, []).append(HTTP_TITLES[404])
    if operation.get("requestBody"):
        found |= {status: [HTTP_TITLES[status]] for status in (408, 413)}
    if handler.parsed_data_field is not None:
        found[400].append(BODY_MISSING)
        found[415] = [HTTP_TITLES[415]]
    for error in _declared(handler):
        _add(found, error)
    return dict(sorted(found.items()))


def _general(operation: Document, handler: HTTPRouteHandler) -> Iterator[type[DomainError]]:
    """What comes of being asked at all: too often, in a wrong form, while a part is gone."""
    yield DatabaseGone
    limit = handler.opt.get("limit", "")
    if limit is not None:
        yield TooManyRequests
    if limit and RULES[limit].when_cache_is_gone == "closed":
        yield LimiterUnavailable
    if operation.get("parameters"):
        yield AddressInvalid
    if any(one["name"] == "cursor" for one in operation.get("parameters", ())):
        yield BadCursor
    if operation.get("requestBody"):
        yield BodyCutShort
    if handler.parsed_data_field is not None:
        yield from BODY_REFUSALS


def _is_checked(parameter: Document) -> bool:
    bounds = {"pattern", "minimum", "maximum"} & parameter["schema"].keys()
    return bool(parameter["in"] == "query" or bounds)


def _is_read_by_the_router(parameter: Document) -> bool:
    """Of a path that holds no id where an id belongs, there is nothing."""
    schema = parameter["schema"]
    typed = schema.get("format") == "uuid" or schema.get("type") == "integer"
    return bool(parameter["in"] == "path" and typed)


def _add(found: dict[int, list[Any]], error: type[DomainError]) -> None:
    status = next(status for kind, status in STATUS.items() if issubclass(error, kind))
    told = (error.code, error.message)
    if told not in found.setdefault(status, []):
        found[status].append(told)


def _declared(handler: HTTPRouteHandler) -> Sequence[type[DomainError]]:
    declared: Sequence[type[DomainError]] = handler.opt.get("errors", ())
    return declared


def _operations(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.resolve_include_in_schema():
                    for method in sorted(handler.http_methods):
                        yield route.path_format, str(method), handler


def _complete(operation: Document, handler: HTTPRouteHandler, access: Access) -> None:
    _complete_contents(operation, handler)
    responses: Document = operation["responses"]
    responses.pop("400", None)
    for response in responses.values():
        response["description"] = "成功"
        if access.audience is Audience.RESIDENT:
            response.setdefault("headers", {})[ACTING_FOR] = _ACTING_HEADER
    for status, known in refusals(operation, handler, access).items():
        responses[str(status)] = _problem_response(status, known)
    if access.roles:
        operation["x-roles"] = sorted(access.roles)
    if access.scopes:
        operation["x-scopes"] = sorted(access.scopes)


def _complete_contents(operation: Document, handler: HTTPRouteHandler) -> None:
    if "receives" in handler.opt:
        content = _by_kind(handler.opt["receives"])
        operation["requestBody"] = {"required": True, "content": content}
    elif "example" in handler.opt:
        for content in operation["requestBody"]["content"].values():
            content["examples"] = {"示例": {"value": handler.opt["example"]}}
    if "answers" in handler.opt:
        for response in operation["responses"].values():
            response["content"] = _by_kind(handler.opt["answers"])


def _by_kind(schemas: Mapping[str, Document]) -> Document:
    return {kind: {"schema": dict(schema)} for kind, schema in schemas.items()}


def _ways_in(audience: Audience, method: str) -> list[Document]:
    """An operator comes with a token, or with a cookie and what no page elsewhere can send."""
    ways: list[Document] = [{audience.value: []}]
    if audience is Audience.OPERATOR:
        safe = method in SAFE_METHODS
        ways.append({COOKIE: []} if safe else {COOKIE: [], CONSOLE: []})
    return ways


def _write_patterns_for_clients(document: Document) -> None:
    """Our `\\A` and `\\Z` are what JSON Schema's dialect of patterns calls `^` and `$`."""
    waiting: list[Any] = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            pattern = part.get("pattern")
            if isinstance(pattern, str) and pattern.endswith("\\Z"):
                part["pattern"] = pattern.replace("\\A", "^", 1).removesuffix("\\Z") + "$"
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _problem_response(status: int, known: Sequence[tuple[str, str]]) -> Document:
    examples = {
        code: {"summary": title, "value": _example(status, code, title)} for code, title in known
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    response: Document = {
        "description": "；".join(title for _, title in known),
        "content": {PROBLEM_TYPE: {"schema": schema, "examples": examples}},
    }
    if status in (429, 503):
        seconds = {"schema": {"type": "integer"}, "description": "多少秒后可以重试"}
        response["headers"] = {"Retry-After": seconds}
    return response


def _example(status: int, code: str, title: str) -> Mapping[str, object]:
    problem = Problem(status=status, code=code, title=title, trace_id="0190c2a97d6f7c3e8a52")
    example: dict[str, object] = msgspec.to_builtins(problem)
    return example


def _problem_schema() -> tuple[tuple[object, Document], Document]:
    (reference,), schemas = msgspec.json.schema_components(
        [Problem], ref_template="#/components/schemas/{name}"
    )
    return (reference, schemas.pop("Problem")), schemas
