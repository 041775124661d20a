from datetime import timedelta

import pyotp
import pytest

from core.models import AuditEntry
from core.sealing import Vault
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
from identity.operator_sessions import (
    OperatorCodeRefused,
    authenticate_operator,
    sign_in_operator,
    step_up,
)
from identity.operators import (
    change_roles,
    disable_operator,
)
from tests.conftest import AT
from tests.identity.staff import PASSWORD, SECRET, TODAY, serve

pytestmark = pytest.mark.usefixtures("db")


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
