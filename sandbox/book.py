"""The sandbox's own book, in SQLite, so that a restart finds it again. 账本"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from sandbox.book_form import bring_up_to_date
from sandbox.clock import stamp

NONCES_KEPT = timedelta(minutes=15)

T = TypeVar("T")
Row = dict[str, Any]


class Book:
    """One writer, short statements, called from the event loop: each function is a unit."""

    def __init__(self, path: Path | str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        bring_up_to_date(self._connection)

    def close(self) -> None:
        self._connection.close()

    def write(self, statement: str, *values: object, **named: object) -> int:
        """Run it with `?` values or with `:named` ones; how many rows it changed."""
        return self._connection.execute(statement, named or values).rowcount

    def rows(self, query: str, *values: object) -> list[Row]:
        return [dict(row) for row in self._connection.execute(query, values)]

    def row(self, query: str, *values: object) -> Row | None:
        row = self._connection.execute(query, values).fetchone()
        return None if row is None else dict(row)

    def find(self, kind: type[T], query: str, *values: object) -> T | None:
        row = self.row(query, *values)
        return None if row is None else msgspec.convert(row, kind, strict=False)

    def find_all(self, kind: type[T], query: str, *values: object) -> list[T]:
        return [msgspec.convert(row, kind, strict=False) for row in self.rows(query, *values)]

    @contextmanager
    def together(self) -> Iterator[None]:
        """All or nothing, also when the process is killed. May be nested."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def count_call(self, api: str, outcome: str) -> None:
        """Count what was asked of us: some calls cost the real owner money or quota."""
        self.write(
            "INSERT INTO calls (api, outcome, times) VALUES (?, ?, 1)"
            " ON CONFLICT (api, outcome) DO UPDATE SET times = times + 1",
            api,
            outcome,
        )

    def is_first_use(self, owner: str, nonce: str, *, at: datetime) -> bool:
        """False when this owner sent the nonce within the last quarter of an hour."""
        self.write("DELETE FROM nonces WHERE used_at < ?", stamp(at - NONCES_KEPT))
        inserted = self.write(
            "INSERT OR IGNORE INTO nonces (owner, nonce, used_at) VALUES (?, ?, ?)",
            owner,
            nonce,
            stamp(at),
        )
        return inserted == 1

    def take(self, person: str, wallet: str, amount_fen: int) -> bool:
        """Take money out of a wallet, or leave it alone and say False."""
        changed = self.write(
            "UPDATE wallets SET balance_fen = balance_fen - ?"
            " WHERE person = ? AND wallet = ? AND balance_fen >= ?",
            amount_fen,
            person,
            wallet,
            amount_fen,
        )
        return changed == 1

    def put(self, person: str, wallet: str, amount_fen: int) -> None:
        self.write(
            "UPDATE wallets SET balance_fen = balance_fen + ? WHERE person = ? AND wallet = ?",
            amount_fen,
            person,
            wallet,
        )

    def move_merchant(self, merchant: str, amount_fen: int) -> bool:
        """Add to a merchant's balance, or take when negative. False: it has not so much."""
        changed = self.write(
            "UPDATE merchants SET balance_fen = balance_fen + ?"
            " WHERE merchant = ? AND balance_fen + ? >= 0",
            amount_fen,
            merchant,
            amount_fen,
        )
        return changed == 1
