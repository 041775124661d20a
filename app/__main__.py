"""`python -m app …`: one command line for everything. 命令行"""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from app.running import RUN_FOLDER

COMMANDS = {
    "dev": "run everything on this machine until Ctrl-C",
    "serve": "serve the API (production)",
    "work": "run the jobs (production)",
    "migrate": "bring the database up to date, as its owner",
    "seed": "put the invented city in; twice does no harm",
    "demo": "walk ten journeys through the served product",
    "health": "ask the process in this container how it is",
    "operators": "make the first security administrator",
    "audit": "check the audit chain",
    "openapi": "print the description of the interface",
    "errors": "print the table of error codes",
}


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    from app.settings_reading import SettingsInvalid

    try:
        return int(import_module(f"app.commands.{given.command}").run(given))
    except SettingsInvalid as invalid:
        sys.stderr.write(f"{invalid}\n")
        return 2
    except Exception as error:
        from app.startup_refusals import said_plainly

        plain = said_plainly(error)
        if plain is None:
            raise
        sys.stderr.write(f"{plain}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="掌上办")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    each = {name: commands.add_parser(name, help=text) for name, text in COMMANDS.items()}
    for name in ("dev", "demo"):
        each[name].add_argument("--folder", type=Path, default=RUN_FOLDER, help="default: .run")
    dev = each["dev"]
    dev.add_argument("--port", type=int, default=8000, help="or the next free one; default: 8000")
    dev.add_argument("--clock-offset", type=int, default=0, metavar="SECONDS")
    dev.add_argument(
        "--own-pages", type=Path, metavar="DIR", help="your mini-program's page, for the phone"
    )
    each["health"].add_argument("part", choices=["live", "ready", "worker"])
    operators = each["operators"]
    operators.add_argument("action", choices=["create-admin"])
    for name in ("login", "name", "department", "division"):
        operators.add_argument(f"--{name}", required=True)
    for name in ("password", "id-number"):
        operators.add_argument(f"--{name}-file", type=Path, help="asked for when not given")
    each["audit"].add_argument("action", choices=["verify"])
    each["openapi"].add_argument(
        "--release", action="store_true", help="write docs/openapi/v1.json"
    )
    each["errors"].add_argument("--write", action="store_true", help="write docs/zh/error-codes.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
