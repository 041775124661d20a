import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from tortoise import connections
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from core.audit import record, seal_audit, verify_audit
from core.clock import now
from core.ids import new_id
from core.models import AuditEntry, AuditSeal
from tests.conftest import AT

pytestmark = pytest.mark.usefixtures("db")


async def entries(count: int) -> None:
    for n in range(count):
        await record("operator:1", "policy.published", f"policy:{n}", version=n)


async def tamper(sql: str) -> None:
    """What somebody with the database's owner account could do: the triggers are put aside."""
    connection = connections.get("default")
    for table in ("core_audit_entry", "core_audit_seal"):
        await connection.execute_script(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await connection.execute_script(sql)
    for table in ("core_audit_entry", "core_audit_seal"):
        await connection.execute_script(f"ALTER TABLE {table} ENABLE TRIGGER USER")


class TestRecord:
    async def test_is_gone_with_the_change_it_tells_of(self) -> None:
        """Dies in the middle."""

        async def change_and_fail() -> None:
            async with in_transaction():
                await entries(1)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await change_and_fail()

        assert await AuditEntry.all().count() == 0

    @pytest.mark.parametrize("change", ["UPDATE {0} SET id = id", "DELETE FROM {0}"])
    async def test_the_database_refuses_to_change_an_entry(self, change: str) -> None:
        await entries(1)

        with pytest.raises(OperationalError, match="append only"):
            await connections.get("default").execute_script(change.format("core_audit_entry"))


class TestSealAudit:
    async def test_chains_every_entry_once_even_for_many_sealers_at_once(self) -> None:
        """At the same moment as another."""
        await entries(10)

        await asyncio.gather(*(seal_audit(at=AT) for _ in range(6)))
        await entries(5)
        await seal_audit(at=AT)

        report = await verify_audit()
        assert (report.sealed, report.unsealed, report.broken_at) == (15, 0, None)

    async def test_states_the_tail_that_is_not_sealed_yet(self) -> None:
        await entries(3)
        await seal_audit(at=AT)
        await entries(2)

        assert (await verify_audit()).unsealed == 2

    async def test_an_entry_from_a_clock_that_runs_ahead_hides_none_of_the_others(self) -> None:
        """G07: ids go by the clock of the process that wrote them."""
        ahead = UUID(int=new_id().int + (2 * 3_600_000 << 80))
        await AuditEntry.create(
            id=ahead, at=AT, actor="operator:1", action="a", subject="s", details={}
        )
        await seal_audit(at=now())
        await entries(3)

        for look_back in (timedelta(minutes=1), timedelta(hours=1)):
            await seal_audit(at=now(), look_back=look_back)

        report = await verify_audit()
        assert (report.sealed, report.unsealed, report.broken_at) == (4, 0, None)

    async def test_the_entry_of_a_slow_transaction_is_found_by_looking_far(self) -> None:
        """Each second near, which stays cheap however busy the hour was; each minute far."""
        await entries(1)
        slow = await AuditEntry.get()
        ten_minutes_ago = UUID(int=slow.id.int - (600_000 << 80))
        await entries(1)
        await seal_audit(at=now())
        await AuditEntry.create(
            id=ten_minutes_ago, at=AT, actor="a", action="b", subject="c", details={}
        )

        near = await seal_audit(at=now(), look_back=timedelta(minutes=1))
        far = await seal_audit(at=now())

        assert (near, far) == (0, 1)


class TestVerifyAudit:
    @pytest.mark.parametrize(
        "harm",
        [
            pytest.param("UPDATE core_audit_entry SET actor = 'x' WHERE id = '{id}'", id="change"),
            pytest.param("DELETE FROM core_audit_entry WHERE id = '{id}'", id="delete"),
            pytest.param("DELETE FROM core_audit_seal WHERE entry_id = '{id}'", id="cut a link"),
            pytest.param(
                "UPDATE core_audit_entry SET details = '{{}}' WHERE id = '{id}'", id="empty"
            ),
        ],
    )
    async def test_finds_where_the_chain_was_harmed(self, harm: str) -> None:
        """G12: change, delete, insert, swap."""
        await entries(6)
        await seal_audit(at=AT)
        third = await AuditSeal.get(seq=3)

        await tamper(harm.format(id=third.entry_id))

        assert (await verify_audit()).broken_at == 3

    async def test_finds_two_entries_that_changed_places(self) -> None:
        await entries(4)
        await seal_audit(at=AT)
        second, third = await AuditSeal.get(seq=2), await AuditSeal.get(seq=3)

        point = "UPDATE core_audit_seal SET entry_id = '{0}' WHERE seq = {1};"
        nowhere = "0" * 32
        await tamper(
            point.format(nowhere, 2)
            + point.format(second.entry_id, 3)
            + point.format(third.entry_id, 2)
        )

        assert (await verify_audit()).broken_at == 2
