import asyncio
from datetime import timedelta

import pyotp
import pytest

from core.sealing import Vault
from identity.kinds import Role
from identity.models import Operator
from identity.operator_enrolments import EnrolmentRefused, enrol
from identity.operator_sessions import (
    OperatorSessionEnded,
    OperatorSignInFailed,
    authenticate_operator,
    sign_in_operator,
)
from identity.operators import (
    OperatorNotFound,
    disable_operator,
)
from identity.staff_changes import (
    SamePersonTwice,
    StaffChangeNotFound,
    StaffChangeOver,
    approve,
    list_changes,
    turn_down,
)
from identity.staffing import disable, find_operator, give_roles, reset
from operator_api.staff_changes import KNOWN
from tests.conftest import AT
from tests.identity.staff import PASSWORD, SECRET, add, serve

pytestmark = pytest.mark.usefixtures("db")


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

    async def test_who_serves_a_part_of_the_city_decides_nothing_for_the_whole(
        self, vault: Vault
    ) -> None:
        city = await serve("shenlan", Role.SECURITY_ADMIN, vault=vault)
        town = await serve("luming", Role.SECURITY_ADMIN, vault=vault, division="330199001")
        asked = await add(city, vault, "xubo", Role.AUDITOR)
        assert asked.change_id

        with pytest.raises(StaffChangeNotFound):
            await approve(asked.change_id, known=KNOWN, operator=town, vault=vault, at=AT)
        with pytest.raises(StaffChangeNotFound):
            await turn_down(asked.change_id, operator=town, at=AT)
        listed = [await list_changes(one, after=None, limit=9) for one in (city, town)]

        assert [len(changes) for changes in listed] == [1, 0]
        assert not await Operator.exists(login_name="xubo")

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
