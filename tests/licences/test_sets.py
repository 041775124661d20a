"""Several licences with one code. 组合亮证"""

import asyncio
from base64 import b64encode
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from obstore.store import MemoryStore

from core.clock import CHINA
from core.files import FileStorage
from core.sealing import Vault
from identity.callers import Caller, VerifierCaller
from licences.checking import VerifiedLicence
from licences.history import list_verifications
from licences.licence_fields import UnknownField
from licences.models import LicenceStatus, LicenceType, Outcome, Presentation, Verification
from licences.presentations import (
    LicenceNotValid,
    PresentationState,
    PresentedCode,
    VerifierMustAsk,
    get_progress,
    present_licence,
    present_licences,
)
from licences.registry import LicenceNotFound, change_status
from licences.verifications import (
    CodeAlreadyUsed,
    CodeExpired,
    VerifierNotEntitled,
    read_again,
    verify_presentation,
)
from licences.wanted import LicenceTwice, Wanted
from tests.conftest import AT
from tests.licences import make
from tests.licences.make import SIGNER

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def wang(vault: Vault) -> Caller:
    return await make.caller(vault)


@pytest.fixture
async def pair(vault: Vault, wang: Caller) -> tuple[UUID, UUID]:
    """Wang's driving licence and her elder card."""
    driving = await make.driving_licence(vault, wang.required_party())
    elder = await make.licence(vault, wang.required_party())
    return driving.id, elder.id


async def show(wang: Caller, pair: tuple[UUID, ...], *fields: str) -> PresentedCode:
    wanted = [Wanted(licence_id, list(fields or ("name",))) for licence_id in pair]
    return await present_licences(wanted, caller=wang, signer=SIGNER, at=AT)


async def check(
    code: PresentedCode,
    vault: Vault,
    *,
    verifier: VerifierCaller | None = None,
    request_id: str = "request-1",
    files: FileStorage | None = None,
) -> VerifiedLicence:
    return await verify_presentation(
        code.code,
        request_id=request_id,
        verifier=verifier or make.police(),
        signer=SIGNER,
        vault=vault,
        files=files,
        at=AT + timedelta(seconds=1),
    )


async def test_one_scan_answers_for_each_licence_of_a_set(
    wang: Caller, pair: tuple[UUID, UUID], vault: Vault
) -> None:
    """C06: of each only what was agreed to for that one."""
    wanted = [Wanted(pair[0], ["vehicle_class", "number"]), Wanted(pair[1], ["name"])]
    code = await present_licences(wanted, caller=wang, signer=SIGNER, at=AT)

    answer = await check(code, vault)

    told = [(one.licence_type, [field.key for field in one.fields]) for one in answer.others]
    assert (answer.licence_type, [field.key for field in answer.fields]) == (
        "driving",
        ["vehicle_class"],
    )
    assert told == [("elder-card", ["name"])]
    assert answer.verification_no != answer.others[0].verification_no


async def test_a_set_is_used_up_by_one_scan(
    wang: Caller, pair: tuple[UUID, UUID], vault: Vault
) -> None:
    """C02, and the holder's screen counts the others, not the licences of the set."""
    code = await show(wang, pair)
    first, second = make.police(), make.police()

    answers = await asyncio.gather(
        *(check(code, vault, verifier=verifier) for verifier in (first, second)),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, VerifiedLicence) for answer in answers) == 1
    assert sum(isinstance(answer, CodeAlreadyUsed) for answer in answers) == 1
    progress = await get_progress(code.id, caller=wang, at=AT)
    assert (progress.state, progress.later_scans) == (PresentationState.VERIFIED, 1)


async def test_an_answer_for_a_set_is_read_again_whole(
    wang: Caller, pair: tuple[UUID, UUID], vault: Vault
) -> None:
    verifier = make.police()
    answer = await check(await show(wang, pair), vault, verifier=verifier)

    again = await read_again("request-1", verifier=verifier, vault=vault, at=AT)

    assert msgspec.json.encode(again) == msgspec.json.encode(answer)


async def test_each_licence_of_a_set_has_the_check_in_its_own_history(
    wang: Caller, pair: tuple[UUID, UUID], vault: Vault
) -> None:
    answer = await check(await show(wang, pair), vault)

    histories = [await list_verifications(one, caller=wang) for one in pair]

    numbers = [[check.verification_no for check in history] for history in histories]
    assert numbers == [[answer.verification_no], [answer.others[0].verification_no]]


