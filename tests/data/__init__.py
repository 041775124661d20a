"""Published values that our code must reproduce."""

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def vectors(name: str) -> dict[str, Any]:
    """The vectors of one file in this folder."""
    values: dict[str, Any] = json.loads((Path(__file__).parent / f"{name}.json").read_text("utf-8"))
    return values
