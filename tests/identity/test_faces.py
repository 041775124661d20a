import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from core.models import AuditEntry
from core.sealing import Vault
from identity.callers import Caller, RealNameRequired
from identity.faces import (
    FaceCheckNotFound,
    FaceCheckOver,
    FaceNotPassed,
    StartedFaceCheck,
    begin_face_check,
    forget_old_face_checks,
    settle_face_check,
    spend_face_check,
)
from identity.kinds import Level
from identity.levels import FACE_IS_FRESH, FACE_LASTS
from identity.models import Account, FaceCheck
from identity.persons import register_person
from identity.providers import FaceNotOffered, FaceVerifiers
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import NO_CACHE, FakeFaces, FakeProvider, caller_of, real_name_account

pytestmark = pytest.mark.usefixtures("db")

WANG, CHEN = "330100195103089023", "330100197609219066"


@pytest.fixture
def faces() -> FakeFaces:
    return FakeFaces()


@pytest.fixture
async def wang(vault: Vault, issuer: TokenIssuer) -> Caller:
    await real_name_account(name="王桂兰", id_number=WANG, vault=vault, subject="openid-wang")
    return await caller_now(issuer)


async def caller_now(issuer: TokenIssuer, *, at: datetime = AT, n: int = 0) -> Caller:
    code = f"openid-wang#{n}"
    signed_in = await log_in(code, provider=FakeProvider(), issuer=issuer, at=at)
    return await caller_of(signed_in, at=at)


async def begin(
    caller: Caller, faces: FakeFaces, vault: Vault, **of: UUID | str
) -> StartedFaceCheck:
    person_id, purpose = of.get("person_id"), str(of.get("purpose", "level"))
    assert person_id is None or isinstance(person_id, UUID)
    return await begin_face_check(
        caller,
        verifiers=FaceVerifiers([faces]),
        vault=vault,
        at=AT,
        person_id=person_id,
        purpose=purpose,
    )


async def settle(
    check_id: UUID, caller: Caller, faces: FakeFaces, vault: Vault, *, at: datetime = AT
) -> FaceCheck:
    return await settle_face_check(
        check_id,
        caller=caller,
        verifiers=FaceVerifiers([faces]),
        vault=vault,
        states=NO_CACHE,
        at=at,
    )


async def test_a_face_that_the_platform_saw_raises_the_level_for_ninety_days(
    wang: Caller, faces: FakeFaces, vault: Vault, issuer: TokenIssuer
) -> None:
    started = await begin(wang, faces, vault)
    faces.shown[started.handle] = WANG

    await settle(started.id, wang, faces, vault, at=AT + timedelta(minutes=5))

    account = await Account.get(id=wang.account_id)
    assert (account.level, account.face_at) == (Level.FACE, AT)
    almost = AT + FACE_LASTS - timedelta(seconds=1)
    assert (await caller_now(issuer, at=almost, n=1)).level == Level.FACE
    late = await caller_now(issuer, at=AT + FACE_LASTS, n=2)
    assert late.level == Level.REAL_NAME
    with pytest.raises(RealNameRequired) as refused:
        late.require_level(Level.FACE)
    assert refused.value.details() == {"needed": 3, "step": "face"}


async def test_the_word_of_the_client_counts_for_nothing(
    wang: Caller, faces: FakeFaces, vault: Vault
) -> None:
    started = await begin(wang, faces, vault)

    for shown in ({}, {started.handle: CHEN}):
        faces.shown = dict(shown)
        with pytest.raises(FaceNotPassed):
            await settle(started.id, wang, faces, vault)

    assert (await Account.get(id=wang.account_id)).level == Level.REAL_NAME
    assert (await FaceCheck.get()).reason == "90002"
    faces.shown[started.handle] = WANG
    assert (await settle(started.id, wang, faces, vault)).passed_at == AT


async def test_asked_by_many_at_once_it_passes_once(
    wang: Caller, faces: FakeFaces, vault: Vault
) -> None:
    started = await begin(wang, faces, vault)
    faces.shown[started.handle] = WANG

    await asyncio.gather(*(settle(started.id, wang, faces, vault) for _ in range(5)))
    asked = faces.asked
    await settle(started.id, wang, faces, vault)

    assert faces.asked == asked
    assert await AuditEntry.filter(action="account.face").count() == 1


