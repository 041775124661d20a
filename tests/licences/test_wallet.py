import asyncio
from datetime import date

import pytest
from tortoise.exceptions import IntegrityError

from core.ids import new_id
from core.models import AuditEntry
from core.sealing import SealBroken, Vault
from identity.callers import ConfirmerRequired
from identity.kinds import Scope
from licences import history
from licences.licence_fields import UnknownField
from licences.models import Licence, LicenceStatus, Outcome
from licences.presentations import present_licence
from licences.registry import HolderDiffers, LicenceNotFound, change_status, record_licence
from licences.verifications import CodeAlreadyUsed, verify_presentation
from licences.wallet import UnmaskPurpose, get_licence, list_licences, unmask_licence
from tests.conftest import AT
from tests.licences import make
from tests.licences.make import SIGNER

pytestmark = pytest.mark.usefixtures("db")


async def test_a_wallet_holds_its_own_licences_masked(vault: Vault) -> None:
    caller = await make.caller(vault)
    await make.licence(vault, caller.required_party(), number="LX-LNZ-1951")
    await make.licence(vault, (await make.person(vault)).id)

    (card,) = await list_licences(caller, vault=vault, at=AT)

    assert (card.name, card.issuer, card.status) == (
        "老年人优待证",
        "临溪市民政局",
        LicenceStatus.VALID,
    )
    assert [(field.label, field.value, field.masked) for field in card.fields] == [
        ("姓名", "王*兰", True),
        ("证号", "L********51", True),
        ("优待类别", "公交免费", False),
        ("有效期至", "长期", False),
    ]


async def test_unmasking_shows_all_and_leaves_an_audit_row(vault: Vault) -> None:
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party(), number="LX-LNZ-1951")

    card = await unmask_licence(
        licence.id, purpose=UnmaskPurpose.FORM_FILLING, caller=caller, vault=vault, at=AT
    )

    assert [field.value for field in card.fields] == ["王桂兰", "LX-LNZ-1951", "公交免费", "长期"]
    row = await AuditEntry.get(action="licences.unmask")
    assert (row.actor, row.subject) == (caller.actor(), f"licence:{licence.id}")
    assert row.details == {"purpose": "form_filling"}


async def test_an_agent_who_only_prepares_sees_the_licence_masked(vault: Vault) -> None:
    agent = await make.caller(vault, scope=Scope.PREPARER)
    licence = await make.licence(vault, agent.required_party())

    (card,) = await list_licences(agent, vault=vault, at=AT)
    with pytest.raises(ConfirmerRequired):
        await unmask_licence(
            licence.id, purpose=UnmaskPurpose.FORM_FILLING, caller=agent, vault=vault, at=AT
        )

    assert card.id == licence.id
    assert not await AuditEntry.filter(action="licences.unmask").exists()


async def test_someone_elses_licence_is_not_found_in_any_way(vault: Vault) -> None:
    stranger = await make.caller(vault)
    licence = await make.licence(vault, (await make.person(vault)).id)

    for call in (
        get_licence(licence.id, caller=stranger, vault=vault, at=AT),
        unmask_licence(
            licence.id, purpose=UnmaskPurpose.OWN_CHECK, caller=stranger, vault=vault, at=AT
        ),
        history.list_verifications(licence.id, caller=stranger),
    ):
        with pytest.raises(LicenceNotFound):
            await call
    assert not await AuditEntry.filter(action="licences.unmask").exists()


async def test_a_row_that_was_tampered_with_is_marked_and_the_page_lives(vault: Vault) -> None:
    """G10: a ciphertext moved to another row does not open, and hides nothing else."""
    caller = await make.caller(vault)
    good = await make.licence(vault, caller.required_party())
    bad = await make.licence(vault, caller.required_party())
    await Licence.filter(id=bad.id).update(values_sealed=good.values_sealed)

    cards = await list_licences(caller, vault=vault, at=AT)

    assert {card.id: card.readable for card in cards} == {good.id: True, bad.id: False}
    with pytest.raises(SealBroken):
        await get_licence(bad.id, caller=caller, vault=vault, at=AT)


async def test_neither_number_nor_name_stands_in_the_row(vault: Vault) -> None:
    """G10."""
    caller = await make.caller(vault)
    await make.licence(vault, caller.required_party())

    (row,) = await Licence.all().values()

    stored = b"".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for value in row.values()
    )
    assert "王桂兰".encode() not in stored
    assert make.SENSITIVE_NUMBER.encode() not in stored


