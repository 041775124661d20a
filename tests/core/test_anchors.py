"""G12: whoever owns the database can make the chain fit again, but not the marks outside it."""

import pytest
from obstore.store import MemoryStore
from tortoise import connections

from core.anchors import anchor_audit, check_anchors
from core.audit import record, seal_audit, verify_audit
from core.signature_keys import new_ed25519_key, new_sm2_key, read_signature_key
from core.suites import GM
from tests.given import AT

pytestmark = pytest.mark.usefixtures("db")


async def entries(count: int) -> None:
    for n in range(count):
        await record("operator:1", "policy.published", f"policy:{n}")
    await seal_audit(at=AT)


async def as_owner(sql: str) -> None:
    for table in ("core_audit_entry", "core_audit_seal"):
        await connections.get("default").execute_script(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await connections.get("default").execute_script(sql)


@pytest.mark.parametrize("new", [new_ed25519_key, new_sm2_key])
async def test_a_chain_that_was_left_alone_goes_through_its_marks(new) -> None:
    store, key = MemoryStore(), read_signature_key(new())
    await entries(3)
    await anchor_audit(store, key, at=AT)
    await entries(2)
    await anchor_audit(store, key, at=AT)

    report = await check_anchors(store, key)

    assert (report.anchors, report.broken) == (2, [])


async def test_the_same_head_is_marked_once() -> None:
    """Happens again, and in two workers at once."""
    store, key = MemoryStore(), read_signature_key(new_ed25519_key())
    await entries(1)

    assert await anchor_audit(store, key, at=AT) == 1
    assert await anchor_audit(store, key, at=AT) is None


async def test_a_tail_that_was_cut_off_is_found() -> None:
    store, key = MemoryStore(), read_signature_key(new_ed25519_key())
    await entries(5)
    await anchor_audit(store, key, at=AT)

    await as_owner("DELETE FROM core_audit_seal WHERE seq > 3")

    assert (await verify_audit()).broken_at is None
    assert (await check_anchors(store, key)).broken == [5]


async def test_a_chain_rewritten_from_some_row_on_is_found() -> None:
    store, key = MemoryStore(), read_signature_key(new_ed25519_key())
    await entries(5)
    await anchor_audit(store, key, at=AT)

    await as_owner("UPDATE core_audit_entry SET actor = 'x' WHERE subject = 'policy:2'")
    await as_owner("DELETE FROM core_audit_seal")
    await seal_audit(at=AT)

    assert (await verify_audit()).broken_at is None
    assert (await check_anchors(store, key)).broken == [5]


async def test_a_mark_by_another_key_counts_for_nothing() -> None:
    store = MemoryStore()
    await entries(1)
    await anchor_audit(store, read_signature_key(new_ed25519_key()), at=AT)

    report = await check_anchors(store, read_signature_key(new_ed25519_key()))

    assert report.broken == [1]


async def test_a_chain_may_change_its_suite_on_the_way() -> None:
    await entries(2)
    await record("operator:1", "policy.halted", "policy:1")
    await seal_audit(at=AT, suite=GM)

    report = await verify_audit()

    assert (report.sealed, report.broken_at) == (3, None)
