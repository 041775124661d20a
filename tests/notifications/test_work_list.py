import pytest
from tortoise.transactions import in_transaction

from notifications.deliveries import _CLAIM, BATCH
from tests.conftest import AT

pytestmark = pytest.mark.usefixtures("db")


async def test_a_batch_is_claimed_off_an_index_and_what_waits_is_not_sorted_for_it() -> None:
    """At eight all that was held overnight is due at once: sorted anew for each batch, 300,000 of
    them took 0.4 s a batch of fifty."""
    given = {"$1": f"'{AT.isoformat()}'", "$2": str(BATCH), "$3": "60", "$4": "false"}
    claim = _CLAIM
    for place, value in given.items():
        claim = claim.replace(place, value)

    async with in_transaction() as connection:
        await connection.execute_query("SET LOCAL enable_seqscan = off")
        await connection.execute_query("SET LOCAL enable_sort = off")
        rows = await connection.execute_query_dict(f"EXPLAIN {claim}")

    plan = "\n".join(row["QUERY PLAN"] for row in rows)
    assert "ix_notifications_delivery_claim" in plan
    assert "Sort" not in plan
