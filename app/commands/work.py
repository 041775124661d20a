import argparse
import asyncio
import os
from datetime import timedelta

from app import worker
from app.heartbeat import beating
from app.logging import configure_logging
from app.settings import Settings, load_settings
from app.worker_metrics import served_metrics
from core.clock import set_offset


def run(_: argparse.Namespace) -> int:
    settings = load_settings(os.environ)
    configure_logging(settings.log_level)
    set_offset(timedelta(seconds=settings.clock_offset_seconds))
    asyncio.run(_work(settings))
    return 0


async def _work(settings: Settings) -> None:
    figures = served_metrics(
        settings.host, settings.worker_metrics_port, networks=settings.metrics_networks
    )
    async with beating(settings.heartbeat_path):
        with figures:
            await worker.run(settings)