async def test_it_is_over_after_its_hour_and_nobody_elses(
    wang: Caller, faces: FakeFaces, vault: Vault, issuer: TokenIssuer
) -> None:
    started = await begin(wang, faces, vault)
    faces.shown[started.handle] = WANG
    signed_in = await log_in("openid-chen", provider=FakeProvider(), issuer=issuer, at=AT)

    with pytest.raises(FaceCheckNotFound):
        await settle(started.id, await caller_of(signed_in, at=AT), faces, vault)
    with pytest.raises(FaceCheckOver):
        await settle(started.id, wang, faces, vault, at=AT + timedelta(hours=2))


async def test_who_has_no_real_name_or_no_camera_is_told_so(
    wang: Caller, faces: FakeFaces, vault: Vault, issuer: TokenIssuer
) -> None:
    nobody = await log_in("openid-nobody", provider=FakeProvider(), issuer=issuer, at=AT)

    with pytest.raises(RealNameRequired) as refused:
        await begin(await caller_of(nobody, at=AT), faces, vault)
    assert refused.value.details() == {"needed": 2, "step": "real_name"}
    with pytest.raises(FaceNotOffered):
        await begin(wang, FakeFaces("wx-2"), vault)


async def test_an_elders_face_on_a_helpers_phone_is_spent_once_for_what_it_was_begun(
    wang: Caller, faces: FakeFaces, vault: Vault
) -> None:
    elder = await register_person(name="陈丽", id_number=CHEN, vault=vault)
    started = await begin(wang, faces, vault, person_id=elder.id, purpose="helper:1")
    faces.shown[started.handle] = CHEN
    spending = {"account_id": wang.account_id, "person_id": elder.id, "purpose": "helper:1"}
    with pytest.raises(FaceCheckNotFound):
        await spend_face_check(started.id, **spending, at=AT)
    await settle(started.id, wang, faces, vault)

    answers = await asyncio.gather(
        *(spend_face_check(started.id, **spending, at=AT) for _ in range(3)),
        return_exceptions=True,
    )

    assert sum(answer is None for answer in answers) == 1
    assert (await Account.get(id=wang.account_id)).level == Level.REAL_NAME


@pytest.mark.parametrize("wrong", ["purpose", "late"])
async def test_a_pass_is_for_nothing_else_and_not_for_later(
    wrong: str, wang: Caller, faces: FakeFaces, vault: Vault
) -> None:
    started = await begin(wang, faces, vault, purpose="helper:1")
    faces.shown[started.handle] = WANG
    await settle(started.id, wang, faces, vault)
    assert wang.person_id is not None

    with pytest.raises(FaceCheckNotFound):
        await spend_face_check(
            started.id,
            account_id=wang.account_id,
            person_id=wang.person_id,
            purpose="helper:2" if wrong == "purpose" else "helper:1",
            at=AT + FACE_IS_FRESH if wrong == "late" else AT,
        )


async def test_a_face_raises_nobody_who_became_another_meanwhile(
    wang: Caller, faces: FakeFaces, vault: Vault
) -> None:
    started = await begin(wang, faces, vault)
    faces.shown[started.handle] = WANG
    chen = await register_person(name="陈丽", id_number=CHEN, vault=vault)
    await Account.filter(id=wang.account_id).update(person_id=chen.id)

    await settle(started.id, wang, faces, vault)

    assert (await Account.get(id=wang.account_id)).level == Level.REAL_NAME


async def test_a_fresh_face_is_asked_for_where_most_is_at_stake(
    wang: Caller, faces: FakeFaces, vault: Vault, issuer: TokenIssuer
) -> None:
    started = await begin(wang, faces, vault)
    faces.shown[started.handle] = WANG
    await settle(started.id, wang, faces, vault)
    fresh = await caller_now(issuer, n=1)

    fresh.require_fresh_face(within=FACE_IS_FRESH, at=AT + FACE_IS_FRESH)
    with pytest.raises(RealNameRequired) as refused:
        fresh.require_fresh_face(within=FACE_IS_FRESH, at=AT + FACE_IS_FRESH + timedelta(seconds=1))

    assert refused.value.details() == {"needed": 3, "step": "face"}


async def test_what_nobody_passed_is_forgotten_after_a_month(
    wang: Caller, faces: FakeFaces, vault: Vault
) -> None:
    await begin(wang, faces, vault)

    assert await forget_old_face_checks(at=AT + timedelta(days=29)) == 0
    assert await forget_old_face_checks(at=AT + timedelta(days=32)) == 1
