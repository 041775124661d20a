"""What is told because something happened elsewhere. 订阅的反应"""

import pytest

from app.subscriptions import tell_of_acting, tell_of_counter, tell_of_representative
from core.models import HumanTask
from core.sealing import Vault
from identity.invitations import accept_invitation
from identity.kinds import DocumentKind
from identity.models import CounterCase, Operator
from identity.tokens import TokenIssuer
from notifications.messages import list_messages
from tests.given import AT
from tests.identity.acting_people import LATER, People

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def people(vault: Vault, issuer: TokenIssuer) -> People:
    return People(vault, issuer)


@pytest.mark.parametrize("what", ["granted", "changed", "revoked"])
async def test_both_sides_of_a_grant_are_told_once(what: str, people: People) -> None:
    elder, chen = await people.resident("王桂兰"), await people.resident("陈丽")
    sent = await people.ask_elder(chen)
    grant = await accept_invitation(
        sent.token, caller=elder, register=people.register, vault=people.vault, at=AT
    )

    for _ in range(2):
        await tell_of_acting(str(grant.id), what, "0190c2a9")

    for person, kind in ((elder, f"acting_{what}"), (chen, f"acting_{what}_agent")):
        [told] = await list_messages(person.required_person())
        assert told.kind == kind
        assert "查看、缴费" in told.text


async def test_an_enterprise_and_a_person_at_a_desk_are_told_of_another_representative(
    people: People,
) -> None:
    ma = await people.resident("马国平")
    firm = await people.enterprise(ma)

    for _ in range(2):
        await tell_of_representative(
            str(firm.id), str(ma.person_id), 2, 1, department="330199-data"
        )

    [told] = await list_messages(firm.id)
    assert told.kind == "representative_changed"
    [task] = await HumanTask.all()
    assert (task.kind, task.details) == (
        "identity.agents_questioned",
        {"questioned": 2, "withdrawn": 1},
    )


async def test_a_person_is_told_that_a_counter_acts_for_them(people: People) -> None:
    wang, he = await people.resident("王桂兰"), await people.resident("何军")
    operator = await Operator.create(
        person_id=he.required_person(),
        login_name="hejun",
        department="330199-civil-affairs",
        division="330199",
        roles=["window_officer"],
        password_hash="",
        totp_sealed=b"",
    )
    case = await CounterCase.create(
        operator_id=operator.id,
        person_id=wang.required_person(),
        department=operator.department,
        division=operator.division,
        document=DocumentKind.READER,
        evidence_id=operator.id,
        opened_at=AT,
        expires_at=LATER,
    )

    await tell_of_counter(str(case.id))

    [told] = await list_messages(wang.required_person())
    assert "2026年11月22日 10:00" in told.text
