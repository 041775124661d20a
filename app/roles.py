"""Two database roles: one owns the tables and migrates, the other serves and may less. 数据库角色

The application adds audit rows and postings and reads them; it can neither change nor remove
them, whatever its code does.
"""

from urllib.parse import urlsplit

import asyncpg

OWNER, APPLICATION, DATABASE = "zhangban_owner", "zhangban_app", "zhangban"

APPEND_ONLY = ("core_audit_entry", "core_audit_seal", "payments_posting")
"""Tables that the application may only add to and read."""

READ_ONLY = ("tortoise_migrations",)


async def prepare_database(
    superuser_url: str, *, owner_password: str, application_password: str
) -> None:
    """Make both roles and the owner's database on a server of ours. Safe to run again."""
    connection = await asyncpg.connect(_dsn(superuser_url))
    try:
        await _set_role(connection, OWNER, owner_password)
        await _set_role(connection, APPLICATION, application_password)
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
            await connection.execute(
                f"REVOKE CONNECT, TEMPORARY ON DATABASE {DATABASE} FROM PUBLIC"
            )
            await connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {APPLICATION}")
    finally:
        await connection.close()


async def grant_application(owner_url: str, *, role: str = APPLICATION) -> bool:
    """Give the application what it needs and no more, after each migration.

    False where there is no such role: the deployment serves with the owner's own.
    """
    connection = await asyncpg.connect(_dsn(owner_url))
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
            return False
        async with connection.transaction():
            for statement in _grants(role, await _tables(connection)):
                await connection.execute(statement)
    finally:
        await connection.close()
    return True


def _grants(role: str, tables: list[str]) -> list[str]:
    statements = [
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    ]
    statements += [
        f"REVOKE UPDATE, DELETE ON {table} FROM {role}" for table in APPEND_ONLY if table in tables
    ]
    statements += [
        f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {role}"
        for table in READ_ONLY
        if table in tables
    ]
    return statements


async def _tables(connection: asyncpg.Connection) -> list[str]:
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return [row["tablename"] for row in rows]


async def _set_role(connection: asyncpg.Connection, role: str, password: str) -> None:
    known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    verb = "ALTER" if known else "CREATE"
    literal = await connection.fetchval("SELECT quote_literal($1::text)", password)
    await connection.execute(f"{verb} ROLE {role} LOGIN PASSWORD {literal}")


def _dsn(url: str) -> str:
    """asyncpg's own spelling of an address of any of the spellings we take."""
    return "postgresql" + url[len(urlsplit(url).scheme) :]
