"""Puts the population into the database by COPY, in several processes. 装载

Plain indexes of the tables are taken off for many people and made again afterwards; that a row's
references lead somewhere is not asked of PostgreSQL again: whoever made the rows knows.
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
from benchmarks.population import COLUMNS, City, Collector, LicenceKind, Offer, Population
from core.sealing import load_vault

BATCH = 2_000
MANY = 20_000
"""From so many people on the indexes are made after the rows."""

_PLAIN_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made FROM pg_index i
WHERE i.indrelid = ANY($1::regclass[]) AND NOT i.indisprimary
AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)"""

LICENCES = {"driving": {"vehicle_class": "C1"}, "elder-card": {"benefit_class": "公交免费"}}
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
    people: int
    rows: int
    seconds: float


async def load_people(
    people: int,
    *,
    owner_url: str,
    superuser_url: str,
    kek: str,
    appid: str,
    processes: int,
    at: datetime,
) -> Loaded:
    """Load so many people; how many rows it was and how long it took, indexes included."""
    began = perf_counter()
    async with _connected(superuser_url) as connection:
        city = await read_city(connection, appid)
        indexes = await _take_off_indexes(connection) if people >= MANY else []
        await _copy_all(people, superuser_url, kek, city, processes, at)
        for made in indexes:
            await connection.execute(made)
        for table in COLUMNS:
            await connection.execute(f"VACUUM ANALYZE {table}")
    rows = people * rows_for_one(city)
    return Loaded(people, rows, perf_counter() - began)


def rows_for_one(city: City) -> int:
    from benchmarks.population import FEES, MESSAGES

    return 3 + len(city.licences) + FEES + len(city.offers) + MESSAGES


async def _copy_all(
    people: int, url: str, kek: str, city: City, processes: int, at: datetime
) -> None:
    share = -(-people // processes)
    shares = [
        Share(url, kek, city, first, min(first + share, people), at)
        for first in range(0, people, share)
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
        "SELECT code, department FROM licences_licence_type WHERE code = ANY($1)", list(LICENCES)
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
        [LicenceKind(row["code"], row["department"], LICENCES[row["code"]]) for row in kinds],
        [Collector(*row) for row in agencies],
        [Offer(*row) for row in offers],
    )


async def _take_off_indexes(connection: asyncpg.Connection) -> list[str]:
    found = await connection.fetch(_PLAIN_INDEXES, list(COLUMNS))
    for row in found:
        await connection.execute(f"DROP INDEX {row['name']}")
    return [row["made"] for row in found]


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        "postgresql" + url[url.index("://") :], timeout=30, server_settings={"jit": "off"}
    )
    try:
        yield connection
    finally:
        await connection.close()
