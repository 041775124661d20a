import argparse
import asyncio
import os

from app.logging import configure_logging
from app.settings import load_settings


def run(_: argparse.Namespace) -> int:
    settings = load_settings(os.environ)
    configure_logging(settings.log_level)
    from app.worker import run

    asyncio.run(run(settings))
    return 0
