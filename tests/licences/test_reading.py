import asyncio
from datetime import date, timedelta

import pytest

from core.models import HumanTask
from core.sealing import Vault
from identity.kinds import PartyKind
from identity.models import Person
from licences import freshness
from licences.kinds import LicenceStatus
from licences.models import Licence, RegistryState
from licences.reading import SILENT_AFTER, read_changes, report_silence
from licences.registries import HolderKey
from licences.wallet import list_licences
from tests.conftest import AT
from tests.fakes.licences import FakeRegistry
from tests.licences import make
from tests.licences.registered import changed, desk, record

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    freshness.forget_copy()


class TestReadChanges:
    async def test_what_is_new_and_what_changed_is_taken_in(self, vault: Vault) -> None:
        holder = await make.person(vault)
        first = await record(vault, holder)
        suspended = changed(first, status=LicenceStatus.SUSPENDED, status_on=date(2026, 11, 21))
        registry = FakeRegistry([first, suspended])
        registry.as_of = AT

        taken = await read_changes(registry, desk(vault, registry), at=AT)

        licence = await Licence.get(holder_id=holder.id)
        assert taken == 2
        assert (licence.status, licence.status_date) == (
            LicenceStatus.SUSPENDED,
            date(2026, 11, 21),
        )
        assert (licence.identifier, licence.registry) == (first.identifier, "linxi")
        assert licence.checked_at == AT

    async def test_only_what_is_new_is_read_and_each_registry_once_a_minute(
        self, vault: Vault
    ) -> None:
        holder = await make.person(vault)
        registry = FakeRegistry([await record(vault, holder)])
        ours = desk(vault, registry)

        await read_changes(registry, ours, at=AT)
        at_once = await read_changes(registry, ours, at=AT + timedelta(seconds=59))
        registry.records.append(await record(vault, holder, "LX-2"))
        later = await read_changes(registry, ours, at=AT + timedelta(seconds=60))

        assert (at_once, later, registry.asked) == (0, 1, 2)

    async def test_of_many_workers_one_reads(self, vault: Vault) -> None:
        registry = FakeRegistry([await record(vault, await make.person(vault))])
        ours = desk(vault, registry)

        taken = await asyncio.gather(*(read_changes(registry, ours, at=AT) for _ in range(6)))

        assert (sorted(taken), registry.asked) == ([0, 0, 0, 0, 0, 1], 1)

    async def test_long_lists_are_read_to_their_end(self, vault: Vault) -> None:
        holder = await make.person(vault)
        first = await record(vault, holder)
        registry = FakeRegistry([first] * 450)

        assert await read_changes(registry, desk(vault, registry), at=AT) == 450
        assert (await RegistryState.get(name="linxi")).cursor == "450"

    async def test_what_belongs_to_nobody_here_is_passed_over(self, vault: Vault) -> None:
        known = await record(vault, await make.person(vault))
        stranger = changed(known, holder=HolderKey(PartyKind.PERSON, "110101199003070038"))
        other_kind = changed(known, type_code="11330000MB0LX0002U999")
        registry = FakeRegistry([stranger, other_kind])

        await read_changes(registry, desk(vault, registry), at=AT)

        assert not await Licence.all().exists()

    async def test_one_that_is_refused_goes_before_a_person_and_holds_up_no_other(
        self, vault: Vault
    ) -> None:
        first = await record(vault, await make.person(vault))
        other = await make.person(vault)
        moved = await record(vault, other)
        good = await record(vault, other, "LX-2")
        registry = FakeRegistry([first, moved, good])

        await read_changes(registry, desk(vault, registry), at=AT)

        task = await HumanTask.get(kind="licences.record_refused")
        assert task.details == {
            "identifier": moved.identifier,
            "code": "licences.holder_differs",
        }
        assert await Licence.filter(holder_id=other.id).count() == 1


class TestSilence:
    async def test_what_was_last_known_is_shown_with_its_mark(self, vault: Vault) -> None:
        caller = await make.caller(vault)
        holder = await Person.get(id=caller.required_person())
        registry = FakeRegistry([await record(vault, holder)])
        registry.as_of = AT
        ours = desk(vault, registry)
        await read_changes(registry, ours, at=AT)
        registry.silent = True

        fresh = await list_licences(caller, vault=vault, at=AT + timedelta(hours=24))
        later = AT + timedelta(hours=25)
        await read_changes(registry, ours, at=later)
        stale = await list_licences(caller, vault=vault, at=later)

        assert [(card.stale, card.as_of) for card in fresh + stale] == [(False, AT), (True, AT)]
        assert stale[0].status is LicenceStatus.VALID

    async def test_what_a_list_does_not_name_is_as_fresh_as_the_list(self, vault: Vault) -> None:
        caller = await make.caller(vault)
        holder = await Person.get(id=caller.required_person())
        registry = FakeRegistry([await record(vault, holder)])
        registry.as_of = AT
        ours = desk(vault, registry)
        await read_changes(registry, ours, at=AT)

        registry.as_of = AT + timedelta(days=30)
        await read_changes(registry, ours, at=registry.as_of)
        (card,) = await list_licences(caller, vault=vault, at=registry.as_of)

        assert (card.as_of, card.stale) == (registry.as_of, False)

    async def test_a_registry_whose_clock_is_fast_makes_nothing_fresher(self, vault: Vault) -> None:
        caller = await make.caller(vault)
        holder = await Person.get(id=caller.required_person())
        registry = FakeRegistry([await record(vault, holder)])
        registry.as_of = AT + timedelta(days=365)

        await read_changes(registry, desk(vault, registry), at=AT)
        (card,) = await list_licences(caller, vault=vault, at=AT)

        assert card.as_of == AT

    async def test_it_is_asked_ever_more_seldom_and_a_person_is_told_once(
        self, vault: Vault
    ) -> None:
        registry = FakeRegistry()
        registry.silent = True
        ours, asked = desk(vault, registry), list[int]()
        for minute in range(0, 600):
            await read_changes(registry, ours, at=AT + timedelta(minutes=minute))
            asked.append(registry.asked)

        assert asked[-1] < 12
        state = await RegistryState.get(name="linxi")
        assert state.failing_since == AT
        for _ in range(2):
            await report_silence("linxi", AT.isoformat(), department="330199-data")
        assert await HumanTask.filter(kind="licences.registry_silent").count() == 1
        assert timedelta(hours=1) == SILENT_AFTER
