"""Puts the population into the database by COPY, in several processes. 装载

For many people, indexes and unique constraints of the tables are taken off and made again
afterwards, over all rows; that a row's references lead somewhere is not asked of PostgreSQL again:
whoever made the rows knows, and a test loads some with every constraint at work.
"""

import asyncio
import multiprocessing
from base64 import b64decode
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from time import perf_counter

import asyncpg
from msgspec import Struct

from app.database import database
from benchmarks.documents import EACH, KINDS
from benchmarks.population import (
    COLUMNS,
    FEES,
    MESSAGES,
    City,
    Collector,
    LicenceKind,
    Offer,
    Population,
)
from core.sealing import load_vault

BATCH = 2_000
MANY = 20_000
"""From so many people on the indexes are made after the rows."""

_UNIQUE = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS off,
format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
pg_get_constraintdef(oid)) AS made
FROM pg_constraint c WHERE contype = 'u' AND conrelid = ANY($1::regclass[])
AND NOT EXISTS (SELECT 1 FROM pg_constraint r WHERE r.contype = 'f' AND r.conindid = c.conindid)"""

_INDEXES = """
SELECT format('DROP INDEX %s', i.indexrelid::regclass) AS off, pg_get_indexdef(i.indexrelid) AS made
FROM pg_index i WHERE i.indrelid = ANY($1::regclass[]) AND NOT i.indisprimary
AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)"""

_TABLES = list(COLUMNS)
_SETTINGS = {
    "jit": "off",
    "synchronous_commit": "off",
    "maintenance_work_mem": "512MB",
    "max_parallel_maintenance_workers": "2",
}

OFFERED = ("sh-elder", "sz-elder")


class Share(Struct, frozen=True):
    """What one process loads."""

    database_url: str
    kek: str
    city: City
    first: int
    until: int
    at: datetime


class Loaded(Struct, frozen=True):
    """What was added, and the size of the database and of its licences since then, in bytes."""

    people: int
    licences: int
    rows: int
    seconds: float
    database_bytes: int
    licence_bytes: int

    def told(self) -> str:
        return (
            f"loaded {self.people:,} people with {self.licences:,} licences, {self.rows:,} rows in"
            f" all, in {self.seconds:.0f} s; the database has {self.database_bytes / 2**30:.2f}"
            f" GiB, its licences with their indexes {self.licence_bytes / 2**30:.2f} GiB of them"
        )


async def load_people(
    numbers: range,
    *,
    superuser_url: str,
    kek: str,
    appid: str,
    processes: int,
    at: datetime,
) -> Loaded:
    """Load these people; how many rows it was and how long it took, indexes included.

    Nothing is left for the server to catch up with: rows are vacuumed and counted, and written.
    """
    began, many = perf_counter(), len(numbers) >= MANY
    async with _connected(superuser_url) as connection:
        city = await read_city(connection, appid)
        again = await take_off(connection) if many else []
        await _copy_all(numbers, superuser_url, kek, city, processes, at)
        for made in again:
            await connection.execute(made)
        for table in COLUMNS:
            await connection.execute(f"VACUUM ANALYZE {table}")
        await connection.execute("CHECKPOINT")
        seconds = perf_counter() - began
        sizes = await connection.fetchrow(
            "SELECT pg_database_size(current_database()), pg_total_relation_size($1::regclass)",
            "licences_licence",
        )
    people = len(numbers)
    return Loaded(people, people * EACH, people * rows_for_one(city), seconds, *sizes)


def rows_for_one(city: City) -> int:
    return 3 + EACH + FEES + len(city.offers) + MESSAGES


async def _copy_all(
    numbers: range, url: str, kek: str, city: City, processes: int, at: datetime
) -> None:
    share = -(-len(numbers) // processes)
    shares = [
        Share(url, kek, city, first, min(first + share, numbers.stop), at)
        for first in range(numbers.start, numbers.stop, share)
    ]
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, _load_share, one) for one in shares))


def _load_share(share: Share) -> None:
    asyncio.run(_copy(share))


async def _copy(share: Share) -> None:
    async with database(share.database_url, minsize=1, maxsize=1):
        vault = await load_vault(b64decode(share.kek))
    population = Population(share.city, vault=vault, at=share.at)
    async with _connected(share.database_url) as connection:
        await connection.execute("SET session_replication_role = replica")
        for first in range(share.first, share.until, BATCH):
            rows = population.rows(range(first, min(first + BATCH, share.until)))
            for table, columns in COLUMNS.items():
                await connection.copy_records_to_table(table, records=rows[table], columns=columns)


async def read_city(connection: asyncpg.Connection, appid: str) -> City:
    kinds = await connection.fetch(
        "SELECT code, department, type_code FROM licences_licence_type WHERE code = ANY($1)",
        list(KINDS),
    )
    agencies = await connection.fetch("SELECT id, department, division FROM payments_agency")
    offers = await connection.fetch(
        "SELECT p.id AS policy_id, v.id AS version_id, p.department, p.division"
        " FROM proactive_policy p JOIN proactive_policy_version v ON v.policy_id = p.id"
        " WHERE v.status = 'published' AND p.code = ANY($1)",
        list(OFFERED),
    )
    return City(
        appid,
        {row["code"]: LicenceKind(*row) for row in kinds},
        [Collector(*row) for row in agencies],
        [Offer(*row) for row in offers],
    )


async def take_off(connection: asyncpg.Connection) -> list[str]:
    """Take indexes and unique constraints off, all or none; what makes them again."""
    async with connection.transaction():
        found = [
            row for asked in (_UNIQUE, _INDEXES) for row in await connection.fetch(asked, _TABLES)
        ]
        for row in found:
            await connection.execute(row["off"])
    return [row["made"] for row in found]


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        "postgresql" + url[url.index("://") :], timeout=30, server_settings=_SETTINGS
    )
    try:
        yield connection
    finally:
        await connection.close()
