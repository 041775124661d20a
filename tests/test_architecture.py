"""Rules about the whole code base, kept by tests so that nobody has to remember them."""

import ast
import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from tortoise import Tortoise, connections

from app.database import PACKAGES
from app.providers import Parts
from app.worker import handlers
from core.errors import DomainError
from core.texts import missing_texts
from web.errors import STATUS
from web.limiter import RULES

ROOT = Path(__file__).parent.parent
OURS = (
    *PACKAGES,
    "web",
    "miniprogram_api",
    "operator_api",
    "agency_api",
    "app",
    "seeds",
    "sandbox",
)

APPEND_ONLY = {
    "core_audit_entry",
    "core_audit_seal",
}
"""Tables whose rows never change: the application's role may only add."""


def _sources(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def _calls(name: str) -> Iterator[str]:
    """The first literal argument of every call of `name` or `….name` in our packages."""
    for path in _sources(*OURS):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(ast.Attribute(attr=called), [ast.Constant(str(value)), *_]):
                    if called == name:
                        yield value
                case ast.Call(ast.Name(id=called), [ast.Constant(str(value)), *_]):
                    if called == name:
                        yield value


def _import_all() -> None:
    for package in OURS:
        if package == "sandbox":
            continue
        for module in walk_packages([str(ROOT / package)], prefix=f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)


def _leaves(cls: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in cls.__subclasses__():
        if child.__subclasses__():
            yield from _leaves(child)
        elif not child.__module__.startswith("tests"):
            yield child


def _errors() -> list[type[DomainError]]:
    _import_all()
    return [error for error in _leaves(DomainError) if "code" in vars(error)]


def test_the_jobs_asked_for_are_the_jobs_that_have_a_handler(parts: Parts) -> None:
    known = handlers(parts, operating_department="platform")

    assert {*_calls("enqueue"), *_calls("wake")} == set(known)


def test_every_error_has_its_own_code_and_a_status() -> None:
    errors = _errors()
    codes = [error.code for error in errors]

    assert sorted(codes) == sorted(set(codes))
    for error in errors:
        assert error.code.startswith(error.__module__.partition(".")[0] + "."), error
        assert re.search("[一-鿿]", error.message), error
        assert any(issubclass(error, kind) for kind in STATUS) or error.code == "core.seal_broken"


def test_every_error_has_a_plain_and_an_english_text() -> None:
    """`plain` is what elders hear; I12: a refusal is a stable code and a plain Chinese sentence."""
    assert missing_texts(error.code for error in _errors()) == []


def test_every_crash_point_has_its_own_name() -> None:
    points = list(_calls("crashpoint"))

    assert sorted(points) == sorted(set(points))
    assert points


def test_every_limit_is_used() -> None:
    edge = "\n".join(
        path.read_text()
        for path in _sources("web", "miniprogram_api", "operator_api", "agency_api")
        if path.name != "limiter.py"
    )

    assert [name for name in RULES if f'"{name}"' not in edge] == []


def test_no_source_file_is_past_three_hundred_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in _sources(*OURS, "tests")
        if "migrations" not in path.parts and (lines := path.read_text().count("\n")) > 300
    }

    assert long == {}


def test_nothing_reads_settings_but_app() -> None:
    """The sandbox looks at one variable only: where it says production, it does not start."""
    readers = {
        str(path.relative_to(ROOT))
        for path in _sources(*OURS)
        if path.parts[len(ROOT.parts)] != "app"
        and re.search(r"os\.environ|os\.getenv|ZB_", path.read_text())
    }

    assert readers == {"sandbox/__main__.py"}


@pytest.mark.usefixtures("database")
async def test_big_append_tables_are_ready_for_partitions() -> None:
    """Keyed by a UUIDv7 alone: no other unique index, and no foreign key leads to them."""
    connection = connections.get("default")
    for table in sorted(_big_append_tables()):
        unique = await connection.execute_query_dict(
            "SELECT i.indexrelid::regclass::text AS name FROM pg_index i"
            " WHERE i.indrelid = $1::regclass AND i.indisunique AND NOT i.indisprimary",
            [table],
        )
        pointing = await connection.execute_query_dict(
            "SELECT conname FROM pg_constraint WHERE confrelid = $1::regclass AND contype = 'f'",
            [table],
        )
        assert (table, unique, pointing) == (table, [], [])


def _big_append_tables() -> set[str]:
    found = {"core_audit_entry", "payments_notice", "payments_posting", "notifications_delivery"}
    known = {model._meta.db_table for models in Tortoise.apps.values() for model in models.values()}
    assert found <= known
    return found


def test_the_lock_files_carry_hashes_and_no_addresses() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text


def test_nothing_tracked_names_a_machine_path() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    forbidden = re.compile("/" + "work/|/" + "root/|/" + "tmp/team")

    guilty = [
        name
        for name in tracked
        if name.endswith((".py", ".md", ".yaml", ".toml", ".txt", "Makefile"))
        and forbidden.search((ROOT / name).read_text("utf-8"))
    ]

    assert guilty == []
