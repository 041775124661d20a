"""Which jobs wait, for tests that want to see what was asked for."""

import json
from typing import Any

from tortoise import connections


async def jobs_asked(name: str) -> list[dict[str, Any]]:
    """The arguments of every waiting job of a name, due or not."""
    rows = await connections.get("default").execute_query_dict(
        "SELECT args::text AS args FROM procrastinate_jobs WHERE task_name = $1"
        " AND status = 'todo' UNION ALL SELECT arguments::text FROM core_due_job WHERE name = $1",
        [name],
    )
    return [json.loads(row["args"]) for row in rows]
