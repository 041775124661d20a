import argparse
import json
import sys
from typing import Any

import msgspec

from app.asgi import create_app
from app.development import throwaway_variables
from app.running import ROOT
from app.settings import load_settings
from web.compatibility import additions, breaks
from web.matrix import load_matrix
from web.openapi import describe

RELEASED = ROOT / "docs" / "openapi" / "v1.json"


def run(given: argparse.Namespace) -> int:
    """Print the OpenAPI document, or release it. Needs no settings: nothing is reached."""
    document = current_document()
    text = msgspec.json.format(msgspec.json.encode(document)) + b"\n"
    if not given.release:
        sys.stdout.buffer.write(text)
        return 0
    return _release(document, text)


def current_document() -> dict[str, Any]:
    app = create_app(load_settings(throwaway_variables()))
    return describe(app, load_matrix())


def _release(document: dict[str, Any], text: bytes) -> int:
    """What clients may rely on from now on; refused where it breaks those of the last release."""
    released = json.loads(RELEASED.read_bytes()) if RELEASED.exists() else document
    broken = breaks(released, document)
    if broken:
        listed = "\n".join(f"  {what}" for what in broken)
        sys.stderr.write(f"这会使已发布的客户端出错，没有写入 {RELEASED.name}：\n{listed}\n")
        return 1
    RELEASED.parent.mkdir(parents=True, exist_ok=True)
    RELEASED.write_bytes(text)
    for what in additions(released, document):
        sys.stdout.write(f"  {what}\n")
    sys.stdout.write(f"已写入 {RELEASED.relative_to(ROOT)}\n")
    return 0
