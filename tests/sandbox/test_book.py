"""A book that an earlier sandbox kept is read by this one."""

import sqlite3
from pathlib import Path

from sandbox.book import Book
from sandbox.book_routes import PAGES


def test_what_an_earlier_form_of_the_book_says_stays_in_it(tmp_path: Path) -> None:
    earlier = sqlite3.connect(tmp_path / "book.sqlite3")
    earlier.executescript(
        "CREATE TABLE suppressions (number TEXT PRIMARY KEY) STRICT;"
        "CREATE TABLE wallets (person TEXT, wallet TEXT, balance_fen INTEGER, colour TEXT);"
        "CREATE INDEX by_colour ON wallets (colour);"
        "CREATE TABLE forgotten (anything TEXT);"
        "INSERT INTO wallets VALUES ('wang-guilan', 'wechat', 80, 'red');"
    )
    earlier.close()

    book = Book(tmp_path / "book.sqlite3")

    assert book.rows("SELECT * FROM wallets") == [
        {"person": "wang-guilan", "wallet": "wechat", "balance_fen": 80}
    ]
    tables = {row["name"] for row in book.rows("SELECT name FROM sqlite_master")}
    assert not {"forgotten", "by_colour", "earlier_wallets"} & tables
    assert "callbacks_due" in tables
    book.close()


def test_opened_twice_it_is_the_same_book(tmp_path: Path) -> None:
    for expected in (1, 2):
        book = Book(tmp_path / "book.sqlite3")
        book.count_call("alipay.trade.query", "ok")
        assert book.rows("SELECT times FROM calls") == [{"times": expected}]
        book.close()


def test_every_table_has_a_page(tmp_path: Path) -> None:
    book = Book(tmp_path / "book.sqlite3")
    tables = {
        row["name"]
        for row in book.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not row["name"].startswith("sqlite_")
    }

    assert tables == set(PAGES)
    for page, query in PAGES.items():
        assert book.rows(query) == [], page
    book.close()
