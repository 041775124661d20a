"""What the models say and what the database holds are the same thing."""

import procrastinate
import pytest
from tortoise import Tortoise, connections
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from app.database import tortoise_config


@pytest.mark.usefixtures("database")
async def test_models_and_migrations_agree() -> None:
    apps = tortoise_config("asyncpg://nobody@127.0.0.1/unused")["apps"]

    changes = await MigrationAutodetector(Tortoise.apps, apps).changes()

    assert [f"{change.app_label}.{change.name}" for change in changes] == []


@pytest.mark.usefixtures("database")
async def test_every_constraint_of_a_model_is_in_the_database() -> None:
    """Tortoise leaves them out of CREATE TABLE (tortoise/tortoise-orm#2272)."""
    rows = await connections.get("default").execute_query_dict("SELECT conname FROM pg_constraint")
    indexes = await connections.get("default").execute_query_dict(
        "SELECT indexname FROM pg_indexes"
    )
    present = {row["conname"] for row in rows} | {row["indexname"] for row in indexes}

    wanted = {
        constraint.name
        for models in Tortoise.apps.values()
        for model in models.values()
        for constraint in getattr(model._meta, "constraints", ())
        if isinstance(constraint, CheckConstraint | UniqueConstraint) and constraint.name
    }

    assert wanted - present == set()


def test_the_queues_tables_are_those_of_its_pinned_version() -> None:
    """A newer procrastinate brings migrations of its own: write them as one of ours, then this."""
    assert procrastinate.__version__.split(".")[:2] == ["3", "10"]
