import asyncio
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from core.models import AuditEntry
from core.sealing import Vault
from identity.kinds import Role
from identity.models import Operator, OperatorSession, Person
from identity.operator_sessions import (
    OperatorSessionEnded,
    OperatorSignedIn,
    OperatorSignInFailed,
    authenticate_operator,
    sign_in_operator,
    sign_out_operator,
)
from identity.operators import (
    AdminExists,
    DutiesNotSeparate,
    LoginNameTaken,
    change_roles,
    create_first_admin,
    disable_operator,
    new_totp_secret,
    register_operator,
)
from identity.passwords import PasswordTooWeak
from identity.persons import register_person
from tests.conftest import AT

pytestmark = pytest.mark.usefixtures("db")

PASSWORD, SECRET = "临溪-编辑-8613-willow", new_totp_secret()


@pytest.fixture
async def person(db: None, vault: Vault) -> Person:
    return await register_person(name="沈岚", id_number="330100195103089023", vault=vault)


async def register(person: Person, vault: Vault, **fields: Any) -> Operator:
    defaults: dict[str, Any] = {
        "login_name": "shenlan",
        "password": PASSWORD,
        "totp_secret": SECRET,
        "roles": [Role.EDITOR],
        "department": "330199-civil-affairs",
        "division": "330199",
    }
    return await register_operator(
        person_id=person.id, vault=vault, actor="system:test", **defaults | fields
    )


async def sign_in(vault: Vault, at: Any = AT, **changed: str) -> OperatorSignedIn:
    given = {
        "login_name": "shenlan",
        "password": PASSWORD,
        "totp_code": pyotp.TOTP(SECRET).at(at),
    } | changed
    return await sign_in_operator(**given, vault=vault, at=at)


class TestSignIn:
    async def test_password_and_code_make_a_session_with_the_roles_of_now(
        self, person: Person, vault: Vault
    ) -> None:
        operator = await register(person, vault)

        signed_in = await sign_in(vault)

        caller = await authenticate_operator(signed_in.token, at=AT)
        assert (caller.operator_id, caller.person_id) == (operator.id, person.id)
        assert (caller.roles, caller.department) == (frozenset({"editor"}), "330199-civil-affairs")
        assert signed_in.token not in repr(await OperatorSession.all().values())
        await change_roles(operator.id, [Role.APPROVER], actor="system:test", at=AT)
        assert (await authenticate_operator(signed_in.token, at=AT)).roles == {"approver"}

    async def test_a_code_counts_once_also_for_two_at_once(
        self, person: Person, vault: Vault
    ) -> None:
        await register(person, vault)

        answers = await asyncio.gather(*(sign_in(vault) for _ in range(4)), return_exceptions=True)

        assert sum(isinstance(answer, OperatorSignedIn) for answer in answers) == 1
        with pytest.raises(OperatorSignInFailed):
            await sign_in(vault, totp_code=pyotp.TOTP(SECRET).at(AT - timedelta(seconds=30)))
        assert await sign_in(vault, totp_code=pyotp.TOTP(SECRET).at(AT + timedelta(seconds=30)))

    @pytest.mark.parametrize(
        "changed",
        [
            {"login_name": "nobody"},
            {"password": "wrong"},
            {"password": "x" * 100_000},
            {"totp_code": "000000x"},
            {"totp_code": ""},
            {"totp_code": pyotp.TOTP(SECRET).at(AT - timedelta(minutes=2))},
        ],
    )
    async def test_anything_wrong_is_one_refusal(
        self, changed: dict[str, str], person: Person, vault: Vault
    ) -> None:
        await register(person, vault)

        with pytest.raises(OperatorSignInFailed):
            await sign_in(vault, **changed)

        await sign_in(vault)  # and burns no code

    async def test_a_session_ends_when_idle_and_in_any_case(
        self, person: Person, vault: Vault
    ) -> None:
        """F08"""
        await register(person, vault)
        token = (await sign_in(vault)).token
        at = AT
        while at + timedelta(minutes=25) < AT + timedelta(hours=12):
            at += timedelta(minutes=25)
            await authenticate_operator(token, at=at)

        for later in (at + timedelta(minutes=31), AT + timedelta(hours=12)):
            with pytest.raises(OperatorSessionEnded):
                await authenticate_operator(token, at=later)

    async def test_signing_out_and_being_disabled_end_it_at_once(
        self, person: Person, vault: Vault
    ) -> None:
        """A10"""
        operator = await register(person, vault)
        first = (await sign_in(vault)).token
        await sign_out_operator(await authenticate_operator(first, at=AT), at=AT)
        with pytest.raises(OperatorSessionEnded):
            await authenticate_operator(first, at=AT)

        later = AT + timedelta(minutes=1)
        second = (await sign_in(vault, at=later)).token
        await disable_operator(operator.id, actor="system:test", at=later)

        with pytest.raises(OperatorSessionEnded):
            await authenticate_operator(second, at=later)
        with pytest.raises(OperatorSignInFailed):
            await sign_in(vault, at=AT + timedelta(minutes=5))
        assert await AuditEntry.filter(action="operator.disable").count() == 1


class TestDuties:
    async def test_a_watcher_watches_in_one_office_only_over_all_logins(
        self, person: Person, vault: Vault
    ) -> None:
        await register(person, vault, roles=[Role.AUDITOR])

        with pytest.raises(DutiesNotSeparate):
            await register(person, vault, login_name="second", roles=[Role.SYSTEM_ADMIN])
        with pytest.raises(DutiesNotSeparate):
            await register(
                person, vault, login_name="third", roles=[Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN]
            )
        other = await register(person, vault, login_name="fourth", roles=[Role.EDITOR])
        with pytest.raises(DutiesNotSeparate):
            await change_roles(other.id, [Role.SYSTEM_ADMIN], actor="system:test", at=AT)

    async def test_two_logins_made_at_once_count_each_other(
        self, person: Person, vault: Vault
    ) -> None:
        answers = await asyncio.gather(
            *(
                register(person, vault, login_name=f"login-{role}", roles=[role])
                for role in (Role.AUDITOR, Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN)
            ),
            return_exceptions=True,
        )

        assert sum(isinstance(answer, DutiesNotSeparate) for answer in answers) == 2

    async def test_registering_twice_is_once_and_a_short_password_is_refused(
        self, person: Person, vault: Vault
    ) -> None:
        first = await register(person, vault)

        assert (await register(person, vault, password="another-password")).id == first.id
        with pytest.raises(PasswordTooWeak):
            await register(person, vault, login_name="new", password="short")


async def test_of_many_who_make_the_first_admin_at_once_one_succeeds(
    person: Person, vault: Vault
) -> None:
    """At the same moment, under names of their own; a name that is taken is refused."""

    async def make(name: str) -> Operator:
        return await create_first_admin(
            person_id=person.id,
            login_name=name,
            password=PASSWORD,
            totp_secret=SECRET,
            department="platform",
            division="330199",
            vault=vault,
            actor="system:test",
        )

    await register(person, vault)
    with pytest.raises(LoginNameTaken):
        await make("shenlan")

    made = await asyncio.gather(*(make(f"admin{n}") for n in range(4)), return_exceptions=True)

    assert sum(isinstance(answer, AdminExists) for answer in made) == 3
    assert await Operator.all().count() == 2
