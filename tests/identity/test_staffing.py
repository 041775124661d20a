import asyncio
from datetime import timedelta
from uuid import UUID

import pyotp
import pytest

from core.clock import date_in_china
from core.ids import new_id
from core.models import AuditEntry
from core.sealing import Vault
from identity.callers import OperatorCaller
from identity.delegations import (
    DelegationNotFound,
    DelegationTooLong,
    RolesNotLendable,
    act_as_oneself,
    act_on_behalf,
    lend_roles,
    take_back,
)
from identity.kinds import Role
from identity.models import Operator
from identity.operator_enrolments import EnrolmentRefused, enrol
from identity.operator_sessions import (
    OperatorCodeRefused,
    OperatorSessionEnded,
    OperatorSignInFailed,
    authenticate_operator,
    sign_in_operator,
    step_up,
)
from identity.operators import (
    OperatorNotFound,
    change_roles,
    disable_operator,
    new_totp_secret,
    register_operator,
)
from identity.persons import register_person
from identity.staff_changes import (
    SamePersonTwice,
    StaffChangeOver,
    approve,
    turn_down,
)
from identity.staffing import Staffed, add_operator, disable, find_operator, give_roles, reset
from operator_api.staff_changes import KNOWN
from tests.conftest import AT

pytestmark = pytest.mark.usefixtures("db")

PASSWORD, SECRET = "临溪-编辑-8613-willow", new_totp_secret()
NUMBERS = {
    "shenlan": "330100195103089023",
    "xubo": "330100199001011071",
    "luming": "330100198505052032",
}
TODAY = date_in_china(AT)


async def person(name: str, vault: Vault) -> UUID:
    known = await register_person(name=name, id_number=NUMBERS[name], vault=vault)
    return known.id


async def serve(
    login: str, *roles: Role, vault: Vault, who: str = "", division: str = "330199"
) -> OperatorCaller:
    """An operator at work: signed in as of now, without the way there."""
    operator = await register_operator(
        person_id=await person(who or login, vault),
        login_name=login,
        password=PASSWORD,
        totp_secret=SECRET,
        roles=roles,
        department="330199-civil-affairs",
        division=division,
        vault=vault,
        actor="system:test",
    )
    return await caller(operator)


async def caller(operator: Operator) -> OperatorCaller:
    return OperatorCaller(
        operator_id=operator.id,
        session_id=new_id(),
        person_id=operator.person_id,
        roles=frozenset(operator.roles),
        department=operator.department,
        division=operator.division,
    )


async def add(admin: OperatorCaller, vault: Vault, login: str, *roles: Role) -> Staffed:
    return await add_operator(
        person_id=await person(login, vault),
        login_name=login,
        roles=roles,
        department="330199-civil-affairs",
        division="330199",
        admin=admin,
        vault=vault,
        at=AT,
    )


class TestEnrolling:
    async def test_nobody_but_the_operator_ever_has_the_password(self, vault: Vault) -> None:
        admin = await serve("shenlan", Role.SECURITY_ADMIN, vault=vault)
        staffed = await add(admin, vault, "xubo", Role.EDITOR)
        assert staffed.enrolment_code

        done = await enrol(staffed.enrolment_code, PASSWORD, vault=vault, at=AT)

        code = pyotp.TOTP(done.totp_secret).at(AT)
        signed_in = await sign_in_operator("xubo", PASSWORD, code, vault=vault, at=AT)
        assert signed_in.operator.roles == ["editor"]
        assert staffed.enrolment_code not in repr(staffed)

    async def test_a_code_works_once_even_for_many_at_once(self, vault: Vault) -> None:
        admin = await serve("shenlan", Role.SECURITY_ADMIN, vault=vault)
        code = (await add(admin, vault, "xubo", Role.EDITOR)).enrolment_code or ""

        answers = await asyncio.gather(
            *(enrol(code, PASSWORD, vault=vault, at=AT) for _ in range(4)), return_exceptions=True
        )

        assert sum(isinstance(answer, EnrolmentRefused) for answer in answers) == 3

    async def test_a_reset_takes_everything_away_until_the_new_code_is_used(
        self, vault: Vault
    ) -> None:
        admin = await serve("shenlan", Role.SECURITY_ADMIN, vault=vault)
        editor = await serve("xubo", Role.EDITOR, vault=vault)
        code = pyotp.TOTP(SECRET).at(AT)
        session = await sign_in_operator("xubo", PASSWORD, code, vault=vault, at=AT)

        staffed = await reset(editor.operator_id, admin=admin, vault=vault, at=AT)

        with pytest.raises(OperatorSessionEnded):
            await authenticate_operator(session.token, at=AT)
        later = AT + timedelta(minutes=1)
        code = pyotp.TOTP(SECRET).at(later)
        with pytest.raises(OperatorSignInFailed):
            await sign_in_operator("xubo", PASSWORD, code, vault=vault, at=later)
        assert staffed.enrolment_code
        over = AT + timedelta(days=4)
        with pytest.raises(EnrolmentRefused):
            await enrol(staffed.enrolment_code, PASSWORD, vault=vault, at=over)


