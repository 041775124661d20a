"""One person across channels and documents, and how what does not fit is settled."""

import asyncio
from datetime import date
from uuid import UUID

import pytest

from core.models import AuditEntry, HumanTask
from core.sealing import Vault
from identity.accounts import AccountNotFound, find_account
from identity.authentication import SessionEnded, authenticate_resident, authenticate_verifier
from identity.callers import OperatorCaller
from identity.contacts import find_person_phone, verify_phone
from identity.documents import list_documents
from identity.kinds import DocumentType, Sex
from identity.models import (
    Account,
    IdDocument,
    LoginDevice,
    Person,
    PhoneContact,
    RegisterName,
    Session,
)
from identity.parting import PartingReason, list_accounts, part_account, part_for_person
from identity.persons import register_person
from identity.real_names import RealNameConflict
from identity.tokens import TokenIssuer
from identity.verifier_invitations import (
    NotAVerifier,
    invite_verifier,
    sign_in_with_account,
    take_up,
)
from identity.verifiers import register_organisation
from tests.conftest import AT
from tests.fakes.identity import (
    NO_CACHE,
    FakeAlipay,
    FakePopulationRegister,
    caller_of,
)
from tests.identity.proving import (
    CHEN,
    DEPARTMENT,
    PERMIT,
    TRAVEL,
    WANG,
    arrive,
    make_register,
    prove,
    tap,
)
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def register() -> FakePopulationRegister:
    return make_register()


