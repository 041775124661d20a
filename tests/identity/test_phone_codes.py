"""Signing in by a number and a code: A12, A13."""

import asyncio
import re
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tortoise.transactions import in_transaction

from core.sealing import Vault
from core.wire import NoAnswer
from core.wire.sms import NumberBusy, NumberRefused, SmsLine, SmsRefused
from identity.authentication import SessionEnded, authenticate_resident
from identity.contacts import phone_index, wait_for_turn
from identity.kinds import ProviderName
from identity.models import Account, PhoneChallenge, PhoneContact, Session
from identity.phone_codes import (
    LASTS,
    MAX_TRIES,
    REISSUED_AFTER,
    PhoneBusy,
    PhoneCodeRefused,
    PhoneNotReachable,
    SmsFailed,
    SmsLines,
    forget_challenges,
    send_code,
    sign_in_by_phone,
)
from identity.providers import ProviderUnknown
from identity.real_names import verify_real_name
from identity.session_states import SessionStates
from identity.sessions import SignedIn
from identity.tokens import TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import FakePopulationRegister, caller_of
from tests.payments import make

pytestmark = pytest.mark.usefixtures("db")

PHONE = "15401991001"


class Supplier(SmsLine):
    """Keeps what it was given, or fails in the way it is told to."""

    contract = "dedupe"

    def __init__(self, failure: Exception | None = None) -> None:
        self.sent: list[tuple[str, str]] = []
        self._failure = failure

    async def send(self, phone: str, text: str, *, number: str, extension: str = "") -> None:
        if self._failure is not None:
            raise self._failure
        self.sent.append((phone, text))

    @property
    def code(self) -> str:
        found = re.search(r"[0-9]{6}", self.sent[-1][1])
        assert found is not None
        return found.group()


async def ask(vault: Vault, phone: str = PHONE, *, at: datetime = AT) -> tuple[UUID, str]:
    supplier = Supplier()
    sent = await send_code(phone, lines=SmsLines([supplier]), vault=vault, at=at)
    return sent.challenge_id, supplier.code


async def sign_in(
    challenge: tuple[UUID, str], vault: Vault, issuer: TokenIssuer, *, at: datetime = AT
) -> SignedIn:
    challenge_id, code = challenge
    return await sign_in_by_phone(challenge_id, PHONE, code, vault=vault, issuer=issuer, at=at)


async def proved(vault: Vault, issuer: TokenIssuer) -> Account:
    """The account of the number, whose owner proved who they are."""
    await sign_in(await ask(vault), vault, issuer)
    person = await make.person(vault)
    await Account.all().update(person_id=person.id, level=2)
    return await Account.get()


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


class TestSigningIn:
    async def test_a_code_opens_the_numbers_account_at_the_first_level(
        self, vault: Vault, issuer: TokenIssuer
    ) -> None:
        signed_in = await sign_in(await ask(vault), vault, issuer)

        account = await Account.get()
        assert (account.provider, account.level, signed_in.level) == (ProviderName.PHONE, 1, 1)
        assert PHONE not in repr(await Account.all().values())
        assert PHONE not in repr(await PhoneChallenge.all().values())

    async def test_a_code_counts_once_also_for_many_at_once(
        self, vault: Vault, issuer: TokenIssuer
    ) -> None:
        challenge = await ask(vault)

        answers = await asyncio.gather(
            *(sign_in(challenge, vault, issuer) for _ in range(5)), return_exceptions=True
        )

        assert sum(isinstance(answer, SignedIn) for answer in answers) == 1
        assert sum(isinstance(answer, PhoneCodeRefused) for answer in answers) == 4

    async def test_a_code_ends(self, vault: Vault, issuer: TokenIssuer) -> None:
        challenge = await ask(vault)

        with pytest.raises(PhoneCodeRefused):
            await sign_in(challenge, vault, issuer, at=AT + LASTS)
        await forget_challenges(at=AT + LASTS + timedelta(days=2))
        assert await PhoneChallenge.all().count() == 0

    async def test_a_code_counts_for_its_own_number_only(
        self, vault: Vault, issuer: TokenIssuer
    ) -> None:
        challenge = await ask(vault, "15401991002")

        with pytest.raises(PhoneCodeRefused):
            await sign_in(challenge, vault, issuer)


class TestGuessing:
    async def test_of_many_guesses_at_once_five_are_looked_at(
        self, vault: Vault, issuer: TokenIssuer
    ) -> None:
        """A13: over as many addresses as one likes."""
        challenge_id, code = await ask(vault)

        guesses = [f"{n:06d}" for n in range(200) if f"{n:06d}" != code]
        await asyncio.gather(
            *(sign_in((challenge_id, guess), vault, issuer) for guess in guesses),
            return_exceptions=True,
        )

        assert (await PhoneChallenge.get()).tries == MAX_TRIES
        with pytest.raises(PhoneCodeRefused):
            await sign_in((challenge_id, code), vault, issuer)

    async def test_a_strangers_guesses_do_not_shut_the_owner_out(
        self, vault: Vault, issuer: TokenIssuer
    ) -> None:
        """A13: what a stranger asked for, or makes up, spends nothing of the owner's."""
        own, strangers = await ask(vault), await ask(vault)

        for challenge_id in [strangers[0]] * 9 + [uuid4()]:
            with pytest.raises(PhoneCodeRefused):
                await sign_in((challenge_id, wrong(strangers[1])), vault, issuer)

        assert (await sign_in(own, vault, issuer)).level == 1


