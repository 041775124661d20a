import asyncio
from base64 import b64decode
from datetime import date, timedelta

import pytest

from core.models import HumanTask
from core.pictures import remade
from core.sealing import Vault
from identity.models import Person
from licences import freshness
from licences.identifiers import Identifier
from licences.kinds import LicenceStatus
from licences.models import HolderFetch, Licence
from licences.portraits import inline_portrait
from licences.reading import read_changes
from licences.refreshing import (
    HOLDER_EVERY,
    ask_for_licence,
    fetch_due,
    fetch_own,
    watch_holder,
)
from licences.taking_over import LONGEST, MAX_PIXELS, portrait_owner
from licences.wallet import list_licences
from tests.conftest import AT
from tests.core.test_pictures import bomb
from tests.fakes.licences import PORTRAIT, FakeRegistry
from tests.licences import make
from tests.licences.registered import TYPE_CODE, changed, desk, record

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    freshness.forget_copy()


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
        kept = remade(PORTRAIT, longest=LONGEST, max_pixels=MAX_PIXELS).content
        assert (content, file.media_type, registry.asked) == (kept, "image/jpeg", 2)

    async def test_of_a_registrys_picture_only_the_pixels_leave(self, vault: Vault) -> None:
        """C10: no place of taking, no comment, nothing behind it reaches a verifier."""
        holder = await make.person(vault)
        registry = FakeRegistry()
        registry.records = [await record(vault, holder, portrait_sha256=registry.digest())]
        ours = desk(vault, registry)

        await read_changes(registry, ours, at=AT)

        licence = await Licence.get(holder_id=holder.id)
        told = await inline_portrait(licence, ours.files, at=AT)
        assert told is not None
        content = b64decode(told.removeprefix("data:image/jpeg;base64,"))
        given = [word for word in (b"Exif", b"at home", b"<script>") if word in PORTRAIT]
        assert len(given) == 3
        assert not [word for word in given if word in content]

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", id="SVG"),
            pytest.param(bomb(10_000), id="100 megapixels"),
        ],
    )
    async def test_what_is_no_photograph_is_not_kept_and_goes_before_a_person(
        self, vault: Vault, content: bytes
    ) -> None:
        """C10"""
        holder = await make.person(vault)
        registry = FakeRegistry()
        registry.portrait_bytes = content
        registry.records = [await record(vault, holder, portrait_sha256=registry.digest())]

        await read_changes(registry, desk(vault, registry), at=AT)

        licence = await Licence.get(holder_id=holder.id)
        assert licence.portrait_id is None
        assert await HumanTask.filter(kind="licences.record_refused").count() == 1

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
