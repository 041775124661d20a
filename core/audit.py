"""Who did what, kept so that a later change shows. 审计

Rows are written plain in the transaction that did the thing; one sealer then chains them. The
tail that is not sealed yet is stated by `verify_audit`. The application's database role may only
add rows.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct
from tortoise import connections
from tortoise.transactions import in_transaction

from core.clock import now
from core.ids import new_id
from core.models import AuditEntry, AuditSeal
from core.suites import INTL, Suite, find_suite

GENESIS = b"\0" * 32
_SEALER_LOCK = 7_300_001
_BATCH = 2_000
AN_HOUR = timedelta(hours=1)
"""No transaction stays open for longer."""


class AuditReport(Struct, frozen=True):
    """What a walk over the chain found. `broken_at` is the first sequence number that does not
    fit.
    """

    sealed: int
    unsealed: int
    broken_at: int | None
    head: str


async def record(actor: str, action: str, subject: str, **details: str | int | None) -> None:
    """Write one entry, in the caller's transaction. Ids and codes only, no personal data."""
    await AuditEntry.create(
        id=new_id(), at=now(), actor=actor, action=action, subject=subject, details=details
    )


async def seal_audit(*, at: datetime, look_back: timedelta = AN_HOUR, suite: Suite = INTL) -> int:
    """Chain what is not chained yet; say how many. One sealer at a time, the others find
    nothing to do.

    Entries are looked for from `look_back` before the last that was chained, or before `at` when
    that one came from a clock that runs ahead: looking far finds those of slow transactions, and
    costs as much as there are entries in that time.
    """
    async with in_transaction() as connection:
        got = await connection.execute_query_dict(
            "SELECT pg_try_advisory_xact_lock($1) AS got", [_SEALER_LOCK]
        )
        if not got[0]["got"]:
            return 0
        last = await AuditSeal.all().order_by("-seq").first()
        seq, head = (last.seq, bytes(last.hash)) if last else (0, GENESIS)
        seals: list[AuditSeal] = []
        for entry in await _unsealed(_before(last, at, look_back)):
            seq, head = seq + 1, link(head, seq + 1, entry, suite)
            seals.append(
                AuditSeal(seq=seq, entry_id=entry.id, hash=head, suite=suite.code, sealed_at=at)
            )
        await AuditSeal.bulk_create(seals)
    return len(seals)


async def verify_audit() -> AuditReport:
    """Walk the whole chain against the entries. Finds a change, an insert, a deletion, a swap."""
    seq, head, broken_at = 0, GENESIS, None
    async for seal, entry in _sealed():
        suite = find_suite(seal.suite)
        expected = link(head, seq + 1, entry, suite) if entry and suite else b""
        if seal.seq != seq + 1 or bytes(seal.hash) != expected:
            broken_at = seq + 1
            break
        seq, head = seal.seq, expected
    sealed = await AuditSeal.all().count()
    entries = await AuditEntry.all().count()
    return AuditReport(sealed, max(entries - sealed, 0), broken_at, head.hex())


def link(prev: bytes, seq: int, entry: AuditEntry, suite: Suite = INTL) -> bytes:
    """H(prev | seq | canonical entry): the suite's digest over the entry as JSON, keys sorted."""
    body = {
        "seq": seq,
        "id": str(entry.id),
        "at": entry.at.timestamp(),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
    }
    return suite.digest(prev + msgspec.json.encode(body, order="deterministic"))


async def _unsealed(since: UUID) -> list[AuditEntry]:
    rows = await connections.get("default").execute_query_dict(
        "SELECT e.* FROM core_audit_entry e WHERE NOT EXISTS"
        " (SELECT 1 FROM core_audit_seal s WHERE s.entry_id = e.id) AND e.id > $2"
        " ORDER BY e.id LIMIT $1",
        [_BATCH, since],
    )
    return [_entry(row) for row in rows]


async def _sealed() -> AsyncIterator[tuple[AuditSeal, AuditEntry | None]]:
    seq = 0
    while seals := await AuditSeal.filter(seq__gt=seq).order_by("seq").limit(_BATCH):
        entries = await AuditEntry.in_bulk([seal.entry_id for seal in seals], "id")
        for seal in seals:
            yield seal, entries.get(seal.entry_id)
        seq = seals[-1].seq


def _before(last: AuditSeal | None, at: datetime, look_back: timedelta) -> UUID:
    """Where to look from: ids go by time."""
    if last is None:
        return UUID(int=0)
    newest = min(last.entry_id.int >> 80, int(at.timestamp() * 1000))
    return UUID(int=max(newest - int(look_back.total_seconds() * 1000), 0) << 80)


def _entry(row: dict[str, object]) -> AuditEntry:
    return AuditEntry(**row | {"details": msgspec.json.decode(str(row["details"]))})