class TestReissuedNumbers:
    async def test_its_owner_finds_their_own_again(self, vault: Vault, issuer: TokenIssuer) -> None:
        account = await proved(vault, issuer)

        later = AT + REISSUED_AFTER - timedelta(days=1)
        signed_in = await sign_in(await ask(vault, at=later), vault, issuer, at=later)

        assert (signed_in.party_id, signed_in.level) == (account.person_id, 2)

    async def test_after_as_long_as_numbers_are_held_back_nobody_finds_a_person_there(
        self, vault: Vault, issuer: TokenIssuer
    ) -> None:
        """A12"""
        before = await proved(vault, issuer)

        later = AT + REISSUED_AFTER
        signed_in = await sign_in(await ask(vault, at=later), vault, issuer, at=later)

        after = await Account.get()
        assert (signed_in.party_id, signed_in.level, after.person_id) == (None, 1, None)
        assert after.token_subject != before.token_subject
        assert await Session.filter(ended_at=None).count() == 1

    async def test_who_lost_the_number_to_somebody_is_not_found_by_it(
        self, vault: Vault, issuer: TokenIssuer
    ) -> None:
        """A12: another account proved the number meanwhile."""
        await proved(vault, issuer)
        await PhoneContact.all().update(ended_at=AT)

        signed_in = await sign_in(await ask(vault), vault, issuer)

        assert (signed_in.party_id, signed_in.level) == (None, 1)

    async def test_who_lost_the_number_is_not_left_signed_in_beside_its_next_owner(
        self, vault: Vault, issuer: TokenIssuer
    ) -> None:
        """A12: nobody had proved who they are, so there was no person to part."""
        before = await sign_in(await ask(vault), vault, issuer)
        await PhoneContact.all().update(ended_at=AT)

        after = await sign_in(await ask(vault), vault, issuer)

        assert (await Session.get(id=before.session_id)).ended_at is not None
        assert (await Session.get(id=after.session_id)).ended_at is None

    async def test_who_proves_a_real_name_shares_it_with_no_other_login_of_the_number(
        self, vault: Vault, issuer: TokenIssuer
    ) -> None:
        """A12: the number changed hands in the week that a login lasts."""
        before, after = [await sign_in(await ask(vault), vault, issuer) for _ in range(2)]
        wang, states = "330100195103089023", SessionStates(None)

        person = await verify_real_name(
            await caller_of(after, at=AT),
            name="王桂兰",
            id_number=wang,
            register=FakePopulationRegister({wang: ("王桂兰", True)}),
            vault=vault,
            states=states,
            department="330199-data",
            at=AT,
        )

        with pytest.raises(SessionEnded):
            await authenticate_resident(before.access_token, issuer=issuer, states=states, at=AT)
        still = await authenticate_resident(after.access_token, issuer=issuer, states=states, at=AT)
        assert still.person_id == person.id

    async def test_who_signs_in_and_who_proves_the_number_do_not_wait_for_each_other(
        self, vault: Vault, issuer: TokenIssuer
    ) -> None:
        """A12, at the same moment: who has the turn may still end the account's binding."""
        await sign_in(await ask(vault), vault, issuer)
        challenge, begun = await ask(vault), asyncio.Event()

        async def sign_in_then() -> SignedIn:
            await begun.wait()
            return await sign_in(challenge, vault, issuer)

        signing_in = asyncio.create_task(sign_in_then())
        async with in_transaction() as connection:
            await wait_for_turn(phone_index(PHONE, vault))
            begun.set()
            await asyncio.sleep(0.3)
            await connection.execute_query("SET LOCAL lock_timeout = '3s'")
            await Account.all().update(level=0)

        assert (await signing_in).level == 1


class TestSuppliers:
    async def test_the_next_one_is_tried_when_one_does_not_answer_or_refuses(
        self, vault: Vault
    ) -> None:
        last = Supplier()
        lines = SmsLines([Supplier(NoAnswer("gone")), Supplier(SmsRefused("-7")), last])

        await send_code(PHONE, lines=lines, vault=vault, at=AT)

        assert [phone for phone, _ in last.sent] == [PHONE]

    @pytest.mark.parametrize(
        ("suppliers", "error"),
        [
            ([Supplier(NumberRefused("phone_invalid"))], PhoneNotReachable),
            ([Supplier(NumberRefused("-3")), Supplier(NoAnswer("gone"))], PhoneNotReachable),
            ([Supplier(NumberBusy("-7")), Supplier(NoAnswer("gone"))], PhoneBusy),
            ([Supplier(SmsRefused("-1"))], SmsFailed),
            ([Supplier(NoAnswer("gone"))], SmsFailed),
            ([], ProviderUnknown),
        ],
    )
    async def test_what_could_not_be_sent_is_said(
        self, suppliers: list[SmsLine], error: type[Exception], vault: Vault
    ) -> None:
        with pytest.raises(error):
            await send_code(PHONE, lines=SmsLines(suppliers), vault=vault, at=AT)