async def test_a_licence_recorded_many_times_at_once_is_kept_once(vault: Vault) -> None:
    holder = await make.person(vault)
    await make.elder_card_type()
    entry = make.entry(holder.id, number="LX-1")

    rows = await asyncio.gather(
        *(record_licence(entry, actor="system:test", vault=vault) for _ in range(5))
    )

    assert len({row.id for row in rows}) == 1
    assert await Licence.all().count() == 1


async def test_the_newer_word_of_a_registry_holds_and_the_older_changes_nothing(
    vault: Vault,
) -> None:
    caller = await make.caller(vault)
    holder = caller.required_party()
    newer = {"name": "王桂兰", "benefit_class": "公交半价"}
    older = {"name": "王桂兰", "benefit_class": "旧"}
    await make.licence(vault, holder, number="LX-1")
    await make.licence(vault, holder, number="LX-1", values=newer, registry_date=date(2026, 11, 20))
    await make.licence(vault, holder, number="LX-1", values=older, registry_date=date(2025, 1, 1))

    (card,) = await list_licences(caller, vault=vault, at=AT)

    assert card.fields[2].value == "公交半价"
    assert card.registry_date == date(2026, 11, 20)


async def test_a_status_that_was_overtaken_on_the_way_changes_nothing(vault: Vault) -> None:
    licence = await make.licence(vault, (await make.person(vault)).id)
    revoked, restored = LicenceStatus.REVOKED, LicenceStatus.VALID

    await change_status(licence.id, revoked, registry_date=date(2026, 11, 22), actor="system:x")
    late = await change_status(
        licence.id, restored, registry_date=date(2026, 11, 21), actor="system:x"
    )

    assert (late.status, late.registry_date) == (revoked, date(2026, 11, 22))
    assert await AuditEntry.filter(action="licences.change_status").count() == 1
    again = await change_status(
        licence.id, restored, registry_date=date(2026, 11, 22), actor="system:x"
    )
    assert again.status is restored


async def test_a_newer_word_about_the_fields_hides_no_status(vault: Vault) -> None:
    """It says nothing of the status: a licence that was revoked the day before is revoked."""
    holder = (await make.person(vault)).id
    licence = await make.licence(vault, holder, number="LX-1")
    await make.licence(vault, holder, number="LX-1", registry_date=date(2026, 11, 22))

    told = await change_status(
        licence.id, LicenceStatus.REVOKED, registry_date=date(2026, 11, 21), actor="system:x"
    )

    assert (told.status, told.registry_date) == (LicenceStatus.REVOKED, date(2026, 11, 22))


async def test_a_number_is_one_holders(vault: Vault) -> None:
    await make.licence(vault, (await make.person(vault)).id, number="LX-1")

    with pytest.raises(HolderDiffers):
        await make.licence(vault, (await make.person(vault)).id, number="LX-1")


async def test_a_field_that_the_type_has_not_is_refused(vault: Vault) -> None:
    with pytest.raises(UnknownField):
        await make.licence(vault, (await make.person(vault)).id, values={"salary": "1"})


async def test_the_database_itself_refuses_an_end_before_the_beginning(vault: Vault) -> None:
    with pytest.raises(IntegrityError):
        await make.licence(vault, (await make.person(vault)).id, valid_until=date(2016, 3, 7))


async def test_the_status_of_an_unknown_licence_is_not_changed(vault: Vault) -> None:
    with pytest.raises(LicenceNotFound):
        await change_status(
            new_id(), LicenceStatus.REVOKED, registry_date=date(2026, 11, 22), actor="system:x"
        )


async def test_the_holder_reads_who_checked_what_newest_first(vault: Vault) -> None:
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())
    shown = await present_licence(
        licence.id, consented=["name", "number"], caller=caller, signer=SIGNER, at=AT
    )
    for request_id in ("1", "2"):
        try:
            await verify_presentation(
                shown.code,
                request_id=request_id,
                verifier=make.verifier(),
                signer=SIGNER,
                vault=vault,
                at=AT,
            )
        except CodeAlreadyUsed:
            continue

    newest, first = await history.list_verifications(licence.id, caller=caller)

    assert (first.outcome, first.fields, first.purpose) == (
        Outcome.VALID,
        ["姓名"],
        "乘车优待核验",
    )
    assert (newest.outcome, newest.fields) == (Outcome.ALREADY_USED, [])
    assert await history.list_verifications(licence.id, caller=caller, before=newest.id) == [first]


async def test_a_licence_before_its_first_day_is_not_yet_valid(vault: Vault) -> None:
    licence = await make.licence(vault, (await make.person(vault)).id)

    assert licence.status_on(date(2016, 3, 7)) is LicenceStatus.NOT_YET_VALID
    assert licence.status_on(date(2016, 3, 8)) is LicenceStatus.VALID