class TestTwoPersons:
    async def test_a_watcher_is_made_by_two(self, vault: Vault) -> None:
        first = await serve("shenlan", Role.SECURITY_ADMIN, vault=vault)
        second = await serve("luming", Role.SECURITY_ADMIN, vault=vault)
        asked = await add(first, vault, "xubo", Role.AUDITOR)
        assert asked.change_id
        assert not await Operator.exists(login_name="xubo")
        with pytest.raises(SamePersonTwice):
            await approve(asked.change_id, known=KNOWN, operator=first, vault=vault, at=AT)

        done = await approve(asked.change_id, known=KNOWN, operator=second, vault=vault, at=AT)

        assert done.enrolment_code
        assert (await Operator.get(login_name="xubo")).roles == ["auditor"]
        with pytest.raises(StaffChangeOver):
            await approve(asked.change_id, known=KNOWN, operator=second, vault=vault, at=AT)

    async def test_two_logins_of_one_person_are_one(self, vault: Vault) -> None:
        first = await serve("shenlan", Role.SECURITY_ADMIN, vault=vault)
        again = await serve("shenlan-2", Role.SECURITY_ADMIN, vault=vault, who="shenlan")
        await serve("luming", Role.SECURITY_ADMIN, vault=vault)
        asked = await add(first, vault, "xubo", Role.AUDITOR)
        assert asked.change_id

        with pytest.raises(SamePersonTwice):
            await approve(asked.change_id, known=KNOWN, operator=again, vault=vault, at=AT)

    async def test_of_many_approvals_at_once_one_counts(self, vault: Vault) -> None:
        first = await serve("shenlan", Role.SECURITY_ADMIN, vault=vault)
        second = await serve("luming", Role.SECURITY_ADMIN, vault=vault)
        asked = await add(first, vault, "xubo", Role.AUDITOR)
        assert asked.change_id

        answers = await asyncio.gather(
            *(
                approve(asked.change_id, known=KNOWN, operator=second, vault=vault, at=AT)
                for _ in range(4)
            ),
            return_exceptions=True,
        )

        assert sum(isinstance(answer, StaffChangeOver) for answer in answers) == 3

    @pytest.mark.parametrize("end", ["a day", "withdrawn", "proposer gone"])
    async def test_what_is_over_can_no_longer_be_approved(self, end: str, vault: Vault) -> None:
        first = await serve("shenlan", Role.SECURITY_ADMIN, vault=vault)
        second = await serve("luming", Role.SECURITY_ADMIN, vault=vault)
        staffed = await give_roles(second.operator_id, [Role.EDITOR], admin=first, at=AT)
        assert staffed.change_id
        at = AT + timedelta(hours=24) if end == "a day" else AT
        if end == "withdrawn":
            await turn_down(staffed.change_id, operator=first, at=AT)
        elif end == "proposer gone":
            await disable_operator(first.operator_id, actor="system:test", at=AT)

        with pytest.raises(StaffChangeOver):
            await approve(staffed.change_id, known=KNOWN, operator=second, vault=vault, at=at)

    async def test_the_only_administrator_makes_one_more_and_no_third(self, vault: Vault) -> None:
        only = await serve("shenlan", Role.SECURITY_ADMIN, vault=vault)

        answers = await asyncio.gather(
            *(add(only, vault, login, Role.SECURITY_ADMIN) for login in ("xubo", "luming"))
        )

        assert sorted(bool(answer.enrolment_code) for answer in answers) == [False, True]
        assert sorted(bool(answer.change_id) for answer in answers) == [False, True]

    async def test_who_serves_elsewhere_is_not_found(self, vault: Vault) -> None:
        admin = await serve("shenlan", Role.SECURITY_ADMIN, vault=vault, division="330101")
        other = await serve("xubo", Role.EDITOR, vault=vault)

        with pytest.raises(OperatorNotFound):
            await find_operator(other.operator_id, admin=admin)
        with pytest.raises(OperatorNotFound):
            await disable(other.operator_id, admin=admin, at=AT)


