"""What all tests take as given, in this process and in those that they start."""

from datetime import UTC, datetime

from core.sealing import Vault

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
"""Ten in the morning in China, on a Sunday: the moment most tests happen at."""


def make_vault() -> Vault:
    """The tests' own keys: rows sealed in one process open in another."""
    return Vault({1: b"k" * 32}, index_key=b"i" * 32)
