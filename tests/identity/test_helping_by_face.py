"""An elder without a phone agrees by their face. 刷脸授权"""

import asyncio
from datetime import timedelta

import pytest

from core.clock import date_in_china
from core.sealing import Vault
from identity.callers import Caller
from identity.faces import (
    FaceCheckNotFound,
    FaceCheckOver,
    FaceNotPassed,
    StartedFaceCheck,
    begin_face_check,
)
from identity.helping_by_face import (
    Wish,
    begin_consent,
    begin_ending,
    complete_consent,
    complete_ending,
)
from identity.kinds import ConsentWay, Right
from identity.models import ActingGrant, FaceCheck
from identity.providers import FaceVerifiers
from identity.real_names import RealNameMismatch
from identity.recognising import Named
from identity.tokens import TokenIssuer
from tests.fakes.identity import NO_CACHE, FakeFaces, FakePopulationRegister
from tests.given import AT
from tests.identity.acting_people import LATER, UNTIL, People, number

pytestmark = pytest.mark.usefixtures("db")

WANG = number()
REGISTER = FakePopulationRegister({WANG: ("王桂兰", True)})
WISH = Wish(rights=frozenset({Right.PAY}), until_on=UNTIL)


@pytest.fixture
async def chen(vault: Vault, issuer: TokenIssuer) -> Caller:
    return await People(vault, issuer).resident("陈丽")


@pytest.fixture
def faces() -> FakeFaces:
    return FakeFaces()


async def begin(
    chen: Caller, faces: FakeFaces, vault: Vault, name: str = "王桂兰"
) -> StartedFaceCheck:
    return await begin_consent(
        chen,
        Named(name=name, id_number=WANG),
        WISH,
        verifiers=FaceVerifiers([faces]),
        register=REGISTER,
        vault=vault,
        at=AT,
    )


async def complete(
    begun: StartedFaceCheck, chen: Caller, faces: FakeFaces, vault: Vault
) -> ActingGrant:
    return await complete_consent(
        begun.id,
        caller=chen,
        verifiers=FaceVerifiers([faces]),
        vault=vault,
        states=NO_CACHE,
        at=LATER,
    )


async def test_the_elders_face_agrees_to_just_what_was_said_when_it_began(
    chen: Caller, faces: FakeFaces, vault: Vault
) -> None:
    begun = await begin(chen, faces, vault)
    faces.shown[begun.handle] = WANG

    first, second = [await complete(begun, chen, faces, vault) for _ in range(2)]

    assert first.id == second.id
    assert (first.consent, first.rights, first.until_on) == (ConsentWay.FACE, ["pay"], UNTIL)
    assert (first.agent_id, first.evidence) == (chen.person_id, f"face_check:{begun.id}")


async def test_completed_twice_at_once_it_is_one_grant(
    chen: Caller, faces: FakeFaces, vault: Vault
) -> None:
    begun = await begin(chen, faces, vault)
    faces.shown[begun.handle] = WANG

    grants = await asyncio.gather(*(complete(begun, chen, faces, vault) for _ in range(3)))

    assert len({grant.id for grant in grants}) == 1


async def test_what_was_agreed_to_for_a_day_is_over_on_the_next(
    chen: Caller, faces: FakeFaces, vault: Vault
) -> None:
    begun = await begin(chen, faces, vault)
    faces.shown[begun.handle] = WANG
    check = await FaceCheck.get(id=begun.id)
    yesterday = date_in_china(AT) - timedelta(days=1)
    check.purpose = check.purpose.replace(str(UNTIL), str(yesterday))
    await check.save(update_fields=["purpose"])

    with pytest.raises(FaceCheckOver):
        await complete(begun, chen, faces, vault)


async def test_what_the_phone_says_counts_for_nothing(
    chen: Caller, faces: FakeFaces, vault: Vault
) -> None:
    begun = await begin(chen, faces, vault)

    with pytest.raises(FaceNotPassed):
        await complete(begun, chen, faces, vault)

    assert await ActingGrant.all().count() == 0


async def test_a_face_shown_for_something_else_agrees_to_nothing(
    chen: Caller, faces: FakeFaces, vault: Vault
) -> None:
    verifiers = FaceVerifiers([faces])
    begun = await begin_face_check(chen, verifiers=verifiers, vault=vault, at=AT)
    faces.shown[begun.handle] = faces.begun[begun.handle].id_number

    with pytest.raises(FaceCheckNotFound):
        await complete(begun, chen, faces, vault)


async def test_nobody_learns_who_somebody_is_by_asking(
    chen: Caller, faces: FakeFaces, vault: Vault
) -> None:
    with pytest.raises(RealNameMismatch):
        await begin(chen, faces, vault, name="王桂英")


async def test_the_face_on_anybodys_phone_takes_every_consent_back_once(
    chen: Caller, faces: FakeFaces, vault: Vault, issuer: TokenIssuer
) -> None:
    begun = await begin(chen, faces, vault)
    faces.shown[begun.handle] = WANG
    grant = await complete(begun, chen, faces, vault)
    neighbour = await People(vault, issuer).resident("李四", born="19700101")
    verifiers, elder = FaceVerifiers([faces]), Named(name="王桂兰", id_number=WANG)
    ending = await begin_ending(
        neighbour, elder, verifiers=verifiers, register=REGISTER, vault=vault, at=AT
    )
    faces.shown[ending.handle] = WANG

    ended = [
        await complete_ending(
            ending.id,
            caller=neighbour,
            verifiers=verifiers,
            vault=vault,
            states=NO_CACHE,
            at=LATER,
        )
        for _ in range(2)
    ]

    assert ended == [1, 0]
    assert (await ActingGrant.get(id=grant.id)).revoked_at == LATER
