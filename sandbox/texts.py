"""The city's files as they are written. 城市数据文件"""

from pathlib import Path
from typing import Any

import yaml


class _Text(yaml.SafeLoader):
    """Leaves every scalar as written: an identity number is text, whether quoted or not."""

    yaml_implicit_resolvers = {}


def read_texts(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Text)
