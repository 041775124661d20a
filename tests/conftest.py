import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

import httpx
import pytest
from litestar import Litestar
from redis.asyncio import Redis
from tortoise import Tortoise, connections

from app.asgi import create_app
from app.database import migrate_database, tortoise_config
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from app.providers import Parts
from core.sealing import Vault
from identity.tokens import TokenIssuer
from tests.deployment import make_parts, make_settings
from tests.fakes.identity import make_issuer
from tests.given import AT as AT
from tests.given import make_vault

if TYPE_CHECKING:
    from tests.journeys.town import Deployment, Town


pytest.register_assert_rewrite("tests.journeys.books", "tests.journeys.world")


@pytest.fixture(scope="session")
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Tell whoever runs the tests: counts and seeds are read also when nothing fails.

    By standard error, which the processes that share the tests have in common.
    """
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def aloud(text: str) -> None:
        with capture.global_and_fixture_disabled():
            sys.stderr.write(f"\n{text}\n")
            sys.stderr.flush()

    return aloud


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL, made for this run and gone after it."""
    with EmbeddedPostgres(fsync=False) as server:
        yield server


@pytest.fixture(scope="session")
async def database(postgres: EmbeddedPostgres) -> AsyncIterator[None]:
    """An empty database, built by the migrations as a real one is. Made once, its pool warm.

    With a cold pool the first task of a race is done before the second has a connection.
    """
    await migrate_database(postgres.url())
    config = tortoise_config(postgres.url(), minsize=8, maxsize=8)
    await Tortoise.init(config=config, _enable_global_fallback=True)
    yield
    await Tortoise.close_connections()


@pytest.fixture
async def db(database: None) -> AsyncIterator[None]:
    """Ask for this to write rows. They are gone when the test ends."""
    yield
    await empty_all_tables()


@pytest.fixture(scope="session")
def vault() -> Vault:
    return make_vault()


async def empty_all_tables() -> None:
    connection = connections.get("default")
    rows = await connection.execute_query_dict(
        "SELECT string_agg(quote_ident(tablename), ', ') AS tables FROM pg_tables"
        " WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
    )
    await connection.execute_script(f"TRUNCATE {rows[0]['tables']} RESTART IDENTITY CASCADE")


@pytest.fixture(scope="session")
def valkey() -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey() as server:
        yield server


@pytest.fixture
async def cache(valkey: EmbeddedValkey) -> AsyncIterator[Redis]:
    """An empty cache."""
    client = Redis.from_url(valkey.url())
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def issuer() -> TokenIssuer:
    return make_issuer()


@pytest.fixture
def parts(vault: Vault, cache: Redis, issuer: TokenIssuer) -> Parts:
    return make_parts(vault, cache, issuer)


@pytest.fixture
def app(parts: Parts) -> Litestar:
    """The whole application with stand-ins for what lies outside."""
    return create_app(make_settings(), parts)


@pytest.fixture
async def client(db: None, app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is not signed in."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://zb.test") as client:
        yield client


@pytest.fixture(scope="session")
async def deployment(
    postgres: EmbeddedPostgres,
    database: None,
    valkey: EmbeddedValkey,
    tmp_path_factory: pytest.TempPathFactory,
) -> "Deployment":
    """The invented city, moved in once and kept aside."""
    from tests.journeys.opening import move_in
    from tests.journeys.town import Deployment

    deployment = Deployment(
        tmp_path_factory.mktemp("outside"), database_url=postgres.url(), valkey_url=valkey.url()
    )
    await move_in(deployment)
    return deployment


@pytest.fixture(scope="module")
async def town(
    deployment: "Deployment", tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator["Town"]:
    """One town for each module: its tests play with different people, in any order."""
    from tests.journeys.opening import fresh_town

    async with fresh_town(deployment, tmp_path_factory.mktemp("outside")) as town:
        yield town