class TestDocuments:
    async def test_two_documents_at_two_channels_at_once_are_one_person(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        """E06: whoever is one row is owed each benefit once."""
        for number in range(5):
            register.refs = {PERMIT: f"ref-{number}", TRAVEL: f"ref-{number}"}
            await IdDocument.all().delete()
            await RegisterName.all().delete()
            await Account.all().update(person_id=None, level=0)
            await Session.all().update(party_id=None)
            await Person.all().delete()
            callers = [
                await arrive(issuer, f"openid-{number}a"),
                await arrive(issuer, f"openid-{number}b", alipay=True),
            ]

            people = await asyncio.gather(
                prove(callers[0], register, vault, "陈雪仪", PERMIT, DocumentType.HMT_RESIDENCE),
                prove(callers[1], register, vault, "陈雪仪", TRAVEL, DocumentType.HM_TRAVEL),
            )

            assert people[0].id == people[1].id
            assert await Person.all().count() == 1

    async def test_a_further_document_of_the_same_account_is_kept_and_shown_masked(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        caller = await arrive(issuer)
        person = await prove(caller, register, vault, "陈雪仪", PERMIT, DocumentType.HMT_RESIDENCE)
        again = await arrive(issuer, "openid-a#2")

        same = await prove(again, register, vault, "陈雪仪", TRAVEL, DocumentType.HM_TRAVEL)

        documents = await list_documents(person.id, vault=vault)
        assert same.id == person.id
        assert [(one.document_type, one.number) for one in documents] == [
            (DocumentType.HMT_RESIDENCE, "8100**********0003"),
            (DocumentType.HM_TRAVEL, "H******78"),
        ]

    async def test_a_permit_without_a_day_of_birth_takes_it_from_the_register(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        person = await prove(
            await arrive(issuer), register, vault, "陈雪仪", TRAVEL, DocumentType.HM_TRAVEL
        )

        assert str(person.birth_date) == "1980-05-01"

    async def test_two_rows_of_one_person_are_put_before_a_human(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        """E06: the second of them has no account, and so nobody pays it."""
        await prove(
            await arrive(issuer), register, vault, "陈雪仪", PERMIT, DocumentType.HMT_RESIDENCE
        )
        other = await register_person(
            name="陈雪仪",
            id_number=TRAVEL,
            document_type=DocumentType.HM_TRAVEL,
            birth_date=date(1987, 3, 15),
            sex=Sex.FEMALE,
            vault=vault,
        )

        with pytest.raises(RealNameConflict):
            await prove(
                await arrive(issuer, "openid-b"),
                register,
                vault,
                "陈雪仪",
                TRAVEL,
                DocumentType.HM_TRAVEL,
            )

        task = await HumanTask.get()
        assert (task.kind, task.department) == ("identity.two_records", DEPARTMENT)
        assert not await Account.filter(person_id=other.id).exists()


class TestParting:
    async def test_lists_every_account_of_the_person(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        here, there = await arrive(issuer), await arrive(issuer, "openid-b", alipay=True)
        await prove(here, register, vault, "王桂兰", WANG)
        await prove(there, register, vault, "王桂兰", WANG)

        listed = await list_accounts(await arrive(issuer, "openid-a#2"), vault=vault)

        assert [(one.provider, one.current) for one in listed] == [
            ("wechat", True),
            ("alipay", False),
        ]

    async def test_leaves_an_account_with_nothing_of_the_persons(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        here, pair = await arrive(issuer), await tap(issuer, "openid-b", alipay=True)
        there = await caller_of(pair, at=AT)
        wang = await prove(here, register, vault, "王桂兰", WANG)
        await prove(there, register, vault, "王桂兰", WANG)
        await verify_phone(
            there,
            "phone-15401991001",
            provider=FakeAlipay("2021000000000001"),
            vault=vault,
            states=NO_CACHE,
            at=AT,
        )
        before = await Account.get(id=there.account_id)

        here = await arrive(issuer, "openid-a#2")
        await part_account(there.account_id, caller=here, states=NO_CACHE, at=AT)

        account = await Account.get(id=there.account_id)
        assert (account.person_id, account.level, account.epoch) == (None, 0, before.epoch + 1)
        assert account.token_subject != before.token_subject
        assert await find_account(wang.id, "alipay") is None
        assert await find_person_phone(wang.id, vault=vault) is None
        assert not await PhoneContact.filter(account_id=account.id, ended_at=None).exists()
        assert not await LoginDevice.filter(account_id=account.id).exists()
        with pytest.raises(SessionEnded):
            await authenticate_resident(pair.access_token, issuer=issuer, states=NO_CACHE, at=AT)
        entry = await AuditEntry.get(action="account.part")
        assert entry.details == {"because": "person", "person": str(wang.id)}

    async def test_then_somebody_else_may_prove_the_account_theirs(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        caller = await arrive(issuer)
        await prove(caller, register, vault, "王桂兰", WANG)
        caller = await arrive(issuer, "openid-a#2")
        await part_account(caller.account_id, caller=caller, states=NO_CACHE, at=AT)

        chen = await prove(await arrive(issuer, "openid-a#3"), register, vault, "陈丽", CHEN)

        assert (await Account.get()).person_id == chen.id
        assert len(await jobs_asked("identity.account_linked")) == 2

    async def test_its_next_owner_does_not_verify_for_the_one_before(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        await prove(await arrive(issuer), register, vault, "王桂兰", WANG)
        caller = await arrive(issuer, "openid-a#2")
        organisation = await register_organisation(
            name="临溪公共交通有限公司",
            department=DEPARTMENT,
            division="330199",
            licence_types=["elder-card"],
            fields=["name"],
            purpose="乘车优待核验",
            actor="system:test",
        )
        code = await invite_verifier(organisation.id, actor="system:test", at=AT)
        verifier = await take_up(code, caller=caller, at=AT)
        pair = await sign_in_with_account(verifier.id, caller=caller, issuer=issuer, at=AT)

        await part_account(caller.account_id, caller=caller, states=NO_CACHE, at=AT)

        await prove(await arrive(issuer, "openid-a#3"), register, vault, "陈丽", CHEN)
        chen = await arrive(issuer, "openid-a#4")
        with pytest.raises(NotAVerifier):
            await sign_in_with_account(verifier.id, caller=chen, issuer=issuer, at=AT)
        with pytest.raises(SessionEnded):
            await authenticate_verifier(pair.access_token, issuer=issuer, states=NO_CACHE, at=AT)

    async def test_is_refused_for_what_is_not_the_persons(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        caller, stranger = await arrive(issuer), await arrive(issuer, "openid-b")
        await prove(caller, register, vault, "王桂兰", WANG)
        caller = await arrive(issuer, "openid-a#2")

        for account_id in (stranger.account_id, UUID(int=1)):
            with pytest.raises(AccountNotFound):
                await part_account(account_id, caller=caller, states=NO_CACHE, at=AT)

    async def test_by_an_operator_is_held_to_the_division(
        self, issuer: TokenIssuer, vault: Vault, register: FakePopulationRegister
    ) -> None:
        caller = await arrive(issuer)
        wang = await prove(caller, register, vault, "王桂兰", WANG)
        await Person.filter(id=wang.id).update(division="330199001")
        reason = PartingReason.STOLEN

        with pytest.raises(AccountNotFound):
            await part_for_person(
                caller.account_id, reason, operator=officer("330188"), states=NO_CACHE, at=AT
            )
        await part_for_person(
            caller.account_id, reason, operator=officer("330199"), states=NO_CACHE, at=AT
        )

        entry = await AuditEntry.get(action="account.part")
        assert (entry.actor, entry.details["because"]) == (officer("").actor(), "stolen")


def officer(division: str) -> OperatorCaller:
    return OperatorCaller(
        operator_id=UUID(int=7),
        session_id=UUID(int=8),
        person_id=UUID(int=9),
        roles=frozenset({"window_officer"}),
        department=DEPARTMENT,
        division=division,
    )
