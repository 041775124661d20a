"""The city as it is loaded once, kept aside, so that each module gets it back in a moment."""

from tortoise import connections
from tortoise.transactions import in_transaction

_TABLES = (
    "SELECT quote_ident(tablename) AS name FROM pg_tables"
    " WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
)
_SEQUENCES = (
    "SELECT setval(quote_ident(schemaname) || '.' || quote_ident(sequencename), 1000000)"
    " FROM pg_sequences WHERE schemaname = 'public'"
)


async def keep_aside() -> None:
    """A copy of every table, in a schema of its own."""
    await _run(["CREATE SCHEMA seeded"])
    await _run([f"CREATE TABLE seeded.{name} AS TABLE {name}" for name in await _tables()])


async def bring_back() -> None:
    """Into empty tables. References are not checked and nothing is triggered: it was done once."""
    await _run(
        [
            "SET LOCAL session_replication_role = replica",
            *[
                f"INSERT INTO {name} OVERRIDING SYSTEM VALUE TABLE seeded.{name}"
                for name in await _tables()
            ],
            _SEQUENCES,
        ]
    )


async def _tables() -> list[str]:
    rows = await connections.get("default").execute_query_dict(_TABLES)
    return [row["name"] for row in rows]


async def _run(statements: list[str]) -> None:
    async with in_transaction() as connection:
        await connection.execute_script("; ".join(statements))
