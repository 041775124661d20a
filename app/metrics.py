"""What Prometheus asks for, summed over every process of this machine. 指标

With PROMETHEUS_MULTIPROC_DIR set before the first import of prometheus_client, each process writes
its numbers to files there, and whichever worker is asked sums them up.
"""

import os
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from litestar import Router
from litestar.connection import ASGIConnection
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.plugins.prometheus import PrometheusConfig, PrometheusController
from litestar.types import Guard

from web.addresses import Network, client_address


def metrics_middleware() -> DefineMiddleware:
    """Counts and times each request by its route's template, never by its path."""
    return PrometheusConfig(
        app_name="zhangban",
        prefix="zhangban",
        group_path=True,
        exclude=["^/metrics", "^/health"],
        buckets=[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0],
    ).middleware


def forget_dead_processes() -> None:
    """What a killed worker had in progress is in progress no more. Asked as a worker starts."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    for file in Path(folder).glob("gauge_live*_*.db") if folder else ():
        pid = int(file.stem.rpartition("_")[2])
        if not Path(f"/proc/{pid}").exists():
            file.unlink(missing_ok=True)


def metrics_router(networks: Sequence[Network]) -> Router:
    """GET /metrics, for this machine and the networks named; to all others it is not there."""
    return Router(
        "/metrics",
        route_handlers=[_Metrics],
        guards=[_only_from(networks)],
        include_in_schema=False,
        opt={"limit": None},
    )


class _Metrics(PrometheusController):
    path = "/"


def _only_from(networks: Sequence[Network]) -> Guard:
    def check(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
        if "x-forwarded-for" in connection.headers or "forwarded" in connection.headers:
            raise NotFoundException  # it came through the public door
        if not may_ask(client_address(connection.scope), networks):
            raise NotFoundException

    return check


def may_ask(address: str, networks: Sequence[Network]) -> bool:
    """Whether figures are for whoever asks from there: this machine, and the networks named."""
    if address == "unknown":
        return False
    known = ip_address(address)
    return known.is_loopback or any(known in network for network in networks)
