"""Telling holders in time that a licence ends: ninety, thirty and seven days before, once each."""

from datetime import datetime, timedelta

from tortoise import connections
from tortoise.transactions import in_transaction

from core import jobs
from core.clock import date_in_china

WARNED_BEFORE = (90, 30, 7)
"""Days before the end, the longest first. Who was not told in time is told of the next one only."""

BATCH = 500

_WARN = """
INSERT INTO licences_expiry_warning (id, licence_id, valid_until, days, warned_at)
SELECT gen_random_uuid(), licence.id, licence.valid_until, $3, $4
FROM licences_licence AS licence
WHERE valid_until BETWEEN $1 AND $2 AND status = 'valid' AND NOT EXISTS (
    SELECT 1 FROM licences_expiry_warning AS told
    WHERE told.licence_id = licence.id AND told.valid_until = licence.valid_until
    AND told.days = $3
) AND NOT EXISTS (
    SELECT 1 FROM identity_person AS person WHERE person.id = licence.holder_id AND NOT person.alive
) ORDER BY valid_until, licence.id LIMIT $5
ON CONFLICT DO NOTHING RETURNING licence_id, valid_until"""


async def warn_of_expiry(*, at: datetime) -> int:
    """Ask that some of those be told whose licence ends soon; say how many. Safe in many at once.

    A licence that was renewed has another last day, and its holder is told of that in its time.
    """
    today = date_in_china(at)
    told = 0
    for days, next_days in zip(WARNED_BEFORE, (*WARNED_BEFORE[1:], -1), strict=True):
        soonest, latest = today + timedelta(days=next_days + 1), today + timedelta(days=days)
        async with in_transaction():
            rows = await connections.get("default").execute_query_dict(
                _WARN, [soonest, latest, days, at, BATCH]
            )
            for row in rows:
                await jobs.enqueue(
                    "licences.expires_soon",
                    licence_id=str(row["licence_id"]),
                    valid_until=str(row["valid_until"]),
                    days=days,
                )
        told += len(rows)
    return told
