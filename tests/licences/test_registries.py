import asyncio
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from obstore.store import MemoryStore

from core.files import FileStorage
from core.models import HumanTask
from core.sealing import Vault
from identity import persons
from identity.kinds import PartyKind
from identity.models import Person
from licences import freshness
from licences.identifiers import Identifier
from licences.kinds import LicenceStatus
from licences.licence_fields import FieldDefinition
from licences.licence_types import define_licence_type
from licences.models import HolderFetch, Licence, LicenceType, RegistryState
from licences.reading import SILENT_AFTER, read_changes, report_silence
from licences.refreshing import (
    HOLDER_EVERY,
    Desk,
    ask_for_licence,
    fetch_due,
    fetch_own,
    watch_holder,
)
from licences.registries import HolderKey, Registries, RegistryRecord
from licences.taking_over import portrait_owner
from licences.wallet import list_licences
from tests.conftest import AT
from tests.fakes.licences import PORTRAIT, FakeRegistry
from tests.licences import make

pytestmark = pytest.mark.usefixtures("db")

TYPE_CODE = "11330000MB0LX0002U007"


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    freshness.forget_copy()


async def elder_card() -> LicenceType:
    fields = [FieldDefinition("name", "姓名"), FieldDefinition("number", "证号")]
    return await define_licence_type(
        "elder-card",
        name="老年人优待证",
        department="330199-civil-affairs",
        fields=fields,
        type_code=TYPE_CODE,
        fresh_hours=24,
    )


async def record(vault: Vault, holder: Person, number: str = "LX-1", **changes: Any) -> Any:
    """A licence of the holder as a registry tells it."""
    await elder_card()
    serial = f"{sum(map(ord, number)):020d}"
    defaults: dict[str, Any] = {
        "identifier": str(Identifier(TYPE_CODE, "11330199MB0LX0002X", serial, 1)),
        "type_code": TYPE_CODE,
        "number": number,
        "holder": HolderKey(PartyKind.PERSON, await persons.id_number(holder.id, vault=vault)),
        "values": {"name": "王桂兰", "unheard_of": "x"},
        "issuer": "临溪市民政局",
        "division": "330199",
        "valid_from": date(2020, 1, 1),
        "valid_until": None,
        "status": LicenceStatus.VALID,
        "status_on": date(2020, 1, 1),
        "registered_on": date(2020, 1, 1),
    }
    return RegistryRecord(**defaults | changes)


def changed(row: RegistryRecord, **fields: Any) -> RegistryRecord:
    return msgspec.structs.replace(row, **fields)


def desk(vault: Vault, *registries: FakeRegistry) -> Desk:
    files = FileStorage(MemoryStore(), vault)
    return Desk(registries=Registries(registries), files=files, vault=vault)


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


class TestFetching:
    async def test_a_holder_asks_for_all_it_has_here_and_next_door(self, vault: Vault) -> None:
        caller = await make.caller(vault)
        holder = await Person.get(id=caller.required_person())
        here = FakeRegistry([await record(vault, holder)])
        there = FakeRegistry(
            [await record(vault, holder, "LJ-1", issuer="临江市民政局", division="330198")],
            name="linjiang",
            region="330198",
        )

        told = await fetch_own(caller, desk(vault, here, there), at=AT)
        cards = await list_licences(caller, vault=vault, at=AT)

        assert [(one.registry, one.answered, one.licences) for one in told] == [
            ("linxi", True, 1),
            ("linjiang", True, 1),
        ]
        assert {(card.issuer, card.region_name) for card in cards} == {
            ("临溪市民政局", ""),
            ("临江市民政局", "临江市"),
        }

    async def test_one_registry_that_is_silent_hides_nothing_of_the_other(
        self, vault: Vault
    ) -> None:
        caller = await make.caller(vault)
        holder = await Person.get(id=caller.required_person())
        here, there = FakeRegistry([await record(vault, holder)]), FakeRegistry(name="linjiang")
        there.silent = True
        ours = desk(vault, here, there)

        told = await fetch_own(caller, ours, at=AT)
        there.silent = False
        again = await fetch_due(ours, at=AT + timedelta(minutes=1))

        assert [one.answered for one in told] == [True, False]
        assert again == 1

    async def test_whoever_is_watched_is_fetched_each_day(self, vault: Vault) -> None:
        holder = await make.person(vault)
        registry = FakeRegistry([await record(vault, holder)])
        ours = desk(vault, registry)
        for _ in range(2):
            await watch_holder(holder.id, ours.registries, at=AT)

        moments = (AT, AT + timedelta(hours=23), AT + HOLDER_EVERY)
        fetched = [await fetch_due(ours, at=at) for at in moments]

        assert fetched == [1, 0, 1]
        assert await HolderFetch.all().count() == 1

    async def test_many_workers_ask_once(self, vault: Vault) -> None:
        holder = await make.person(vault)
        registry = FakeRegistry([await record(vault, holder)])
        ours = desk(vault, registry)
        await watch_holder(holder.id, ours.registries, at=AT)

        fetched = await asyncio.gather(*(fetch_due(ours, at=AT) for _ in range(6)))

        assert (sum(fetched), registry.asked) == (1, 1)

    async def test_one_licence_is_asked_for_by_its_number(self, vault: Vault) -> None:
        holder = await make.person(vault)
        first = await record(vault, holder)
        registry = FakeRegistry([first])
        registry.as_of = AT
        ours = desk(vault, registry)
        await read_changes(registry, ours, at=AT)
        registry.records.append(
            changed(first, status=LicenceStatus.REVOKED, status_on=date(2026, 11, 22))
        )
        licence = await Licence.get(holder_id=holder.id).select_related("licence_type")

        answered = await ask_for_licence(licence, ours, at=AT)
        registry.silent = True
        unanswered = await ask_for_licence(licence, ours, at=AT)

        await licence.refresh_from_db()
        assert (answered, unanswered, licence.status) == (True, False, LicenceStatus.REVOKED)


