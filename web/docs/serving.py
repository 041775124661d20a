"""The description of the interface, served: the OpenAPI document, and its pages."""

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from litestar import Controller, Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import MediaType, OpenAPIMediaType
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin

from web.docs.operations import Operations
from web.docs.pages import found_page, group_page, overview
from web.matrix import Matrix
from web.openapi import Document, describe

AnyRequest = Request[Any, Any, State]

LONGEST_SEARCH = 100


class Documents:
    """The document and its pages, each made once: the routes do not change while we run."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self._document: bytes | None = None
        self._operations: Operations | None = None
        self._pages: dict[str, bytes] = {}

    def document(self, app: Litestar) -> bytes:
        if self._document is None:
            self._document = msgspec.json.encode(describe(app, self._matrix))
        return self._document

    def page(self, app: Litestar, *, group: str = "", words: str = "") -> bytes:
        """A group's page, what a search finds, or the overview: also for a group that is not."""
        operations = self._described(app)
        if words.strip():
            return found_page(operations, words.strip()[:LONGEST_SEARCH]).encode()
        name = group if group in operations.groups else ""
        if name not in self._pages:
            made = group_page(operations, name) if name else overview(operations)
            self._pages[name] = made.encode()
        return self._pages[name]

    def _described(self, app: Litestar) -> Operations:
        if self._operations is None:
            self._operations = Operations(describe(app, self._matrix))
        return self._operations


class DocumentPlugin(JsonRenderPlugin):
    """The completed document instead of Litestar's own."""

    def __init__(self, documents: Documents) -> None:
        super().__init__(path="/openapi.json", media_type=OpenAPIMediaType.OPENAPI_JSON)
        self._documents = documents

    def render(self, request: AnyRequest, openapi_schema: Document) -> bytes:
        return self._documents.document(request.app)


class PagesPlugin(OpenAPIRenderPlugin):
    """What people read, without scripts and without anything from elsewhere."""

    def __init__(self, documents: Documents) -> None:
        super().__init__(path="/", media_type=MediaType.HTML)
        self._documents = documents

    def render(self, request: AnyRequest, openapi_schema: Document) -> bytes:
        asked = request.query_params
        return self._documents.page(
            request.app, group=asked.get("group", ""), words=asked.get("q", "")
        )


class DocumentController(Controller):
    """接口文档: the document at its usual address, and the pages' looks."""

    include_in_schema = False

    @get("/openapi.json", media_type="application/json", sync_to_thread=False)
    def document(self, request: AnyRequest, documents: NamedDependency[Documents]) -> bytes:
        return documents.document(request.app)

    @get("/docs.css", sync_to_thread=False)
    def looks(self) -> Response[str]:
        return Response(_looks(), media_type="text/css")


@cache
def _looks() -> str:
    return files("web.docs").joinpath("looks.css").read_text("utf-8")
