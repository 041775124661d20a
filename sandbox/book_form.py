"""The form of the book: schema.sql, and how a book of an earlier form comes to it."""

import re
import sqlite3
from pathlib import Path
from zlib import crc32

SCHEMA = Path(__file__).with_name("schema.sql")
COMMENT = re.compile(r"--[^\n]*")
COPY = "INSERT INTO {table} ({columns}) SELECT {columns} FROM earlier_{table}"
PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON")


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Give the book the form of schema.sql. What stands in an earlier one is kept."""
    text = SCHEMA.read_text(encoding="utf-8")
    form = crc32(text.encode()) & 0x7FFFFFFF
    if connection.execute("PRAGMA user_version").fetchone()[0] != form:
        connection.execute("PRAGMA legacy_alter_table = ON")  # references keep the plain names
        connection.execute("BEGIN EXCLUSIVE")
        _renew(connection, [part for part in COMMENT.sub("", text).split(";") if part.strip()])
        connection.execute(f"PRAGMA user_version = {form}")
        connection.execute("COMMIT")
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _renew(connection: sqlite3.Connection, statements: list[str]) -> None:
    earlier = _names(connection, "table")
    for index in _names(connection, "index"):
        connection.execute(f"DROP INDEX {index}")
    for table in earlier:
        connection.execute(f"ALTER TABLE {table} RENAME TO earlier_{table}")
    for statement in statements:
        connection.execute(statement)
    for table in set(_names(connection, "table")) & set(earlier):
        known = _columns(connection, f"earlier_{table}")
        kept = ", ".join(name for name in _columns(connection, table) if name in known)
        connection.execute(COPY.format(table=table, columns=kept))
    for table in earlier:
        connection.execute(f"DROP TABLE earlier_{table}")


def _names(connection: sqlite3.Connection, kind: str) -> list[str]:
    """Of what schema.sql made; SQLite's own tables and indexes have no words of their own."""
    query = (
        "SELECT name FROM sqlite_master"
        " WHERE type = ? AND sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
    )
    return [row[0] for row in connection.execute(query, (kind,))]


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