class TestStandingIn:
    async def test_a_colleague_has_what_was_lent_and_nothing_else(self, vault: Vault) -> None:
        lender = await serve("shenlan", Role.APPROVER, Role.FINANCE, vault=vault)
        await serve("xubo", Role.EDITOR, vault=vault)
        row = await lend_roles(
            "xubo", [Role.APPROVER], from_on=TODAY, until_on=TODAY, operator=lender, at=AT
        )
        code = pyotp.TOTP(SECRET).at(AT)
        token = (await sign_in_operator("xubo", PASSWORD, code, vault=vault, at=AT)).token
        borrower = await authenticate_operator(token, at=AT)

        await act_on_behalf(row.id, operator=borrower, at=AT)

        acting = await authenticate_operator(token, at=AT)
        assert (acting.roles, acting.behalf_of) == ({"approver"}, lender.operator_id)
        assert (
            acting.actor() == f"operator:{borrower.operator_id} for operator:{lender.operator_id}"
        )
        assert acting.persons() == {borrower.person_id, lender.person_id}
        await act_as_oneself(operator=acting)
        assert (await authenticate_operator(token, at=AT)).roles == {"editor"}
        entry = await AuditEntry.filter(action="delegation.lend").get()
        assert entry.details["roles"] == "approver"

    @pytest.mark.parametrize("end", ["the day", "taken back", "lender gone", "role gone"])
    async def test_what_was_lent_ends_for_a_living_session(self, end: str, vault: Vault) -> None:
        """A10"""
        lender = await serve("shenlan", Role.APPROVER, vault=vault)
        await serve("xubo", Role.EDITOR, vault=vault)
        row = await lend_roles(
            "xubo", [Role.APPROVER], from_on=TODAY, until_on=TODAY, operator=lender, at=AT
        )
        late = AT.replace(hour=15, minute=50)  # ten to midnight in China
        code = pyotp.TOTP(SECRET).at(late)
        token = (await sign_in_operator("xubo", PASSWORD, code, vault=vault, at=late)).token
        borrower = await authenticate_operator(token, at=late)
        await act_on_behalf(row.id, operator=borrower, at=late)
        if end == "taken back":
            await take_back(row.id, operator=lender, at=late)
        elif end == "lender gone":
            await disable_operator(lender.operator_id, actor="system:test", at=late)
        elif end == "role gone":
            await change_roles(lender.operator_id, [Role.EDITOR], actor="system:test", at=late)
        at = late + timedelta(minutes=11) if end == "the day" else late

        acting = await authenticate_operator(token, at=at)

        assert (acting.roles, acting.behalf_of) == ({"editor"}, None)
        with pytest.raises(DelegationNotFound):
            await act_on_behalf(row.id, operator=acting, at=at)

    async def test_duties_of_watching_are_neither_lent_nor_stood_in_by(self, vault: Vault) -> None:
        watcher = await serve("shenlan", Role.SECURITY_ADMIN, Role.EDITOR, vault=vault)
        editor = await serve("xubo", Role.EDITOR, vault=vault)

        for lender, to, role in (
            (watcher, "xubo", Role.SECURITY_ADMIN),
            (editor, "shenlan", Role.EDITOR),
            (editor, "xubo", Role.EDITOR),
            (watcher, "xubo", Role.FINANCE),
        ):
            with pytest.raises(RolesNotLendable):
                await lend_roles(to, [role], from_on=TODAY, until_on=TODAY, operator=lender, at=AT)

    async def test_who_begins_to_watch_gives_back_what_was_lent(self, vault: Vault) -> None:
        lender = await serve("shenlan", Role.EDITOR, vault=vault)
        borrower = await serve("xubo", Role.FINANCE, vault=vault)
        row = await lend_roles(
            "xubo", [Role.EDITOR], from_on=TODAY, until_on=TODAY, operator=lender, at=AT
        )

        await change_roles(borrower.operator_id, [Role.AUDITOR], actor="system:test", at=AT)

        await row.refresh_from_db()
        assert row.revoked_at == AT

    async def test_nothing_is_lent_for_longer_than_a_quarter(self, vault: Vault) -> None:
        lender = await serve("shenlan", Role.EDITOR, vault=vault)

        for until in (TODAY + timedelta(days=93), TODAY - timedelta(days=1)):
            with pytest.raises(DelegationTooLong):
                await lend_roles(
                    "xubo", [Role.EDITOR], from_on=TODAY, until_on=until, operator=lender, at=AT
                )


class TestSteppingUp:
    async def test_a_code_given_again_is_noted_and_works_once(self, vault: Vault) -> None:
        await serve("shenlan", Role.PUBLISHER, vault=vault)
        totp = pyotp.TOTP(SECRET)
        token = (await sign_in_operator("shenlan", PASSWORD, totp.at(AT), vault=vault, at=AT)).token
        later = AT + timedelta(minutes=10)
        operator = await authenticate_operator(token, at=later)
        with pytest.raises(OperatorCodeRefused):
            await step_up(operator, totp.at(AT), vault=vault, at=AT)

        await step_up(operator, totp.at(later), vault=vault, at=later)

        assert (await authenticate_operator(token, at=later)).proved_at == later
        with pytest.raises(OperatorCodeRefused):
            await step_up(operator, totp.at(later), vault=vault, at=later)
