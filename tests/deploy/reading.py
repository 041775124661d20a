"""Small readers of what a deployment is made of, so that tests hold it against the code."""

import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from msgspec.structs import fields

from app.settings import OwnerSettings, ProbeSettings, Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SECRETS_FOLDER = "/run/secrets"

VARIABLES = {
    f"ZB_{field.name.upper()}": field
    for kind in (Settings, OwnerSettings, ProbeSettings)
    for field in fields(kind)
}
"""Every ZB_ variable there is."""


class Instruction(NamedTuple):
    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """Of a JSON array, its members; else the words, options first."""
        array = re.search(r"\[.*\]\Z", self.text)
        found: list[str] = yaml.safe_load(array[0]) if array else shlex.split(self.text)
        return found


def stages() -> list[list[Instruction]]:
    """The Dockerfile, one list of instructions for each stage."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    found: list[list[Instruction]] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            if name == "FROM":
                found.append([])
            found[-1].append(Instruction(name, rest.strip()))
    return found


def image_variables() -> dict[str, str]:
    """What the last stage puts into the environment."""
    texts = [one.text for one in stages()[-1] if one.name == "ENV"]
    return dict(word.split("=", 1) for text in texts for word in shlex.split(text))


def example_variables() -> dict[str, str]:
    lines = (DEPLOY / "zhangban.env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def variables_of(service: str) -> dict[str, str]:
    """The ZB_ variables that a container of the service starts with."""
    given = SERVICES[service]
    from_file = example_variables() if "env_file" in given else {}
    found = image_variables() | from_file | given.get("environment", {})
    return {name: value for name, value in found.items() if name.startswith("ZB_")}


Block = dict[str, Any]


def proxy() -> Block:
    """nginx.conf: of each directive the list of its uses; a use is words, or what is in a block."""
    text = re.sub(r"#[^\n]*", "", (DEPLOY / "nginx.conf").read_text("utf-8"))
    tokens = re.findall(r"'[^']*'|[{};]|[^\s{};]+", text)
    block, rest = _block(tokens)
    assert rest == []
    return block


def _block(tokens: list[str]) -> tuple[Block, list[str]]:
    found: Block = {}
    words: list[str] = []
    while tokens:
        token, *tokens = tokens
        if token == "}":
            break
        if token == ";":
            found.setdefault(words[0], []).append(words[1:])
            words = []
        elif token == "{":
            inner, tokens = _block(tokens)
            found.setdefault(" ".join(words), []).append(inner)
            words = []
        else:
            words.append(token.strip("'"))
    return found, tokens
