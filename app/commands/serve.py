import argparse
import os

from app.logging import configure_logging
from app.serving import serve
from app.settings import load_settings


def run(_: argparse.Namespace) -> int:
    settings = load_settings(os.environ)
    configure_logging(settings.log_level)
    return serve(settings)