class TestTakingOver:
    async def test_a_picture_is_kept_sealed_and_fetched_once(self, vault: Vault) -> None:
        holder = await make.person(vault)
        registry = FakeRegistry()
        registry.records = [
            await record(vault, holder, portrait_sha256=registry.digest()) for _ in range(2)
        ]
        ours = desk(vault, registry)

        await read_changes(registry, ours, at=AT)

        licence = await Licence.get(holder_id=holder.id)
        assert licence.portrait_id is not None
        file = await ours.files.get(
            licence.portrait_id, owner=portrait_owner(licence.id), at=AT + timedelta(days=9999)
        )
        content = b"".join([piece async for piece in ours.files.read(file)])
        assert (content, file.media_type, registry.asked) == (PORTRAIT, "image/jpeg", 2)

    async def test_another_picture_than_was_told_of_is_not_kept(self, vault: Vault) -> None:
        holder = await make.person(vault)
        registry = FakeRegistry([await record(vault, holder, portrait_sha256="0" * 64)])

        await read_changes(registry, desk(vault, registry), at=AT)

        assert (await Licence.get(holder_id=holder.id)).portrait_id is None
        task = await HumanTask.get(kind="licences.record_refused")
        assert task.details["code"] == "licences.portrait_differs"

    async def test_what_another_registry_says_of_a_licence_changes_nothing(
        self, vault: Vault
    ) -> None:
        holder = await make.person(vault)
        first = await record(vault, holder)
        revoked = changed(first, status=LicenceStatus.REVOKED, status_on=date(2026, 11, 22))
        own, other = FakeRegistry([first]), FakeRegistry([revoked], name="linjiang")
        ours = desk(vault, own, other)

        for registry in (own, other):
            await read_changes(registry, ours, at=AT)

        licence = await Licence.get(holder_id=holder.id)
        assert (licence.registry, licence.status) == ("linxi", LicenceStatus.VALID)

    async def test_a_renewed_licence_has_its_new_end_and_its_new_version(
        self, vault: Vault
    ) -> None:
        holder = await make.person(vault)
        first = await record(vault, holder, valid_until=date(2026, 12, 1))
        parts = Identifier(TYPE_CODE, "11330199MB0LX0002X", first.identifier.split(".")[-3], 2)
        renewed = changed(
            first,
            identifier=str(parts),
            valid_until=date(2036, 12, 1),
            registered_on=date(2026, 11, 22),
        )
        registry = FakeRegistry([first])
        ours = desk(vault, registry)
        await read_changes(registry, ours, at=AT)
        registry.records.append(renewed)

        await read_changes(registry, ours, at=AT + timedelta(minutes=1))

        licence = await Licence.get(holder_id=holder.id)
        assert (licence.valid_until, licence.identifier) == (date(2036, 12, 1), str(parts))

    async def test_an_identifier_belongs_to_one_licence(self, vault: Vault) -> None:
        holder = await make.person(vault)
        first = await record(vault, holder)
        twin = changed(await record(vault, holder, "LX-2"), identifier=first.identifier)
        registry = FakeRegistry([first, twin])

        await read_changes(registry, desk(vault, registry), at=AT)

        assert await Licence.all().count() == 1
        task = await HumanTask.get(kind="licences.record_refused")
        assert task.details["code"] == "licences.identifier_taken"
