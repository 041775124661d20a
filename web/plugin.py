"""Everything of this package put on an application, in the order that matters."""

from collections.abc import Mapping, Sequence

from litestar import Litestar
from litestar.config.app import AppConfig
from litestar.config.compression import CompressionConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.plugins import InitPlugin
from litestar.routes import HTTPRoute

from core.errors import DomainError
from core.signing import Signer
from identity.kinds import Level
from web.addresses import Network, Whence, client_address, network_of
from web.auth import (
    AnyRequest,
    Door,
    Gatekeeper,
    provide_caller,
    provide_machine,
    provide_operator,
    provide_verifier,
)
from web.docs.serving import DocumentController, DocumentPlugin, Documents, PagesPlugin
from web.edge import BoundsMiddleware, add_safe_headers
from web.errors import crash_problem, domain_problem, http_problem, report_broken_seal
from web.levels import Levels, load_levels
from web.limiter import Limiter
from web.matrix import Audience, Matrix, load_matrix
from web.openapi import openapi_config
from web.pages import Pages
from web.replies import ETagMiddleware, show_acting_party
from web.requests import StrictRequest


class WebPlugin(InitPlugin):
    """Strict bodies, problems, bounds, callers, limits, pages, and the description of it all."""

    def __init__(
        self,
        *,
        doors: Mapping[Audience, Door],
        limiter: Limiter,
        cursor_signer: Signer,
        version: str,
        trusted_proxies: Sequence[Network] = (),
        matrix: Matrix | None = None,
    ) -> None:
        self.matrix = matrix or load_matrix()
        self._limiter = limiter
        self._pages = Pages(cursor_signer)
        self._levels = load_levels() if matrix is None else Levels({}, unsaid=Level.NONE)
        self._gatekeeper = Gatekeeper(
            self.matrix, doors, limiter, trusted_proxies, levels=self._levels
        )
        self._documents = Documents(self.matrix)
        self._version = version
        self._trusted_proxies = trusted_proxies

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        app_config.request_class = StrictRequest
        app_config.exception_handlers = {
            DomainError: domain_problem,
            HTTPException: http_problem,
            Exception: crash_problem,
            **app_config.exception_handlers,
        }
        compression = CompressionConfig(
            backend="gzip",
            gzip_compress_level=5,
            minimum_size=860,
            gzip_fallback=False,
            exclude_opt_key="uncompressed",  # a stream would wait in the compressor
        )
        app_config.middleware[:0] = [
            BoundsMiddleware(),
            DefineMiddleware(CompressionMiddleware, config=compression),
            ETagMiddleware(),
        ]
        app_config.after_exception.append(report_broken_seal)
        app_config.guards.append(self._gatekeeper)
        app_config.before_send += [add_safe_headers, show_acting_party]
        app_config.on_startup += [self.check, _provide_in_turn]
        app_config.route_handlers.append(DocumentController)
        app_config.openapi_config = openapi_config(
            self._version, [DocumentPlugin(self._documents), PagesPlugin(self._documents)]
        )
        self._provide(app_config)
        return app_config

    def check(self, app: Litestar) -> None:
        """Refuse to start unless the matrix and the routes are about the same."""
        self.matrix.check(app.routes)
        self._levels.check(self.matrix.routes_of(Audience.RESIDENT))

    def _provide(self, app_config: AppConfig) -> None:
        app_config.dependencies |= {
            "caller": Provide(provide_caller, sync_to_thread=False),
            "operator": Provide(provide_operator, sync_to_thread=False),
            "verifier": Provide(provide_verifier, sync_to_thread=False),
            "whence": Provide(self._whence, sync_to_thread=False),
            "machine": Provide(provide_machine, sync_to_thread=False),
            "limiter": Provide(lambda: self._limiter, sync_to_thread=False),
            "documents": Provide(lambda: self._documents, sync_to_thread=False),
            "pages": Provide(lambda: self._pages, sync_to_thread=False),
        }

    def _whence(self, request: AnyRequest) -> Whence:
        address = client_address(request.scope, self._trusted_proxies)
        return Whence(address, network_of(address))


def _provide_in_turn(app: Litestar) -> None:
    """Litestar would start a task for each of several values, though all of them are there."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for _, wanted in route.route_handler_map.values():
                wanted.dependency_batches = [
                    {one} for batch in wanted.dependency_batches for one in batch
                ]
