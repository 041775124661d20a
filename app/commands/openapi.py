import argparse
import sys

import msgspec

from app.asgi import create_app
from app.development import throwaway_variables
from app.settings import load_settings
from web.matrix import load_matrix
from web.openapi import describe


def run(_: argparse.Namespace) -> int:
    """Print the OpenAPI document. Needs no settings: nothing is reached."""
    app = create_app(load_settings(throwaway_variables()))
    document = msgspec.json.encode(describe(app, load_matrix()))
    sys.stdout.buffer.write(msgspec.json.format(document) + b"\n")
    return 0
