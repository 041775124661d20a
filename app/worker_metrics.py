"""The worker's figures for Prometheus, on a port of their own: nothing else is there. 指标"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from time import monotonic
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import REGISTRY, CollectorRegistry, Histogram, make_wsgi_app
from prometheus_client.multiprocess import MultiProcessCollector

from app.metrics import may_ask
from core.jobs import Handler
from web.addresses import Network

SECONDS = Histogram(
    "zhangban_job_seconds",
    "How long jobs took, by how they ended",
    ["name", "outcome"],
    buckets=[0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 120.0],
)

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def measured(handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """The same jobs, each counted and timed by its name."""
    return {name: _measured(name, handler) for name, handler in handlers.items()}


@contextmanager
def served_metrics(host: str, port: int, *, networks: Sequence[Network]) -> Iterator[None]:
    """Inside the block GET /metrics is answered as the API answers it. No port, no answer."""
    if not port:
        yield
        return
    with make_server(host, port, _application(networks), _Server, _Silent) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingMixIn, WSGIServer):
    """One that is slow keeps nobody waiting."""

    daemon_threads = True


class _Silent(WSGIRequestHandler):
    timeout = 5

    def log_message(self, format: str, *args: object) -> None:
        return None


def _measured(name: str, handler: Handler) -> Handler:
    async def run(**arguments: str | int) -> None:
        began, outcome = monotonic(), "failed"
        try:
            await handler(**arguments)
            outcome = "done"
        finally:
            SECONDS.labels(name, outcome).observe(monotonic() - began)

    return run


def _application(networks: Sequence[Network]) -> Wsgi:
    answer = make_wsgi_app(_registry())

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        forwarded = "HTTP_X_FORWARDED_FOR" in environ or "HTTP_FORWARDED" in environ
        known = may_ask(environ["REMOTE_ADDR"], networks)
        if forwarded or not known or environ["PATH_INFO"] != "/metrics":
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b""]
        body: Iterable[bytes] = answer(environ, start)
        return body

    return application


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # theirs has no types
    return together
