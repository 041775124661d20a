"""The API over granian: several processes, each replaced when it dies. 对外服务"""

import logging
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings

from app.logging import AccessLog, configure_logging
from app.processes import die_with_parent
from app.settings import Settings, load_settings
from core.clock import set_offset

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_SETTLED_SECONDS = 10.0
_HEADER_SECONDS = 15

log = logging.getLogger(__name__)


def application() -> Any:
    """What each worker process serves. granian calls it there."""
    settings = begin_process()
    from app.asgi import create_app  # after the metrics folder is known: it is read at import

    return AccessLog(create_app(settings))


def begin_process() -> Settings:
    """What a worker process does before it makes its application. Gives the settings."""
    die_with_parent(signal.SIGKILL)  # a softer one is lost while granian is still setting up
    settings = load_settings(os.environ)
    configure_logging(settings.log_level)
    set_offset(timedelta(seconds=settings.clock_offset_seconds))
    from app.metrics import forget_dead_processes

    forget_dead_processes()
    return settings


def serve(settings: Settings, *, target: str = "app.serving:application") -> int:
    """Serve until a signal comes; the exit code. `target` makes each process's application.

    A dead worker is replaced at once. granian gives up when one dies again within seconds: then
    all are started anew, unless they never served at all.
    """
    stopping = _Stopping()
    with _metrics_folder():
        while True:
            began = time.monotonic()
            code = _serve_once(settings, target, stopping)
            if stopping.asked:
                return 0
            if time.monotonic() - began < _SETTLED_SECONDS:
                return code or 1
            log.error("workers_gave_up", extra={"exit_code": code})
            time.sleep(1)


class _Stopping:
    """Remembers that we were asked to stop, and lets granian do it."""

    asked = False

    def watch(self, server: Any) -> None:
        stop = server.signal_handler_interrupt

        def asked(number: int, frame: FrameType | None) -> None:
            self.asked = True
            stop(number, frame)

        server.signal_handler_interrupt = asked


def _serve_once(settings: Settings, target: str, stopping: _Stopping) -> int:
    server = Granian(
        target,
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        websockets=False,
        backlog=max(1024, settings.backpressure),
        backpressure=settings.backpressure,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_SECONDS * 1000),
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=settings.stop_seconds,
        log_dictconfig=_quiet_logging(),
    )
    stopping.watch(server)
    try:
        server.serve()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 1
    return 0


def _quiet_logging() -> dict[str, Any]:
    """granian's own lines go where ours go."""
    ours: dict[str, Any] = {"handlers": [], "propagate": True, "level": "INFO"}
    return {"formatters": {}, "handlers": {}, "loggers": {"_granian": ours, "granian.access": ours}}


@contextmanager
def _metrics_folder() -> Iterator[None]:
    """An empty folder that all processes write their numbers to."""
    given = os.environ.get(METRICS_FOLDER)
    if given is not None:
        Path(given).mkdir(parents=True, exist_ok=True)
        yield
        return
    folder = tempfile.mkdtemp(prefix="zhangban-metrics-")
    os.environ[METRICS_FOLDER] = folder
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
