from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database import migrate_database
from app.embedded.postgres import EmbeddedPostgres
from app.roles import (
    APPEND_ONLY,
    APPLICATION,
    DATABASE,
    OWNER,
    grant_application,
    prepare_database,
)

ENTRY = (
    "INSERT INTO core_audit_entry (id, at, actor, action, subject, details)"
    " VALUES (gen_random_uuid(), now(), 'system:test', 'test', 'test', '{}')"
)


@pytest.fixture
async def application(postgres: EmbeddedPostgres) -> AsyncIterator[asyncpg.Connection]:
    """The application's role on a database that the owner has migrated."""
    for _ in range(2):  # as at a second start
        await prepare_database(
            postgres.url(), owner_password="owner-pw", application_password="application-pw"
        )
    owner_url = postgres.url(DATABASE, user=OWNER, password="owner-pw")
    await migrate_database(owner_url)
    assert await grant_application(owner_url)
    assert await grant_application(owner_url)
    url = postgres.url(DATABASE, user=APPLICATION, password="application-pw")
    connection = await asyncpg.connect(url.replace("asyncpg", "postgresql", 1))
    yield connection
    await connection.close()


async def test_the_application_adds_audit_rows_and_cannot_change_or_remove_them(
    application: asyncpg.Connection,
) -> None:
    await application.execute(ENTRY)

    assert await application.fetchval("SELECT count(*) FROM core_audit_entry")
    for statement in (
        "UPDATE core_audit_entry SET actor = 'nobody'",
        "DELETE FROM core_audit_entry",
        "TRUNCATE core_audit_entry",
        "DROP TABLE core_audit_entry",
        "ALTER TABLE core_audit_entry DISABLE TRIGGER ALL",
        "UPDATE core_audit_seal SET seq = 0",
        "DELETE FROM core_audit_seal",
        "UPDATE payments_posting SET amount_fen = 0",
        "DELETE FROM payments_posting",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await application.execute(statement)


async def test_the_application_makes_no_tables_and_forgets_no_migration(
    application: asyncpg.Connection,
) -> None:
    for statement in (
        "CREATE TABLE mine (id int)",
        "DELETE FROM tortoise_migrations",
        "CREATE ROLE mine",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await application.execute(statement)


async def test_the_application_reads_and_writes_all_other_tables(
    application: asyncpg.Connection,
) -> None:
    rows = await application.fetch(
        "SELECT tablename, has_table_privilege(quote_ident(tablename), 'SELECT, INSERT') AS adds,"
        " has_table_privilege(quote_ident(tablename), 'UPDATE') AS changes"
        " FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
    )

    assert all(row["adds"] for row in rows)
    assert {row["tablename"] for row in rows if not row["changes"]} == set(APPEND_ONLY)


async def test_the_application_asks_for_jobs_through_the_queue(
    application: asyncpg.Connection,
) -> None:
    """The queue's own functions and sequences are the application's to use."""
    async with application.transaction():
        row = await application.fetchval(
            "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'test', 0, NULL, NULL,"
            " '{}'::jsonb, NULL)::procrastinate_job_to_defer_v1])"
        )
        await application.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'test'")

    assert row


async def test_without_an_application_role_the_owner_serves(postgres: EmbeddedPostgres) -> None:
    assert not await grant_application(postgres.url(), role="nobody_of_that_name")
