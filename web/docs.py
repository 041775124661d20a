"""Pages that describe the interface: the OpenAPI document, and a list that needs nothing else."""

from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import msgspec
from litestar import Controller, Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import MediaType, OpenAPIMediaType
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin

from web.matrix import Matrix
from web.openapi import Document, describe

AnyRequest = Request[Any, Any, State]

_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>掌上办接口</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/docs.css"></head>
<body><h1>掌上办接口</h1>
<p>完整的 OpenAPI 文档：<a href="/openapi.json">/openapi.json</a></p>
{groups}</body></html>
"""


class Documents:
    """The document and its page, each made once: the routes do not change while we run."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self._document: bytes | None = None
        self._page: bytes | None = None

    def document(self, app: Litestar) -> bytes:
        if self._document is None:
            self._document = msgspec.json.encode(describe(app, self._matrix))
        return self._document

    def page(self, app: Litestar) -> bytes:
        if self._page is None:
            self._page = _page(describe(app, self._matrix)).encode()
        return self._page


class DocumentPlugin(JsonRenderPlugin):
    """The completed document instead of Litestar's own."""

    def __init__(self, documents: Documents) -> None:
        super().__init__(path="/openapi.json", media_type=OpenAPIMediaType.OPENAPI_JSON)
        self._documents = documents

    def render(self, request: AnyRequest, openapi_schema: Document) -> bytes:
        return self._documents.document(request.app)


class ListPlugin(OpenAPIRenderPlugin):
    """Every operation on one page, without scripts and without anything from elsewhere."""

    def __init__(self, documents: Documents) -> None:
        super().__init__(path="/", media_type=MediaType.HTML)
        self._documents = documents

    def render(self, request: AnyRequest, openapi_schema: Document) -> bytes:
        return self._documents.page(request.app)


class DocumentController(Controller):
    """接口文档: the document at its usual address, and the page's looks."""

    include_in_schema = False

    @get("/openapi.json", media_type="application/json", sync_to_thread=False)
    def document(self, request: AnyRequest, documents: NamedDependency[Documents]) -> bytes:
        return documents.document(request.app)

    @get("/docs.css", sync_to_thread=False)
    def looks(self) -> Response[str]:
        return Response(_looks(), media_type="text/css")


@cache
def _looks() -> str:
    return files("web").joinpath("docs.css").read_text("utf-8")


def _page(document: Document) -> str:
    groups: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for tag in operation.get("tags") or ["其他"]:
                groups.setdefault(tag, []).append(_entry(method, path, operation))
    parts = (f"<h2>{escape(tag)}</h2><dl>{''.join(rows)}</dl>" for tag, rows in groups.items())
    return _PAGE.format(groups="".join(parts))


def _entry(method: str, path: str, operation: Document) -> str:
    summary, description = operation.get("summary", ""), operation.get("description", "")
    return (
        f"<dt><b>{method.upper()}</b> <code>{escape(path)}</code> {escape(summary)}</dt>"
        f"<dd>{escape(description)}</dd>"
    )
