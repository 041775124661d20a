from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tortoise import Tortoise
from tortoise.context import TortoiseContext
from tortoise.migrations.api import migrate

from core.database import connection_config

PACKAGES = ("core", "identity", "facts", "notifications", "payments", "licences", "proactive")


def tortoise_config(url: str, **limits: Any) -> dict[str, Any]:
    """One Tortoise app per package, so that a foreign key reads `identity.Person`.

    `limits` are those of `connection_config`.
    """
    apps = {
        package: {
            "models": [f"{package}.models"],
            "migrations": f"{package}.migrations",
            "default_connection": "default",
        }
        for package in PACKAGES
    }
    connections = {"default": connection_config(url, **limits)}
    return {"connections": connections, "apps": apps, "use_tz": True, "timezone": "UTC"}


@asynccontextmanager
async def database(url: str, **limits: Any) -> AsyncIterator[None]:
    """The models answer inside this block, from every task of the process."""
    # Requests run in other tasks than the lifespan, so the context must be global.
    await Tortoise.init(config=tortoise_config(url, **limits), _enable_global_fallback=True)
    try:
        yield
    finally:
        await Tortoise.close_connections()


async def migrate_database(url: str) -> None:
    """Bring the schema up to date, as the owner role. Safe to run again."""
    async with TortoiseContext():  # of its own: what this process has open stays open
        await migrate(config=tortoise_config(url, minsize=1, maxsize=2, statement_seconds=600))