async def test_a_licence_of_a_set_that_was_revoked_since_says_so_and_shows_nothing(
    wang: Caller, pair: tuple[UUID, UUID], vault: Vault
) -> None:
    """C04"""
    code = await show(wang, pair)
    await change_status(
        pair[1], LicenceStatus.REVOKED, registry_date=date(2026, 11, 22), actor="system:test"
    )

    answer = await check(code, vault)

    assert answer.outcome is Outcome.VALID
    assert (answer.others[0].outcome, answer.others[0].fields) == (Outcome.INVALID, [])


async def test_a_verifier_that_may_not_see_one_of_a_set_sees_none_and_spends_nothing(
    wang: Caller, pair: tuple[UUID, UUID], vault: Vault
) -> None:
    """C05"""
    code = await show(wang, pair)

    with pytest.raises(VerifierNotEntitled):
        await check(code, vault, verifier=make.police(licence_types=frozenset({"driving"})))

    assert not await Verification.exists()
    assert (await check(code, vault)).outcome is Outcome.VALID


async def test_showing_one_licence_of_a_set_anew_replaces_the_set(
    wang: Caller, pair: tuple[UUID, UUID], vault: Vault
) -> None:
    code = await show(wang, pair)
    later = AT + timedelta(seconds=10)
    await present_licence(pair[1], consented=["name"], caller=wang, signer=SIGNER, at=later)

    with pytest.raises(CodeExpired):
        await verify_presentation(
            code.code,
            request_id="late-one",
            verifier=make.police(),
            signer=SIGNER,
            vault=vault,
            at=later + timedelta(seconds=6),
        )


async def test_sets_in_any_order_shown_at_once_do_not_wait_for_each_other(
    wang: Caller, pair: tuple[UUID, UUID]
) -> None:
    """Licences are locked by id, whatever order they are named in; else a deadlock ends one."""
    orders = [pair, pair[::-1]] * 4

    codes = await asyncio.gather(*(show(wang, order) for order in orders))

    assert await Presentation.filter(replaced_at=None).count() == 1
    assert len({code.id for code in codes}) == 8


async def test_all_of_a_set_is_ones_own_and_valid_or_nothing_is_shown(
    wang: Caller, pair: tuple[UUID, UUID], vault: Vault
) -> None:
    others = await make.licence(vault, (await make.person(vault)).id)
    expired = await make.licence(
        vault, wang.required_party(), number="E-1", valid_until=date(2026, 1, 1)
    )

    with pytest.raises(LicenceNotFound):
        await show(wang, (pair[0], others.id))
    with pytest.raises(LicenceNotValid):
        await show(wang, (pair[0], expired.id))
    with pytest.raises(LicenceTwice):
        await show(wang, (pair[0], pair[0]))

    assert not await Presentation.exists()


async def test_a_licence_of_high_stakes_is_not_shown_before_a_verifier_asks(
    wang: Caller, pair: tuple[UUID, UUID]
) -> None:
    """C08"""
    await make.driving_type(high_stakes=True)

    with pytest.raises(VerifierMustAsk):
        await show(wang, pair)

    assert not await Presentation.exists()


async def test_a_portrait_leaves_with_consent_and_right_only(
    wang: Caller, pair: tuple[UUID, UUID], vault: Vault
) -> None:
    """C06"""
    files = FileStorage(MemoryStore(), vault)
    driving = await make.driving_licence(vault, wang.required_party(), number="P-1")
    await make.portrait(driving, files, b"a small picture")
    blind = make.police(fields=frozenset({"name"}))
    picture = "data:image/jpeg;base64," + b64encode(b"a small picture").decode()

    answers = [
        await check(await show(wang, (driving.id,), *fields), vault, verifier=who, files=files)
        for fields, who in (
            (("name", "portrait"), make.police()),
            (("name", "portrait"), blind),
            (("name",), make.police()),
        )
    ]

    assert [answer.portrait for answer in answers] == [picture, None, None]
    shown = await Verification.all().order_by("id").values_list("fields_shown", flat=True)
    assert shown == [["name", "portrait"], ["name"], ["name"]]


async def test_a_licence_without_a_portrait_has_no_such_field(
    wang: Caller, pair: tuple[UUID, UUID]
) -> None:
    with pytest.raises(UnknownField):
        await show(wang, pair, "portrait")


async def test_an_answer_says_as_of_when_the_registry_is_known_and_when_that_is_too_old(
    wang: Caller, pair: tuple[UUID, UUID], vault: Vault
) -> None:
    await LicenceType.filter(code="driving").update(fresh_hours=24)

    answer = await check(await show(wang, pair), vault)

    assert (answer.stale, answer.others[0].stale) == (True, False)
    assert answer.as_of == datetime(2026, 11, 1, tzinfo=CHINA)
